// SPDX-License-Identifier: Apache-2.0
// Points of a series as SUPReMM takes them: at most 100 samples of a host, all of the first eleven
// and of as long a time before the end, and between them one each eightieth of the rest. A host
// chooses by its own samples. What lay between two points is kept beside them, so that peaks survive.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/reduce/fold_step.h"

#define PICKS_MAX  100
#define PICKS_LEAD 10 // steps at the beginning of which every sample is kept

struct pick {
	int64_t at_ns;
	double value;        // at it
	double sum, seconds; // since the one before
	double lowest, highest;
	bool has_any; // else none of them is meant
};

struct picks {              // all zero is empty
	struct pick *items; // the one after the last has what came since
	size_t n;
	double width_ns; // between two points in the middle
	int64_t tail_ns; // after it every sample is kept
};

void picks_open(struct picks *p);
// Values of samples at the ends of steps, and what is known of the time since the ones before. Where a
// value is absent there was no sample; a rate has none at the first.
void picks_add(struct picks *p, int64_t wall_ns, bool is_rate, const struct fold_step *steps,
	size_t n_steps, const double *v);

// Which point stands for a sample that was added.
size_t picks_place(const struct picks *p, int64_t at_ns);
double pick_mean(const struct pick *p); // NAN: none
void picks_release(struct picks *p);
