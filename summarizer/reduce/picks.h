// SPDX-License-Identifier: Apache-2.0
// Points of a series as SUPReMM takes them: at most 100 samples of a host, all of the first eleven
// and of as long a time before the end, and between them one each eightieth of the rest. A host
// chooses by its own samples. What lay between two points is kept beside them, so that peaks survive.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PICKS_MAX  100
#define PICKS_LEAD 10 // steps at the beginning of which every sample is kept

struct pick {
	int64_t at_ns;
	double value;        // at it
	double sum, seconds; // since the one before
	double lowest, highest;
	bool has_any;
};

struct picks {              // all zero is empty
	struct pick *items; // the one after the last has what came since
	size_t n;
	double width_ns; // between two points in the middle
	int64_t tail_ns; // after it every sample is kept
};

void picks_open(struct picks *p);
// With the end of the lead it is known how far apart the points after it are.
void picks_set_pace(struct picks *p, int64_t wall_ns);

static inline bool picks_keep(const struct picks *p, int64_t at_ns)
{
	if (p->n <= PICKS_LEAD)
		return true;
	if (p->n == PICKS_MAX)
		return false;
	return at_ns > p->tail_ns || (double)(at_ns - p->items[p->n - 1].at_ns) > p->width_ns;
}

static inline void pick_take(struct pick *to, double seconds, double v)
{
	to->value = v;
	if (v != v)
		return;
	to->lowest = !to->has_any || v < to->lowest ? v : to->lowest;
	to->highest = !to->has_any || v > to->highest ? v : to->highest;
	to->has_any = true;
	to->sum += v * seconds;
	to->seconds += seconds;
}

// A sample at a moment, and the seconds since the one before it; 0: nothing is known of that time.
static inline void picks_add(
	struct picks *p, int64_t wall_ns, int64_t at_ns, double seconds, double v)
{
	// A second sample of the same instant, or of a clock that was set back, is no new point.
	if (p->n && at_ns <= p->items[p->n - 1].at_ns)
		return;
	pick_take(&p->items[p->n], seconds, v);
	if (!picks_keep(p, at_ns))
		return;
	p->items[p->n++].at_ns = at_ns;
	if (p->n == PICKS_LEAD + 1)
		picks_set_pace(p, wall_ns);
}

// Which point stands for a sample that was added.
size_t picks_place(const struct picks *p, int64_t at_ns);
double pick_mean(const struct pick *p); // NAN: none
void picks_release(struct picks *p);
