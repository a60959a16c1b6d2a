// SPDX-License-Identifier: Apache-2.0
// Steps to jobs: those that a job has whole come in runs from the backlog, those that its begin or
// end cuts are evaluated for it alone.
#include "summarizer/reduce/feed.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "summarizer/reduce/fold.h"

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
			else if (track_is_held(x) || !ends)
				s->edge[at] = s->values[at];
			else
				s->edge[at] = is_within ? NAN : s->before[at];
		}
	return s->edge;
}

struct moment { // what an expression is evaluated over
	const double *values;
	double seconds, cores;
	const struct task *task; // NULL: any
};

// One value, or one for each instance.
static void evaluate(
	const struct stepper *s, const struct expression *e, const struct moment *m, double *ret)
{
	const struct task *t = m->task;
	struct expression_frame f = {
		.n_inputs = s->plan->source->n_inputs,
		.n_instances = s->n_rows,
		.values = m->values,
		.first = m->values,
		.last = m->values,
		.lowest = m->values,
		.highest = m->values,
		.builtin = {[BUILTIN_CORES] = m->cores,
			[BUILTIN_JOB_CORES] = NAN,
			[BUILTIN_SECONDS] = m->seconds > 0 ? m->seconds : NAN,
			[BUILTIN_WALL] = NAN,
			[BUILTIN_NODES] = NAN},
	};
	if (t) {
		f.builtin[BUILTIN_JOB_CORES] = t->cores.n ? t->cores.n : m->cores;
		f.builtin[BUILTIN_WALL] = (double)(t->end_ns - t->begin_ns) / (double)NS_PER_S;
		f.builtin[BUILTIN_NODES] = t->job->nodes;
	}
	if (!expression_is_folded(e)) {
		expression_values(e, &f, ret);
		return;
	}
	ret[0] = expression_value(e, &f);
}

// Where samples alone count: whether the step lies between two of the job's.
static bool is_between(const struct step *step, const struct task *t)
{
	return step->has_length && step->from_ns >= t->begin_ns &&
	       step->to_ns <= task_window_end(t);
}

enum share { // of a step, that is the job's
	SHARE_NONE,
	SHARE_WHOLE,
	SHARE_CUT,
};

static enum share share_of(const struct step *step, bool by_samples, const struct task *t)
{
	if (by_samples) {
		if (step->to_ns < t->begin_ns || step->to_ns > task_window_end(t))
			return SHARE_NONE;
		return is_between(step, t) ? SHARE_WHOLE : SHARE_CUT;
	}
	int64_t from = step->from_ns;
	int64_t to = step->to_ns;
	if (!task_holds(t, to) && !(step->has_length && task_clip(t, &from, &to)))
		return SHARE_NONE;
	if (step->has_length && (step->from_ns < t->begin_ns || step->to_ns > t->end_ns))
		return SHARE_CUT;
	return SHARE_WHOLE;
}

// The frame at a sample whose step is not the job's: gauges alone.
static const double *at_sample(struct stepper *s)
{
	size_t n = s->plan->source->n_inputs;
	for (size_t at = 0; at < s->n_rows * n; at++)
		s->edge[at] = s->inputs[at % n]->is_counter ? NAN : s->values[at];
	return s->edge;
}

// Of all steps that were kept back, the extremes are known.
static bool is_all(const struct backlog *b, const struct fold_step *steps)
{
	return steps == b->folds;
}

static void fold(const struct stepper *s, size_t i, struct task *t, bool is_each,
	const struct fold_step *steps, size_t n_steps, const double *values)
{
	const struct backlog *b = &s->backlog;
	const struct plan_item *item = &s->plan->items[i];
	const struct expression *e = is_each ? item->each : item->value;
	bool is_folded = expression_is_folded(e);
	struct fold_run r = {.steps = steps,
		.n_steps = n_steps,
		.values = values,
		.n = is_folded ? 1 : b->n_rows,
		.means = values == b->lines[2 * i] ? b->means + i * FOLD_STEPS_MAX : NULL,
		.extremes = is_all(b, steps) && !is_each ? b->extremes[i] : NULL,
		.domain = is_folded ? NULL : s->domain};
	if (is_each)
		fold_lines(&t->items[s->plan->first_item + i], item, &r);
	else
		fold_item(
			&t->items[s->plan->first_item + i], item, &r, t, s->plan->metric->every_s);
}

// The frame of a step for one task, and which part of it is the task's.
static const double *frame_of(struct stepper *s, const struct step *step, bool by_samples,
	const struct task *t, struct fold_step *ret)
{
	enum share share = share_of(step, by_samples, t);
	int64_t from = step->from_ns;
	int64_t to = step->to_ns;
	if (by_samples) {
		from = share == SHARE_WHOLE ? from : to;
		*ret = fold_step_make(from, to);
		ret->is_sample = true;
		return share == SHARE_WHOLE ? s->values : at_sample(s);
	}
	if (!step->has_length || !task_clip(t, &from, &to))
		from = to = step->to_ns;
	*ret = fold_step_make(from, to);
	ret->is_sample = task_holds(t, step->to_ns);
	return share == SHARE_WHOLE ? s->values : cut(s, step, t, from, to);
}

// One item at a step for one task alone.
static void feed_one(struct stepper *s, const struct step *step, size_t i, struct task *t)
{
	const struct plan_item *item = &s->plan->items[i];
	struct fold_step f;
	struct moment m = {.cores = step->cores, .task = t};
	m.values = frame_of(s, step, item->is_by_samples, t, &f);
	m.seconds = f.seconds;
	evaluate(s, item->value, &m, s->result);
	fold(s, i, t, false, &f, 1, s->result);
	if (item->each == NULL)
		return;
	evaluate(s, item->each, &m, s->result);
	fold(s, i, t, true, &f, 1, s->result);
}

static void feed_apart(struct stepper *s, const struct step *step, struct task *t,
	enum share by_time, enum share by_samples)
{
	for (size_t i = 0; i < s->plan->n_items; i++) {
		const struct plan_item *item = &s->plan->items[i];
		enum share share = item->is_by_samples ? by_samples : by_time;
		if (share == SHARE_CUT || (share == SHARE_WHOLE && item->needs_job))
			feed_one(s, step, i, t);
	}
}

void backlog_open(struct backlog *b, const struct plan_source *source)
{
	b->n_lines = 2 * source->n_items;
	b->lines = memory_alloc(b->n_lines + 1, sizeof(double *));
	b->means = memory_alloc(source->n_items * FOLD_STEPS_MAX + 1, sizeof(*b->means));
	b->extremes = memory_alloc(source->n_items + 1, sizeof(double *));
}

void backlog_release(struct backlog *b)
{
	for (size_t i = 0; i < b->n_lines; i++)
		free(b->lines[i]);
	for (size_t i = 0; i < b->n_lines / 2; i++)
		free(b->extremes[i]);
	free(b->extremes);
	free(b->lines);
	free(b->means);
	*b = (struct backlog){0};
}

static void make_room(struct backlog *b, size_t n_rows)
{
	b->n_rows = n_rows;
	if (n_rows <= b->room)
		return;
	b->room = n_rows < 2 * b->room ? 2 * b->room : n_rows;
	for (size_t i = 0; i < b->n_lines; i++)
		b->lines[i] =
			memory_resize(b->lines[i], FOLD_STEPS_MAX * b->room, sizeof(*b->lines[i]));
}

// Where the values of the next step go.
static double *values_at(const struct backlog *b, const struct expression *e, size_t line)
{
	return b->lines[line] + b->n * (expression_is_folded(e) ? 1 : b->n_rows);
}

static void keep_back(struct stepper *s, const struct step *step)
{
	struct backlog *b = &s->backlog;
	struct moment m = {.values = s->values, .cores = step->cores};
	m.seconds = step->has_length ? (double)(step->to_ns - step->from_ns) / (double)NS_PER_S : 0;
	for (size_t i = 0; i < s->plan->n_items; i++) {
		const struct plan_item *item = &s->plan->items[i];
		if (item->needs_job)
			continue;
		double *v = values_at(b, item->value, 2 * i);
		evaluate(s, item->value, &m, v);
		if (item->series && !expression_is_folded(item->value))
			b->means[i * FOLD_STEPS_MAX + b->n] = fold_mean(v, b->n_rows, NULL);
		if (item->each)
			evaluate(s, item->each, &m, values_at(b, item->each, 2 * i + 1));
	}
	int64_t from_ns = step->has_length ? step->from_ns : step->to_ns;
	b->from_ns = b->n == 0 || from_ns < b->from_ns ? from_ns : b->from_ns;
	b->to_ns = b->n == 0 || step->to_ns > b->to_ns ? step->to_ns : b->to_ns;
	b->has_lengths = step->has_length && (b->n == 0 || b->has_lengths);
	b->folds[b->n] = fold_step_make(from_ns, step->to_ns);
	b->folds[b->n].is_sample = true;
	b->folds[b->n].at = b->n;
	b->steps[b->n++] = *step;
}

static void feed_items(
	struct stepper *s, struct task *t, bool by_samples, const struct fold_step *steps, size_t n)
{
	const struct backlog *b = &s->backlog;
	for (size_t i = 0; n && i < s->plan->n_items; i++) {
		const struct plan_item *item = &s->plan->items[i];
		if (item->needs_job || item->is_by_samples != by_samples)
			continue;
		__builtin_prefetch(&t->items[s->plan->first_item + i + 1]);
		fold(s, i, t, false, steps, n, b->lines[2 * i]);
		if (item->each)
			fold(s, i, t, true, steps, n, b->lines[2 * i + 1]);
	}
}

static void feed_run(struct stepper *s, struct task *t, bool by_samples)
{
	const struct backlog *b = &s->backlog;
	struct fold_step steps[FOLD_STEPS_MAX] UNINITIALIZED;
	size_t n = 0;
	for (size_t k = 0; k < b->n; k++)
		if (share_of(&b->steps[k], by_samples, t) == SHARE_WHOLE)
			steps[n++] = b->folds[k];
	feed_items(s, t, by_samples, steps, n);
}

// The least or most of each row over all steps; rows that are absent in all stay NAN.
static void find_extremes(struct stepper *s)
{
	struct backlog *b = &s->backlog;
	for (size_t i = 0; i < s->plan->n_items; i++) {
		const struct plan_item *item = &s->plan->items[i];
		if (item->needs_job || item->output == NULL || !fold_is_extreme(item->output))
			continue;
		size_t n = expression_is_folded(item->value) ? 1 : b->n_rows;
		b->extremes[i] = memory_resize(b->extremes[i], n + 1, sizeof(**b->extremes));
		fold_extremes(item->output->time, b->lines[2 * i], b->n, n, b->extremes[i]);
	}
}

void feed_backlog(struct stepper *s, const struct task_list *tasks)
{
	const struct backlog *b = &s->backlog;
	if (b->n)
		find_extremes(s);
	for (size_t i = 0; b->n && i < tasks->n; i++) {
		struct task *t = tasks->items[i];
		if (i + 1 < tasks->n)
			__builtin_prefetch(&tasks->items[i + 1]->items[s->plan->first_item]);
		bool has_all = b->has_lengths && b->from_ns >= t->begin_ns && b->to_ns <= t->end_ns;
		for (int by_samples = 0; by_samples < 2; by_samples++)
			if (has_all)
				feed_items(s, t, by_samples, b->folds, b->n);
			else
				feed_run(s, t, by_samples);
	}
	s->backlog.n = 0;
}

static bool needs_job(const struct stepper *s)
{
	for (size_t i = 0; i < s->plan->n_items; i++)
		if (s->plan->items[i].needs_job)
			return true;
	return false;
}

// One task at a step. Where it has neither all nor nothing of it, those around are looked at, too.
static void feed_task(
	struct stepper *s, const struct step *step, const struct task_list *tasks, struct task *t)
{
	struct backlog *b = &s->backlog;
	struct middle *m = &s->middle;
	enum share by_time = share_of(step, false, t);
	enum share by_samples = share_of(step, true, t);
	bool is_whole = by_time == SHARE_WHOLE && by_samples == SHARE_WHOLE;
	m->is_wanted |= by_time == SHARE_WHOLE || by_samples == SHARE_WHOLE;
	if (is_whole)
		m->until_ns = t->end_ns < m->until_ns ? t->end_ns : m->until_ns;
	else if (step->from_ns <= task_window_end(t)) // it is not over
		m->until_ns = INT64_MIN;
	// What it has of the steps before comes first.
	if ((by_time == SHARE_CUT || by_samples == SHARE_CUT) && b->n &&
		b->steps[b->n - 1].to_ns >= t->begin_ns)
		feed_backlog(s, tasks);
	feed_apart(s, step, t, by_time, by_samples);
}

void feed_step(struct stepper *s, const struct step *step, const struct task_list *tasks)
{
	struct backlog *b = &s->backlog;
	struct middle *m = &s->middle;
	if (b->n == FOLD_STEPS_MAX || b->n_rows != s->n_rows)
		feed_backlog(s, tasks);
	make_room(b, s->n_rows);
	if (m->turn != tasks->turn || !step->has_length || step->from_ns < m->from_ns ||
		step->to_ns > m->until_ns) {
		*m = (struct middle){
			.from_ns = step->from_ns, .until_ns = INT64_MAX, .turn = tasks->turn};
		for (size_t i = 0; i < tasks->n; i++)
			feed_task(s, step, tasks, tasks->items[i]);
		if (!step->has_length || needs_job(s))
			m->until_ns = INT64_MIN;
	}
	if (m->is_wanted)
		keep_back(s, step);
}
