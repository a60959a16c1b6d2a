// SPDX-License-Identifier: Apache-2.0
// Means, extremes and integrals over steps, and the bins of series.
#include "summarizer/reduce/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

static void grow(struct task_item *x, size_t n)
{
	if (n <= x->n)
		return;
	x->cells = memory_resize(x->cells, n, sizeof(*x->cells));
	memset(x->cells + x->n, 0, (n - x->n) * sizeof(*x->cells));
	x->n = n;
}

static bool is_by_time(enum over_time time)
{
	return time == TIME_MEAN || time == TIME_INTEGRAL;
}

static void fold_value(struct fold_cell *c, double v, double weight)
{
	if (isnan(v) || weight <= 0)
		return;
	if (c->weight == 0) {
		c->first = c->lowest = c->highest = v;
	} else {
		c->lowest = v < c->lowest ? v : c->lowest;
		c->highest = v > c->highest ? v : c->highest;
	}
	c->last = v;
	c->sum += v * weight;
	c->weight += weight;
}

static double seconds_of(const struct fold_step *s)
{
	return (double)(s->to_ns - s->from_ns) / (double)NS_PER_S;
}

static void fold_row(struct fold_cell *cells, const double *v, size_t n, double weight)
{
	for (size_t i = 0; i < n; i++)
		fold_value(&cells[i], v[i], weight);
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
		fold_row(x->cells, slot, x->late_rows, 1);
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
	for (size_t k = 0; k < r->n_steps; k++) {
		const struct fold_step *s = &r->steps[k];
		const double *v = fold_values_of(r, s);
		double weight = by_time ? seconds_of(s) : 1;
		// With samples left out, only what lies between samples inside the job counts.
		if (!(by_time && o->skip_first == 0) &&
			(!s->is_sample || x->seen++ < o->skip_first))
			continue;
		if (o->skip_last && !by_time)
			fold_late(x, o, v, r->n);
		else
			fold_row(x->cells, v, r->n, weight);
	}
}

static bool is_of_job(const struct fold_run *s, size_t row, enum scope over, const struct task *t)
{
	if (s->domain == NULL)
		return true;
	const char *name = s->domain->names[row];
	if (over == SCOPE_JOB_CORE && t->cores.n)
		return core_set_has(&t->cores, core_number(name, row));
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

// The host's line: the value itself (of the first instance, as in outputs), or the mean over the
// cores or devices.
static double node_value(const struct task_item *x, const struct series *series,
	const struct fold_run *r, const struct fold_step *s)
{
	const double *v = fold_values_of(r, s);
	if (r->n == 0)
		return NAN;
	if (r->n == 1 || series->over == SCOPE_NODE)
		return x->is_own[0] ? v[0] : NAN;
	if (r->means && x->owns_all)
		return r->means[s->at];
	return fold_mean(v, r->n, x->is_own);
}

// Where the value is absent there was no sample; a rate has none at the first.
static void pick(struct task_item *x, const struct plan_item *item, const struct fold_run *r,
	const struct task *t)
{
	for (size_t k = 0; k < r->n_steps; k++) {
		const struct fold_step *s = &r->steps[k];
		double v = node_value(x, item->series, r, s);
		if (isnan(v) && !(item->is_rate && s->from_ns == s->to_ns))
			continue;
		picks_add(&x->picks, (t->job->end_s - t->job->start_s) * NS_PER_S, s->from_ns,
			s->to_ns, v);
	}
}

// The lines of points that fold_item has taken. A gauge's is what it was at the point.
static void pick_lines(struct task_item *x, const struct plan_item *item, const struct fold_run *r)
{
	for (size_t k = 0; k < r->n_steps; k++) {
		const struct fold_step *s = &r->steps[k];
		if (item->is_rate && s->from_ns == s->to_ns)
			continue;
		series_lines_put(&x->lines, &x->grid, picks_place(&x->picks, s->to_ns),
			item->is_rate ? seconds_of(s) : 0, fold_values_of(r, s), r->n);
	}
}

void fold_lines(struct task_item *x, const struct plan_item *item, const struct fold_run *r)
{
	if (item->series->is_picked) {
		pick_lines(x, item, r);
		return;
	}
	for (size_t k = 0; k < r->n_steps; k++)
		series_lines_add(&x->lines, &x->grid, r->steps[k].from_ns, r->steps[k].to_ns,
			fold_values_of(r, &r->steps[k]), r->n);
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
	if (series->is_picked)
		pick(x, item, r, t);
	for (size_t k = 0; !series->is_picked && k < r->n_steps; k++)
		series_line_add(&x->node, &x->grid, r->steps[k].from_ns, r->steps[k].to_ns,
			node_value(x, series, r, &r->steps[k]));
	if (series->by_instance && item->each == NULL && r->domain)
		fold_lines(x, item, r);
}

double fold_result(const struct task_item *x, enum over_time time, size_t row)
{
	if (row >= x->n || x->cells[row].weight == 0)
		return NAN;
	const struct fold_cell *c = &x->cells[row];
	switch (time) {
	case TIME_MEAN:
	case TIME_SAMPLE_MEAN:
		return c->sum / c->weight;
	case TIME_INTEGRAL:
		return c->sum;
	case TIME_MIN:
		return c->lowest;
	case TIME_MAX:
		return c->highest;
	case TIME_FIRST:
		return c->first;
	case TIME_LAST:
		return c->last;
	default:
		return NAN;
	}
}
