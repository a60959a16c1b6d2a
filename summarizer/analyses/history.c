// SPDX-License-Identifier: Apache-2.0
// Points of a counter over time.
#include "summarizer/analyses/history.h"

#include <stdlib.h>

#include "common/memory.h"

void history_add(struct history *h, const struct track *x)
{
	double grown = 0;
	for (size_t i = 0; i < x->n_present; i++) {
		const struct cell *c = &x->cells[x->present[i]];
		grown += c->has_step ? c->step : 0;
	}
	if (h->n == h->room) {
		h->room = h->room ? 2 * h->room : 256;
		h->points = memory_resize(h->points, h->room, sizeof(*h->points));
	}
	double before = h->n ? h->points[h->n - 1].total : 0;
	h->points[h->n++] = (struct history_point){.time_ns = x->time_ns,
		.total = before + grown,
		.is_joined = x->has_step && !x->is_reset};
}

void history_release(struct history *h)
{
	free(h->points);
	*h = (struct history){0};
}

// The first point not before a time.
static size_t first_from(const struct history *h, int64_t time_ns)
{
	size_t low = 0;
	size_t high = h->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->points[middle].time_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct history_point *history_of(const struct history *h, const struct task *t, size_t *ret_n)
{
	size_t first = first_from(h, t->begin_ns);
	*ret_n = first_from(h, task_window_end(t) + 1) - first;
	return *ret_n ? h->points + first : NULL;
}
