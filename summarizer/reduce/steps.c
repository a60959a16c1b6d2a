// SPDX-License-Identifier: Apache-2.0
// Gathering the inputs of a source and closing its steps.
#include "summarizer/reduce/steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "summarizer/reduce/fold.h"

void stepper_open(struct stepper *s, const struct plan *p, const struct plan_source *source,
	struct track *tracks)
{
	size_t n = source->source->n_inputs;
	*s = (struct stepper){.plan = source};
	s->inputs = memory_alloc(n, sizeof(void *));
	s->is_fresh = memory_alloc(n, sizeof(*s->is_fresh));
	s->rows = memory_alloc(n, sizeof(void *));
	s->n_mapped = memory_alloc(n, sizeof(*s->n_mapped));
	for (size_t i = 0; i < n; i++) {
		s->inputs[i] = &tracks[source->tracks[i]];
		if (p->tracks[source->tracks[i]].every_s > s->every_s)
			s->every_s = p->tracks[source->tracks[i]].every_s;
	}
}

void stepper_release(struct stepper *s)
{
	if (s->plan == NULL)
		return;
	for (size_t i = 0; i < s->plan->source->n_inputs; i++)
		free(s->rows[i]);
	free(s->inputs);
	free(s->is_fresh);
	free(s->rows);
	free(s->n_mapped);
	free(s->values);
	free(s->before);
	free(s->edge);
	free(s->result);
	*s = (struct stepper){0};
}

static void forget(struct stepper *s)
{
	size_t n = s->plan->source->n_inputs;
	for (size_t i = 0; i < s->room * n; i++)
		s->values[i] = s->before[i] = NAN;
	memset(s->is_fresh, 0, n * sizeof(*s->is_fresh));
}

// The frame has the rows of the first input with instances; one row when there is none.
void stepper_note_rows(struct stepper *s)
{
	size_t n = s->plan->source->n_inputs;
	for (size_t i = 0; s->domain == NULL && i < n; i++)
		if (s->inputs[i]->domain && s->inputs[i]->domain->number != ARCHIVE_NO_INDOM)
			s->domain = s->inputs[i]->domain;
}

static void grow(struct stepper *s)
{
	size_t n = s->plan->source->n_inputs;
	stepper_note_rows(s);
	s->n_rows = s->domain ? s->domain->n : 1;
	if (s->n_rows <= s->room)
		return;
	size_t old = s->room;
	s->room = s->n_rows < 2 * old ? 2 * old : s->n_rows;
	s->values = memory_resize(s->values, s->room * n, sizeof(double));
	s->before = memory_resize(s->before, s->room * n, sizeof(double));
	s->edge = memory_resize(s->edge, s->room * n, sizeof(double));
	s->result = memory_resize(s->result, s->room, sizeof(double));
	for (size_t i = old * n; i < s->room * n; i++)
		s->values[i] = s->before[i] = NAN;
}

// The row here of row r of input i: by name when its instances are of another domain.
static uint32_t row_here(struct stepper *s, size_t i, uint32_t r)
{
	const struct domain *own = s->inputs[i]->domain;
	if (own == s->domain || own->number == ARCHIVE_NO_INDOM)
		return r;
	if (r >= s->n_mapped[i]) {
		s->rows[i] = memory_resize(s->rows[i], own->n, sizeof(**s->rows));
		for (size_t k = s->n_mapped[i]; k < own->n; k++)
			s->rows[i][k] = NO_ROW;
		s->n_mapped[i] = own->n;
	}
	if (s->rows[i][r] == NO_ROW)
		s->rows[i][r] = domain_find(s->domain, own->names[r]);
	return s->rows[i][r];
}

void stepper_gather(struct stepper *s, size_t i)
{
	const struct track *x = s->inputs[i];
	size_t n = s->plan->source->n_inputs;
	double scale = s->plan->source->scale;
	grow(s);
	s->is_fresh[i] = true;
	for (size_t k = 0; k < x->n_present; k++) {
		const struct cell *c = &x->cells[x->present[k]];
		uint32_t row = row_here(s, i, x->present[k]);
		if (row >= s->n_rows)
			continue;
		double *v = &s->values[row * n + i];
		double *b = &s->before[row * n + i];
		if (!x->is_counter) {
			if (c->has_step && isnan(*b))
				*b = c->before * scale;
			*v = c->value * scale;
		} else if (c->has_step) {
			*v = isnan(*v) ? c->step * scale : *v + c->step * scale;
		}
	}
}

static bool is_held(const struct track *x)
{
	return !x->is_counter && x->is_held;
}

// All inputs that are not optional and not logged once only were sampled.
static bool is_complete(const struct stepper *s)
{
	bool any = false;
	for (size_t i = 0; i < s->plan->source->n_inputs; i++) {
		if (s->is_fresh[i])
			any = true;
		else if (!s->plan->source->inputs[i].is_optional && !is_held(s->inputs[i]))
			return false;
	}
	return any;
}

// What was logged once stands until it is logged again; one value without instances stands for
// every instance.
static void fill(struct stepper *s)
{
	size_t n = s->plan->source->n_inputs;
	for (size_t i = 0; i < n; i++) {
		struct track *x = s->inputs[i];
		if (x->epoch.run && is_held(x) && !s->is_fresh[i])
			stepper_gather(s, i);
		if (x->domain == NULL || x->domain->number != ARCHIVE_NO_INDOM)
			continue;
		for (size_t r = 1; r < s->n_rows; r++) {
			s->values[r * n + i] = s->values[i];
			s->before[r * n + i] = s->before[i];
		}
	}
}

// The frame as one job sees it: counters cut to its part, gauges as they stood at its end. A gauge
// that was not sampled inside the job is absent.
static const double *cut(
	struct stepper *s, const struct step *step, const struct task *t, int64_t from, int64_t to)
{
	size_t n = s->plan->source->n_inputs;
	// No time at all is the sample at the job's very begin: its step is not the job's.
	double part = to > from ? (double)(to - from) / (double)(step->to_ns - step->from_ns) : NAN;
	bool ends = step->to_ns > t->end_ns;
	bool is_within = ends && step->from_ns < t->begin_ns;
	for (size_t r = 0; r < s->n_rows; r++)
		for (size_t i = 0; i < n; i++) {
			size_t at = r * n + i;
			const struct track *x = s->inputs[i];
			if (x->is_counter)
				s->edge[at] = s->values[at] * part;
			else if (is_held(x) || !ends)
				s->edge[at] = s->values[at];
			else
				s->edge[at] = is_within ? NAN : s->before[at];
		}
	return s->edge;
}

static void evaluate(struct stepper *s, const struct expression *e, const double *values,
	double seconds, double cores, const struct task *t)
{
	struct expression_frame f = {
		.n_inputs = s->plan->source->n_inputs,
		.n_instances = s->n_rows,
		.values = values,
		.first = values,
		.last = values,
		.lowest = values,
		.highest = values,
		.builtin = {[BUILTIN_CORES] = cores,
			[BUILTIN_JOB_CORES] = NAN,
			[BUILTIN_SECONDS] = seconds > 0 ? seconds : NAN,
			[BUILTIN_WALL] = NAN,
			[BUILTIN_NODES] = NAN},
	};
	if (t) {
		f.builtin[BUILTIN_JOB_CORES] = t->cores.n ? t->cores.n : cores;
		f.builtin[BUILTIN_WALL] = (double)(t->end_ns - t->begin_ns) / (double)NS_PER_S;
		f.builtin[BUILTIN_NODES] = t->job->nodes;
	}
	if (!expression_is_folded(e)) {
		expression_values(e, &f, s->result);
		return;
	}
	s->result[0] = expression_value(e, &f);
}

// Where samples alone count: whether the step lies between two of the job's.
static bool is_between(const struct step *step, const struct task *t)
{
	return step->has_length && step->from_ns >= t->begin_ns &&
	       step->to_ns <= task_window_end(t);
}

static bool is_cut_for(const struct step *step, const struct plan_item *item, const struct task *t)
{
	if (item->is_by_samples)
		return !is_between(step, t);
	return step->has_length && (step->from_ns < t->begin_ns || step->to_ns > t->end_ns);
}

// The frame at a sample whose step is not the job's: gauges alone.
static const double *at_sample(struct stepper *s)
{
	size_t n = s->plan->source->n_inputs;
	for (size_t at = 0; at < s->n_rows * n; at++)
		s->edge[at] = s->inputs[at % n]->is_counter ? NAN : s->values[at];
	return s->edge;
}

// An item of samples for one task.
static void feed_sample(struct stepper *s, const struct step *step, const struct plan_item *item,
	const struct expression *e, struct task *t)
{
	bool is_whole = is_between(step, t);
	if (step->to_ns < t->begin_ns || step->to_ns > task_window_end(t))
		return;
	int64_t from = is_whole ? step->from_ns : step->to_ns;
	if (!is_whole || item->needs_job)
		evaluate(s, e, is_whole ? s->values : at_sample(s),
			(double)(step->to_ns - from) / (double)NS_PER_S, step->cores, t);
	struct fold_step f = {.from_ns = from,
		.to_ns = step->to_ns,
		.is_sample = true,
		.values = s->result,
		.n = expression_is_folded(e) ? 1 : s->n_rows,
		.domain = expression_is_folded(e) ? NULL : s->domain};
	size_t place = s->plan->first_item + (size_t)(item - s->plan->items);
	fold_item(&t->items[place], item, &f, t, s->plan->metric->every_s);
}

// One item for one task: the shared result when the whole step is the job's.
static void feed(struct stepper *s, const struct step *step, const struct plan_item *item,
	const struct expression *e, struct task *t, bool is_each)
{
	int64_t from = step->from_ns;
	int64_t to = step->to_ns;
	if (item->is_by_samples) {
		feed_sample(s, step, item, e, t);
		return;
	}
	bool is_inside = task_holds(t, to);
	bool overlaps = step->has_length && task_clip(t, &from, &to);
	if (!is_inside && !overlaps)
		return;
	if (!overlaps)
		from = to = step->to_ns;
	bool is_cut = is_cut_for(step, item, t);
	if (is_cut || item->needs_job) {
		const double *values = is_cut ? cut(s, step, t, from, to) : s->values;
		evaluate(s, e, values, (double)(to - from) / (double)NS_PER_S, step->cores, t);
	}
	struct fold_step f = {
		.from_ns = from,
		.to_ns = to,
		.is_sample = is_inside,
		.values = s->result,
		.n = expression_is_folded(e) ? 1 : s->n_rows,
		.domain = expression_is_folded(e) ? NULL : s->domain,
	};
	size_t place = s->plan->first_item + (size_t)(item - s->plan->items);
	if (is_each)
		fold_lines(&t->items[place], &f);
	else
		fold_item(&t->items[place], item, &f, t, s->plan->metric->every_s);
}

// Jobs that have the whole step first: they share one evaluation.
static void feed_all(struct stepper *s, const struct step *step, const struct plan_item *item,
	const struct expression *e, struct task *const *tasks, size_t n_tasks, bool is_each)
{
	double seconds =
		step->has_length ? (double)(step->to_ns - step->from_ns) / (double)NS_PER_S : 0;
	if (!item->needs_job)
		evaluate(s, e, s->values, seconds, step->cores, NULL);
	for (size_t i = 0; i < n_tasks; i++)
		if (!is_cut_for(step, item, tasks[i]))
			feed(s, step, item, e, tasks[i], is_each);
	for (size_t i = 0; i < n_tasks; i++)
		if (is_cut_for(step, item, tasks[i]))
			feed(s, step, item, e, tasks[i], is_each);
}

void stepper_close(struct stepper *s, int64_t now_ns, struct epoch epoch, double cores,
	struct task *const *tasks, size_t n_tasks)
{
	if (!is_complete(s))
		return;
	fill(s);
	struct step step = {.from_ns = s->time_ns, .to_ns = now_ns, .cores = cores};
	bool follows = s->epoch.run == epoch.run && now_ns > s->time_ns;
	bool is_same_part = follows && s->epoch.part == epoch.part;
	if (!is_same_part)
		s->cadence = (struct cadence){0};
	bool is_odd = s->inputs[0]->is_odd;
	bool is_gap = is_same_part && cadence_is_gap(&s->cadence, now_ns - s->time_ns, s->every_s,
					      is_odd || s->is_odd);
	s->is_odd = is_odd;
	step.has_length = follows && !is_gap;
	s->time_ns = now_ns;
	s->epoch = epoch;
	for (size_t i = 0; i < s->plan->n_items; i++) {
		const struct plan_item *item = &s->plan->items[i];
		feed_all(s, &step, item, item->value, tasks, n_tasks, false);
		if (item->each)
			feed_all(s, &step, item, item->each, tasks, n_tasks, true);
	}
	forget(s);
}
