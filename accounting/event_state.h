// SPDX-License-Identifier: Apache-2.0
// States of Slurm's nodes: a base and flags in one number.
#pragma once

#include <stdint.h>

#include "common/arena.h"

const char *event_state(uint64_t state, struct arena *a); // "DOWN+NO_RESPOND"
// down, drained or planned; NULL: no outage (the node saves power).
const char *event_kind(uint64_t state);
