// SPDX-License-Identifier: Apache-2.0
// Gathering the inputs of a source and closing its steps.
#include "summarizer/reduce/steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "summarizer/reduce/feed.h"

void stepper_open(struct stepper *s, const struct plan *p, const struct plan_source *source,
	struct track *tracks)
{
	size_t n = source->source->n_inputs;
	*s = (struct stepper){.plan = source};
	backlog_open(&s->backlog, source);
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
	backlog_release(&s->backlog);
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

// The row here of row r of input i, whose instances are of another domain: by name.
static uint32_t row_here(struct stepper *s, size_t i, uint32_t r)
{
	const struct domain *own = s->inputs[i]->domain;
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

struct frame_column { // of an input in the frame
	double *values, *before;
	size_t n; // from row to row
	double scale;
};

static void gather_counter(const struct frame_column *to, const struct cell *c, uint32_t row)
{
	double *v = &to->values[row * to->n];
	double step = c->step * to->scale;
	if (c->has_step)
		*v = isnan(*v) ? step : *v + step;
}

static void gather_gauge(const struct frame_column *to, const struct cell *c, uint32_t row)
{
	double *before = &to->before[row * to->n];
	if (c->has_step && isnan(*before))
		*before = c->before * to->scale;
	to->values[row * to->n] = c->value * to->scale;
}

void stepper_gather(struct stepper *s, size_t i)
{
	const struct track *x = s->inputs[i];
	grow(s);
	s->is_fresh[i] = true;
	const struct frame_column to = {
		s->values + i, s->before + i, s->plan->source->n_inputs, s->plan->source->scale};
	bool has_own_rows = x->domain != s->domain && x->domain->number != ARCHIVE_NO_INDOM;
	const size_t n_rows = s->n_rows;
	const size_t n_present = x->n_present;
	for (size_t k = 0; k < n_present; k++) {
		uint32_t from = x->present[k];
		uint32_t row = has_own_rows ? row_here(s, i, from) : from;
		if (row >= n_rows)
			continue;
		if (x->is_counter)
			gather_counter(&to, &x->cells[from], row);
		else
			gather_gauge(&to, &x->cells[from], row);
	}
}

// All inputs that are not optional and not logged once only were sampled.
static bool is_complete(const struct stepper *s)
{
	bool any = false;
	for (size_t i = 0; i < s->plan->source->n_inputs; i++) {
		if (s->is_fresh[i])
			any = true;
		else if (!s->plan->source->inputs[i].is_optional && !track_is_held(s->inputs[i]))
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
		if (x->epoch.run && track_is_held(x) && !s->is_fresh[i])
			stepper_gather(s, i);
		if (x->domain == NULL || x->domain->number != ARCHIVE_NO_INDOM)
			continue;
		for (size_t r = 1; r < s->n_rows; r++) {
			s->values[r * n + i] = s->values[i];
			s->before[r * n + i] = s->before[i];
		}
	}
}

void stepper_close(struct stepper *s, int64_t now_ns, struct epoch epoch, double cores,
	const struct task_list *tasks)
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
	feed_step(s, &step, tasks);
	forget(s);
}
