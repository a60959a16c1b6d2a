// SPDX-License-Identifier: Apache-2.0
// The course of a counter on a host, summed over its instances: what it grew by since the sweep
// began, at each sample. Jobs look at the part that is theirs when they end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/reduce/task.h"
#include "summarizer/reduce/track.h"

struct history_point {
	int64_t time_ns;
	double total;
	bool is_joined; // the step from the point before was followed: no mark, gap or reset
};

struct history { // all zero is an empty one
	struct history_point *points;
	size_t n, room;
};

void history_add(struct history *h, const struct track *x); // its last sample
void history_release(struct history *h);
// The points of the job's window.
const struct history_point *history_of(
	const struct history *h, const struct task *t, size_t *ret_n);
