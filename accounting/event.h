// SPDX-License-Identifier: Apache-2.0
// Outages of nodes, and states of Slurm's nodes: a base and flags in one number.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "accounting/stage.h"
#include "common/arena.h"

const char *event_state(uint64_t state, struct arena *a); // "DOWN+NO_RESPOND"
// down, drained or planned; NULL: no outage (the node saves power).
const char *event_kind(uint64_t state);

struct event {                             // as Slurm has it
	const char *node, *reason, *state; // the state is a number in words
	int64_t begin_s, end_s;            // 0: goes on
	int64_t uid, cores;                // -1: not known
};

// False: the times make no sense.
bool event_record(const struct event *e, struct arena *a, struct record *ret);
