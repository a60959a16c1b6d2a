// SPDX-License-Identifier: Apache-2.0
// Folding the values of steps into what is kept of them.
#pragma once

#include "summarizer/reduce/task.h"

struct fold_step {              // one step, cut to the job's time
	int64_t from_ns, to_ns; // equal: a sample without length
	bool is_sample;         // its end is a sample inside the job
	const double *values;   // NAN: absent
	size_t n;
	const struct domain *domain; // of the values; NULL: one value
};

void fold_item(struct task_item *x, const struct plan_item *item, const struct fold_step *s,
	const struct task *t, int64_t every_s);
// Lines of instances that have an expression of their own.
void fold_lines(struct task_item *x, const struct fold_step *s);
// The value of an output at a row; NAN: none.
double fold_result(const struct task_item *x, enum over_time time, size_t row);
