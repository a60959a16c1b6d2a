// SPDX-License-Identifier: Apache-2.0
// What a job keeps of each track: increases, time means and extremes, for the job as a whole.
#include "summarizer/reduce/task.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/str.h"
#include "summarizer/analyses/analysis.h"

void task_open(struct task *t, const struct plan *p)
{
	if (t->tracks)
		return;
	t->tracks = memory_alloc(p->n_tracks + 1, sizeof(*t->tracks));
	t->items = memory_alloc(p->n_items + 2, sizeof(*t->items));
	t->owns = memory_alloc(n_analyses, sizeof(void *));
	for (size_t k = 0; k < n_analyses; k++)
		t->owns[k] = analyses[k]->own_size ? memory_alloc(1, analyses[k]->own_size) : NULL;
}

static void release_item(struct task_item *x)
{
	series_line_release(&x->node);
	picks_release(&x->picks);
	series_lines_release(&x->lines);
	free(x->value);
	free(x->weight);
	free(x->late);
	free(x->is_own);
}

void task_release(struct task *t, const struct plan *p)
{
	if (t->tracks == NULL)
		return;
	for (size_t i = 0; i < p->n_tracks; i++) {
		free(t->tracks[i].cells);
		free(t->tracks[i].base);
	}
	for (size_t i = 0; i < p->n_items; i++)
		release_item(&t->items[i]);
	for (size_t k = 0; k < n_analyses; k++) {
		if (analyses[k]->release)
			analyses[k]->release(t->owns[k]);
		free(t->owns[k]);
	}
	free(t->owns);
	free(t->gpus);
	free(t->tracks);
	free(t->items);
	t->tracks = NULL;
	t->items = NULL;
	t->owns = NULL;
	t->gpus = NULL;
	t->n_gpus = 0;
}

static bool was_seen_on(const struct task *t, const char *name)
{
	for (size_t i = 0; i < t->n_gpus; i++)
		if (str_eq(t->gpus[i], name))
			return true;
	return false;
}

bool task_add_gpu(struct task *t, const char *name)
{
	if (was_seen_on(t, name))
		return false;
	t->gpus = memory_resize(t->gpus, t->n_gpus + 1, sizeof(*t->gpus));
	t->gpus[t->n_gpus++] = name;
	return true;
}

bool task_has_gpu(const struct task *t, const char *name)
{
	return !t->shares_gpus || was_seen_on(t, name);
}

static void grow(struct task_track *x, size_t n)
{
	if (n <= x->n)
		return;
	x->cells = memory_resize(x->cells, n, sizeof(*x->cells));
	memset(x->cells + x->n, 0, (n - x->n) * sizeof(*x->cells));
	x->n = n;
}

struct share {       // of the last step, that is the job's
	double part; // 0: none, 1: all
	bool is_tail;
};

static void feed_counter(struct task_cell *to, const struct cell *from, struct share s)
{
	if (!from->has_step)
		return;
	if (s.part == 1) {
		to->steps++;
		to->whole += from->step;
	} else if (s.part > 0) {
		to->cuts++;
		to->part += from->step * s.part;
	}
	to->tails += s.is_tail;
	to->tail += s.is_tail ? from->step : 0;
}

// Of these an instance's total says it all.
static bool is_totalled(const struct track *x)
{
	return x->plan->is_summed && x->is_counter && !x->is_float;
}

// Puts down what the totals were before the last sample.
static void open_middle(struct task_track *own, const struct track *x)
{
	own->is_open = true;
	own->since = track_totals_before(x);
	if (!is_totalled(x))
		return;
	free(own->base);
	own->n_base = x->n_cells;
	own->base = memory_alloc(own->n_base + 1, sizeof(*own->base));
	for (size_t i = 0; i < x->n_cells; i++) {
		const struct cell *c = &x->cells[i];
		bool is_now = c->has_step && c->sample == x->sample;
		own->base[i].total = c->total - (is_now ? c->increase : 0);
		own->base[i].steps = c->steps - is_now;
	}
}

// Adds what they grew by; without the last sample when that is no more the job's.
static void close_middle(struct task_track *own, const struct track *x, bool with_last)
{
	struct track_totals now = with_last ? x->totals : track_totals_before(x);
	own->is_open = false;
	own->covered_ns += now.length_ns - own->since.length_ns;
	own->whole_ns += now.length_ns - own->since.length_ns;
	own->samples += now.samples - own->since.samples;
	own->resets += now.resets - own->since.resets;
	if (own->base == NULL)
		return;
	grow(own, x->n_cells);
	for (size_t i = 0; i < x->n_cells; i++) {
		const struct cell *c = &x->cells[i];
		bool is_now = !with_last && c->has_step && c->sample == x->sample;
		uint64_t total = c->total - (is_now ? c->increase : 0);
		uint32_t steps = c->steps - is_now;
		// A row that came later had nothing before.
		own->cells[i].sum += total - (i < own->n_base ? own->base[i].total : 0);
		own->cells[i].steps += steps - (i < own->n_base ? own->base[i].steps : 0);
	}
	free(own->base);
	own->base = NULL;
}

void task_settle(struct task *t, const struct plan *p, const struct track *tracks)
{
	for (size_t i = 0; i < p->n_tracks; i++)
		if (t->tracks[i].is_open)
			close_middle(&t->tracks[i], &tracks[i], true);
}

static void note_gauge(struct task_cell *to, double v)
{
	if (to->samples == 0) {
		to->first = to->lowest = to->highest = v;
	} else {
		to->lowest = v < to->lowest ? v : to->lowest;
		to->highest = v > to->highest ? v : to->highest;
	}
	to->last = v;
	to->samples++;
}

// A sample inside the job stands for the time since the one before it; the sample after the job's
// end shows that the last value held until then.
static void feed_gauge(
	struct task_cell *to, const struct cell *from, double seconds, bool is_inside, bool is_held)
{
	if (is_inside) {
		note_gauge(to, from->value);
		if (from->has_step) {
			to->integral += from->value * seconds;
			to->seconds += seconds;
		}
		return;
	}
	if (!from->has_step || seconds <= 0)
		return;
	if (to->samples == 0) {
		if (!is_held) // the value is from before the job
			return;
		note_gauge(to, from->before);
	}
	to->integral += from->before * seconds;
	to->seconds += seconds;
}

static void feed_cells(struct task *t, struct task_track *own, const struct track *x, int64_t from,
	int64_t to, bool is_tail)
{
	bool overlaps = from < to;
	bool is_inside = task_holds(t, x->time_ns);
	if (!x->plan->is_summed)
		return;
	double seconds = (double)(to - from) / (double)NS_PER_S;
	struct share share = {.is_tail = is_tail};
	if (overlaps) // what is counted for a job was in its time
		share.part = x->plan->is_of_jobs
		                     ? 1
		                     : (double)(to - from) / (double)(x->time_ns - x->before_ns);
	grow(own, x->n_cells);
	for (size_t i = 0; i < x->n_present; i++) {
		const struct cell *cell = &x->cells[x->present[i]];
		struct task_cell *mine = &own->cells[x->present[i]];
		if (!x->is_counter)
			feed_gauge(mine, cell, seconds, is_inside, x->is_held);
		else
			feed_counter(mine, cell, share);
	}
}

void task_feed(struct task *t, size_t place, const struct track *x)
{
	struct task_track *own = &t->tracks[place];
	int64_t from = x->before_ns;
	int64_t to = x->time_ns;
	bool overlaps = x->has_step && task_clip(t, &from, &to);
	bool is_inside = task_holds(t, x->time_ns);
	if (own->is_open && (!is_inside || is_totalled(x) != (own->base != NULL)))
		close_middle(own, x, false);
	bool is_tail = x->has_step && x->before_ns >= t->begin_ns && x->time_ns > t->end_ns &&
	               x->time_ns <= task_window_end(t);
	if (!is_inside && !overlaps && !is_tail)
		return;
	if (!overlaps)
		from = to;
	bool is_whole = overlaps && to - from == x->time_ns - x->before_ns;
	if (is_whole && !own->is_open)
		open_middle(own, x);
	if (!own->is_open) {
		own->covered_ns += to - from;
		own->samples += is_inside;
		own->resets += overlaps && x->is_reset;
		own->whole_ns += is_tail ? x->time_ns - x->before_ns : 0;
	}
	if (!is_totalled(x) || (overlaps && !is_whole) || is_tail)
		feed_cells(t, own, x, from, to, is_tail);
}

bool task_is_quiet(const struct task *t, size_t place, const struct track *x, int64_t *until_ns)
{
	const struct task_track *own = &t->tracks[place];
	if (!own->is_open)
		return x->time_ns > task_window_end(t);
	if (x->plan->is_summed && !is_totalled(x))
		return false;
	*until_ns = t->end_ns < *until_ns ? t->end_ns : *until_ns;
	return true;
}
