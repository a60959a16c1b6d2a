// SPDX-License-Identifier: Apache-2.0
// Means, extremes and integrals over steps, and the bins of series.
#include "summarizer/reduce/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "summarizer/reduce/sums.h"

static double *wider(double *old, size_t n, size_t to)
{
	double *v = memory_resize(old, to, sizeof(*v));
	memset(v + n, 0, (to - n) * sizeof(*v));
	return v;
}

static void grow(struct task_item *x, size_t n)
{
	if (n <= x->n)
		return;
	x->value = wider(x->value, x->n, n);
	x->weight = wider(x->weight, x->n, n);
	x->n = n;
}

static bool is_by_time(enum over_time time)
{
	return time == TIME_MEAN || time == TIME_INTEGRAL;
}

// The least, the most, the first or the last.
static bool replaces(enum over_time time, double v, double old)
{
	switch (time) {
	case TIME_MIN:
		return v < old;
	case TIME_MAX:
		return v > old;
	default:
		return time == TIME_LAST;
	}
}

static void fold_row(
	struct task_item *x, enum over_time time, const double *v, size_t n, double weight)
{
	if (weight <= 0)
		return;
	if (is_by_time(time) || time == TIME_SAMPLE_MEAN) {
		sums_add(x->value, x->weight, v, n, weight);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		if (isnan(v[i]))
			continue;
		if (x->weight[i] == 0 || replaces(time, v[i], x->value[i]))
			x->value[i] = v[i];
		x->weight[i] += weight;
	}
}

bool fold_is_extreme(const struct output *o)
{
	return (o->time == TIME_MIN || o->time == TIME_MAX) && o->skip_last == 0;
}

void fold_extremes(enum over_time time, const double *v, size_t n_steps, size_t n, double *ret)
{
	if (n) // else there is no line at all
		memcpy(ret, v, n * sizeof(*ret));
	for (size_t k = 1; k < n_steps; k++)
		for (size_t i = 0; i < n; i++) {
			double x = v[k * n + i];
			if (isnan(ret[i]) || replaces(time, x, ret[i]))
				ret[i] = x;
		}
}

// Samples are held back until skip_last newer ones have come: the last ones never count.
static void fold_late(struct task_item *x, const struct output *o, const double *v, size_t n)
{
	if (n > x->late_rows) {
		double *wider = memory_alloc(o->skip_last * n, sizeof(*wider));
		for (size_t i = 0; i < o->skip_last * n; i++)
			wider[i] = NAN;
		for (size_t k = 0; k < o->skip_last && x->late_rows; k++)
			memcpy(wider + k * n, x->late + k * x->late_rows,
				x->late_rows * sizeof(*wider));
		free(x->late);
		x->late = wider;
		x->late_rows = n;
	}
	double *slot = x->late + x->next_late * x->late_rows;
	grow(x, x->late_rows);
	if (x->n_late == o->skip_last)
		fold_row(x, o->time, slot, x->late_rows, 1);
	else
		x->n_late++;
	for (size_t i = 0; i < x->late_rows; i++)
		slot[i] = i < n ? v[i] : NAN;
	x->next_late = (x->next_late + 1) % o->skip_last;
}

static void fold_output(struct task_item *x, const struct output *o, const struct fold_run *r)
{
	bool by_time = is_by_time(o->time);
	grow(x, r->n);
	if (r->extremes && x->seen >= o->skip_first) {
		fold_row(x, o->time, r->extremes, r->n, (double)r->n_steps);
		return;
	}
	struct sums_step sums[FOLD_STEPS_MAX] UNINITIALIZED;
	size_t n_sums = 0;
	bool is_sum = by_time || (o->time == TIME_SAMPLE_MEAN && o->skip_last == 0);
	for (size_t k = 0; k < r->n_steps; k++) {
		const struct fold_step *s = &r->steps[k];
		double weight = by_time ? s->seconds : 1;
		// With samples left out, only what lies between samples inside the job counts.
		if (!(by_time && o->skip_first == 0) &&
			(!s->is_sample || x->seen++ < o->skip_first))
			continue;
		if (is_sum && weight > 0)
			sums[n_sums++] = (struct sums_step){s->at, weight};
		else if (o->skip_last && !by_time)
			fold_late(x, o, fold_values_of(r, s), r->n);
		else
			fold_row(x, o->time, fold_values_of(r, s), r->n, weight);
	}
	if (n_sums)
		sums_add_steps(x->value, x->weight, r->values, r->n, sums, n_sums);
}

static bool is_of_job(const struct fold_run *s, size_t row, enum scope over, const struct task *t)
{
	if (s->domain == NULL)
		return true;
	const char *name = s->domain->names[row];
	if (over == SCOPE_JOB_CORE && t->cores.n)
		return core_set_has(&t->cores, core_number(name, row));
	if (over == SCOPE_JOB_GPU)
		return task_has_gpu(t, name);
	if (over == SCOPE_CGROUP)
		return cgroup_is_job_itself(name, t->job->key.raw_id, t->sluid);
	return true;
}

// Names are looked at once for each job, not at each step.
static void find_own(struct task_item *x, const struct series *series, const struct fold_run *s,
	const struct task *t)
{
	if (s->n <= x->n_own)
		return;
	x->is_own = memory_resize(x->is_own, s->n, sizeof(*x->is_own));
	x->owns_all |= x->n_own == 0;
	for (size_t i = x->n_own; i < s->n; i++) {
		x->is_own[i] = is_of_job(s, i, series->over, t);
		x->owns_all &= x->is_own[i];
	}
	x->n_own = s->n;
}

double fold_mean(const double *v, size_t n, const bool *is_own)
{
	double sum = 0;
	size_t n_there = 0;
	for (size_t i = 0; i < n; i++) {
		bool counts = v[i] == v[i] && (is_own == NULL || is_own[i]);
		sum += counts ? v[i] : 0;
		n_there += counts;
	}
	return n_there ? sum / (double)n_there : NAN;
}

// The host's line: the values themselves (of the first instance, as in outputs), or the means over the
// cores or devices.
static void node_values(const struct task_item *x, const struct series *series,
	const struct fold_run *r, double *ret)
{
	bool is_one = r->n == 1 || series->over == SCOPE_NODE;
	for (size_t k = 0; k < r->n_steps; k++) {
		const struct fold_step *s = &r->steps[k];
		const double *v = fold_values_of(r, s);
		if (r->n == 0)
			ret[k] = NAN;
		else if (is_one)
			ret[k] = x->is_own[0] ? v[0] : NAN;
		else if (r->means && x->owns_all)
			ret[k] = r->means[s->at];
		else
			ret[k] = fold_mean(v, r->n, x->is_own);
	}
}

void fold_lines(struct task_item *x, const struct plan_item *item, const struct fold_run *r)
{
	const struct fold_rows rows = {r->steps, r->n_steps, r->values, r->n};
	if (item->series->is_picked)
		series_lines_pick(&x->lines, &x->grid, &x->picks, item->is_rate, &rows);
	else
		series_lines_add(&x->lines, &x->grid, &rows);
}

void fold_item(struct task_item *x, const struct plan_item *item, const struct fold_run *r,
	const struct task *t, int64_t every_s)
{
	if (item->output) {
		fold_output(x, item->output, r);
		return;
	}
	const struct series *series = item->series;
	if (series->is_picked)
		x->grid.n = PICKS_MAX + 1;
	else if (x->grid.width_ns == 0)
		x->grid = series_grid_make(t->job->start_s * NS_PER_S, t->job->end_s * NS_PER_S,
			t->series_points, every_s);
	find_own(x, series, r, t);
	double v[FOLD_STEPS_MAX] UNINITIALIZED;
	node_values(x, series, r, v);
	if (series->is_picked) {
		picks_open(&x->picks);
		picks_add(&x->picks, (t->job->end_s - t->job->start_s) * NS_PER_S, item->is_rate,
			r->steps, r->n_steps, v);
	} else {
		series_line_add(&x->node, &x->grid, r->steps, r->n_steps, v);
	}
	if (series->by_instance && item->each == NULL && r->domain)
		fold_lines(x, item, r);
}

double fold_result(const struct task_item *x, enum over_time time, size_t row)
{
	if (row >= x->n || x->weight[row] == 0)
		return NAN;
	bool is_mean = time == TIME_MEAN || time == TIME_SAMPLE_MEAN;
	return is_mean ? x->value[row] / x->weight[row] : x->value[row];
}
