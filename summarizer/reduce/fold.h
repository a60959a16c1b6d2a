// SPDX-License-Identifier: Apache-2.0
// Folding the values of steps into what is kept of them.
#pragma once

#include "summarizer/reduce/fold_step.h"
#include "summarizer/reduce/task.h"

struct fold_run { // steps that follow on each other, no more than FOLD_STEPS_MAX
	const struct fold_step *steps;
	size_t n_steps;
	const double *values; // [at * n + row]; NAN: absent
	size_t n;
	const struct domain *domain; // of the values; NULL: one value
	const double *means;         // [at] of all rows; NULL: not worked out
	const double *extremes;      // of each row over all these steps; NULL: not worked out
};

static inline const double *fold_values_of(const struct fold_run *r, const struct fold_step *s)
{
	return r->values + s->at * r->n;
}

// The mean of those that are there; NULL is_own: of all.
double fold_mean(const double *v, size_t n, const bool *is_own);

// Whether an output is the least or the most of all steps: then only that of each row counts.
bool fold_is_extreme(const struct output *o);
void fold_extremes(enum over_time time, const double *v, size_t n_steps, size_t n, double *ret);

void fold_item(struct task_item *x, const struct plan_item *item, const struct fold_run *r,
	const struct task *t, int64_t every_s);
// Lines of instances that have an expression of their own.
void fold_lines(struct task_item *x, const struct plan_item *item, const struct fold_run *r);
// The value of an output at a row; NAN: none.
double fold_result(const struct task_item *x, enum over_time time, size_t row);
