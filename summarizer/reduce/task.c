// SPDX-License-Identifier: Apache-2.0
// What a job keeps of each track: increases, time means and extremes, for the job as a whole.
#include "summarizer/reduce/task.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

void task_open(struct task *t, const struct plan *p)
{
	if (t->tracks)
		return;
	t->tracks = memory_alloc(p->n_tracks + 1, sizeof(*t->tracks));
	t->items = memory_alloc(p->n_items + 1, sizeof(*t->items));
}

static void release_item(struct task_item *x)
{
	for (size_t i = 0; i < x->n_lines; i++)
		series_line_release(&x->lines[i]);
	series_line_release(&x->node);
	free(x->lines);
	free(x->cells);
	free(x->late);
}

void task_release(struct task *t, const struct plan *p)
{
	if (t->tracks == NULL)
		return;
	for (size_t i = 0; i < p->n_tracks; i++)
		free(t->tracks[i].cells);
	for (size_t i = 0; i < p->n_items; i++)
		release_item(&t->items[i]);
	free(t->tracks);
	free(t->items);
	t->tracks = NULL;
	t->items = NULL;
}

static void grow(struct task_track *x, size_t n)
{
	if (n <= x->n)
		return;
	x->cells = memory_resize(x->cells, n, sizeof(*x->cells));
	memset(x->cells + x->n, 0, (n - x->n) * sizeof(*x->cells));
	x->n = n;
}

static void feed_counter(struct task_cell *to, const struct cell *from, double part, bool is_float)
{
	if (!from->has_step)
		return;
	to->steps++;
	if (part == 1 && !is_float)
		to->sum += from->increase;
	else
		to->part += from->step * part;
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

void task_feed(struct task *t, size_t place, const struct track *x)
{
	int64_t from = x->before_ns;
	int64_t to = x->time_ns;
	bool is_inside = task_holds(t, to);
	bool overlaps = x->has_step && task_clip(t, &from, &to);
	if (!is_inside && !overlaps)
		return;
	struct task_track *own = &t->tracks[place];
	grow(own, x->n_cells);
	double part = 0;
	double seconds = 0;
	if (overlaps) {
		own->covered_ns += to - from;
		seconds = (double)(to - from) / (double)NS_PER_S;
		part = to - from == x->time_ns - x->before_ns
		               ? 1
		               : (double)(to - from) / (double)(x->time_ns - x->before_ns);
		own->resets += x->is_reset;
	}
	own->samples += is_inside;
	for (size_t i = 0; i < x->n_present; i++) {
		const struct cell *cell = &x->cells[x->present[i]];
		struct task_cell *mine = &own->cells[x->present[i]];
		if (!x->is_counter)
			feed_gauge(mine, cell, seconds, is_inside, x->is_held);
		else if (overlaps)
			feed_counter(mine, cell, part, x->is_float);
	}
}
