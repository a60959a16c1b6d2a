// SPDX-License-Identifier: Apache-2.0
// Steps of a source as one job has them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"

struct fold_step {              // one step, cut to the job's time
	int64_t from_ns, to_ns; // equal: a sample without length
	double seconds;         // between them
	bool is_sample;         // its end is a sample inside the job
	size_t at;              // its place in the values
};

#define FOLD_STEPS_MAX 64 // that come at once

struct fold_rows { // of some steps
	const struct fold_step *steps;
	size_t n_steps;
	const double *values; // [a step's at * n + row]; NAN: absent
	size_t n;
};

static inline struct fold_step fold_step_make(int64_t from_ns, int64_t to_ns)
{
	return (struct fold_step){.from_ns = from_ns,
		.to_ns = to_ns,
		.seconds = (double)(to_ns - from_ns) / (double)NS_PER_S};
}
