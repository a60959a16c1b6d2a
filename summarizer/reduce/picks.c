// SPDX-License-Identifier: Apache-2.0
// Which samples become points of a series.
#include "summarizer/reduce/picks.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

#define MIDDLE_PARTS 80

// With the end of the lead it is known how far apart the points after it are.
static void set_pace(struct picks *p, int64_t wall_ns)
{
	int64_t first_ns = p->items[0].at_ns;
	int64_t lead_ns = p->items[PICKS_LEAD].at_ns - first_ns;
	p->width_ns = (double)(wall_ns - 2 * lead_ns) / MIDDLE_PARTS;
	p->tail_ns = first_ns + wall_ns - lead_ns;
}

static struct pick nothing(void)
{
	return (struct pick){.lowest = INFINITY, .highest = -INFINITY};
}

void picks_open(struct picks *p)
{
	if (p->items)
		return;
	p->items = memory_alloc(PICKS_MAX + 1, sizeof(*p->items));
	p->items[0] = nothing();
}

static bool is_kept(const struct picks *p, int64_t at_ns)
{
	if (p->n <= PICKS_LEAD)
		return true;
	if (p->n == PICKS_MAX)
		return false;
	return at_ns > p->tail_ns || (double)(at_ns - p->items[p->n - 1].at_ns) > p->width_ns;
}

static void take(struct pick *to, double seconds, double v)
{
	to->value = v;
	if (isnan(v))
		return;
	to->lowest = v < to->lowest ? v : to->lowest;
	to->highest = v > to->highest ? v : to->highest;
	to->has_any = true;
	to->sum += v * seconds;
	to->seconds += seconds;
}

// The point to come is at hand meanwhile.
void picks_add(struct picks *p, int64_t wall_ns, bool is_rate, const struct fold_step *steps,
	size_t n_steps, const double *v)
{
	struct pick now = p->items[p->n];
	for (size_t k = 0; k < n_steps; k++) {
		const struct fold_step *s = &steps[k];
		if (isnan(v[k]) && !(is_rate && s->from_ns == s->to_ns))
			continue;
		// A second sample of the same instant, or of a clock that was set back, is no new point.
		if (p->n && s->to_ns <= p->items[p->n - 1].at_ns)
			continue;
		take(&now, s->seconds, v[k]);
		if (!is_kept(p, s->to_ns))
			continue;
		now.at_ns = s->to_ns;
		p->items[p->n++] = now;
		now = nothing();
		if (p->n == PICKS_LEAD + 1)
			set_pace(p, wall_ns);
	}
	p->items[p->n] = now;
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
