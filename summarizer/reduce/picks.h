// SPDX-License-Identifier: Apache-2.0
// Points of a series as SUPReMM takes them: at most 100 samples of a host, all of the first eleven
// and of as long a time before the end, and between them one each eightieth of the rest. A host
// chooses by its own samples. What lay between two points is kept beside them, so that peaks survive.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICKS_MAX 100

struct pick {
	int64_t at_ns;
	double value;        // at it
	double sum, seconds; // since the one before
	double lowest, highest;
	bool has_any;
};

struct picks {              // all zero is empty
	struct pick *items; // the one after the last has what came since
	size_t n;
};

// A sample at to_ns; from_ns is the one before it, or to_ns where nothing is known of the time between.
void picks_add(struct picks *p, int64_t wall_ns, int64_t from_ns, int64_t to_ns, double v);
// Which point stands for a sample that was added.
size_t picks_place(const struct picks *p, int64_t at_ns);
double pick_mean(const struct pick *p); // NAN: none
void picks_release(struct picks *p);
