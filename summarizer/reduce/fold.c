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

static void fold_value(struct fold_cell *c, enum over_time time, double v, double seconds)
{
	bool by_time = time == TIME_MEAN || time == TIME_INTEGRAL;
	double weight = by_time ? seconds : 1;
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

static void fold_values(
	struct task_item *x, const struct output *o, const double *v, size_t n, double seconds)
{
	grow(x, n);
	for (size_t i = 0; i < n; i++)
		fold_value(&x->cells[i], o->time, v[i], seconds);
}

// Samples are held back until skip_last newer ones have come: the last ones never count.
static void fold_late(struct task_item *x, const struct output *o, const struct fold_step *s)
{
	if (s->n > x->late_rows) {
		double *wider = memory_alloc(o->skip_last * s->n, sizeof(*wider));
		for (size_t i = 0; i < o->skip_last * s->n; i++)
			wider[i] = NAN;
		for (size_t k = 0; k < o->skip_last && x->late_rows; k++)
			memcpy(wider + k * s->n, x->late + k * x->late_rows,
				x->late_rows * sizeof(*wider));
		free(x->late);
		x->late = wider;
		x->late_rows = s->n;
	}
	double *slot = x->late + x->next_late * x->late_rows;
	if (x->n_late == o->skip_last)
		fold_values(x, o, slot, x->late_rows, 0);
	else
		x->n_late++;
	for (size_t i = 0; i < x->late_rows; i++)
		slot[i] = i < s->n ? s->values[i] : NAN;
	x->next_late = (x->next_late + 1) % o->skip_last;
}

static void fold_output(struct task_item *x, const struct output *o, const struct fold_step *s)
{
	double seconds = (double)(s->to_ns - s->from_ns) / (double)NS_PER_S;
	bool by_time = o->time == TIME_MEAN || o->time == TIME_INTEGRAL;
	if (by_time && o->skip_first == 0) {
		fold_values(x, o, s->values, s->n, seconds);
		return;
	}
	// With samples left out, only what lies between samples inside the job counts.
	if (!s->is_sample || x->seen++ < o->skip_first)
		return;
	if (o->skip_last && !by_time)
		fold_late(x, o, s);
	else
		fold_values(x, o, s->values, s->n, seconds);
}

static bool is_of_job(const struct fold_step *s, size_t row, enum scope over, const struct task *t)
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
static void find_own(struct task_item *x, const struct series *series, const struct fold_step *s,
	const struct task *t)
{
	if (s->n <= x->n_own)
		return;
	x->is_own = memory_resize(x->is_own, s->n, sizeof(*x->is_own));
	for (size_t i = x->n_own; i < s->n; i++)
		x->is_own[i] = is_of_job(s, i, series->over, t);
	x->n_own = s->n;
}

// The host's line: the value itself (of the first instance, as in outputs), or the mean over the
// cores or devices.
static double node_value(struct task_item *x, const struct series *series,
	const struct fold_step *s, const struct task *t)
{
	double sum = 0;
	size_t n = 0;
	find_own(x, series, s, t);
	if (s->n == 1 || series->over == SCOPE_NODE)
		return x->is_own[0] ? s->values[0] : NAN;
	for (size_t i = 0; i < s->n; i++)
		if (x->is_own[i] && !isnan(s->values[i])) {
			sum += s->values[i];
			n++;
		}
	return n ? sum / (double)n : NAN;
}

void fold_lines(struct task_item *x, const struct fold_step *s)
{
	series_lines_add(&x->lines, &x->grid, s->from_ns, s->to_ns, s->values, s->n);
}

void fold_item(struct task_item *x, const struct plan_item *item, const struct fold_step *s,
	const struct task *t, int64_t every_s)
{
	if (item->output) {
		fold_output(x, item->output, s);
		return;
	}
	if (x->grid.width_ns == 0)
		x->grid = series_grid_make(t->job->start_s * NS_PER_S, t->job->end_s * NS_PER_S,
			t->series_points, every_s);
	const struct series *series = item->series;
	series_line_add(&x->node, &x->grid, s->from_ns, s->to_ns, node_value(x, series, s, t));
	if (series->by_instance && item->each == NULL && s->domain)
		fold_lines(x, s);
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
