// SPDX-License-Identifier: Apache-2.0
// Which samples become points of a series.
#include "summarizer/reduce/picks.h"

#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/memory.h"

#define LEAD         10 // steps at the beginning of which every sample is kept
#define MIDDLE_PARTS 80

static bool is_kept(const struct picks *p, int64_t wall_ns, int64_t at_ns)
{
	if (p->n <= LEAD)
		return true;
	if (p->n == PICKS_MAX)
		return false;
	int64_t first_ns = p->items[0].at_ns;
	int64_t lead_ns = p->items[LEAD].at_ns - first_ns;
	double width_ns = (double)(wall_ns - 2 * lead_ns) / MIDDLE_PARTS;
	return at_ns > first_ns + wall_ns - lead_ns ||
	       (double)(at_ns - p->items[p->n - 1].at_ns) > width_ns;
}

static void take(struct pick *to, double seconds, double v)
{
	to->value = v;
	if (isnan(v))
		return;
	to->lowest = !to->has_any || v < to->lowest ? v : to->lowest;
	to->highest = !to->has_any || v > to->highest ? v : to->highest;
	to->has_any = true;
	to->sum += v * seconds;
	to->seconds += seconds;
}

void picks_add(struct picks *p, int64_t wall_ns, int64_t from_ns, int64_t to_ns, double v)
{
	if (p->items == NULL)
		p->items = memory_alloc(PICKS_MAX + 1, sizeof(*p->items));
	// A second sample of the same instant, or of a clock that was set back, is no new point.
	if (p->n && to_ns <= p->items[p->n - 1].at_ns)
		return;
	take(&p->items[p->n], (double)(to_ns - from_ns) / (double)NS_PER_S, v);
	if (is_kept(p, wall_ns, to_ns))
		p->items[p->n++].at_ns = to_ns;
}

size_t picks_place(const struct picks *p, int64_t at_ns)
{
	size_t n = p->n;
	while (n && p->items[n - 1].at_ns >= at_ns)
		n--;
	return n;
}

double pick_mean(const struct pick *p)
{
	return p->seconds > 0 ? p->sum / p->seconds : NAN;
}

void picks_release(struct picks *p)
{
	free(p->items);
	*p = (struct picks){0};
}
