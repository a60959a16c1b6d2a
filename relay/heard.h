// SPDX-License-Identifier: Apache-2.0
// When the receiver last heard of each host: receive.hosts in its state, for jobsight-doctor.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/map.h"

struct heard {
	const char *state;
	struct arena arena;
	struct map hosts; // to int64_t: seconds
	int64_t saved_s;
};

void heard_open(struct heard *h, const char *state); // what is not readable is forgotten
void heard_close(struct heard *h);
void heard_note(struct heard *h, const char *path, int64_t now_s); // of a valid message
int heard_save(struct heard *h, int64_t now_s, struct error *err) MUST_USE;
