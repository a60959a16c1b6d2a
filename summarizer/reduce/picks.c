// SPDX-License-Identifier: Apache-2.0
// Which samples become points of a series.
#include "summarizer/reduce/picks.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"

#define MIDDLE_PARTS 80

void picks_set_pace(struct picks *p, int64_t wall_ns)
{
	int64_t first_ns = p->items[0].at_ns;
	int64_t lead_ns = p->items[PICKS_LEAD].at_ns - first_ns;
	p->width_ns = (double)(wall_ns - 2 * lead_ns) / MIDDLE_PARTS;
	p->tail_ns = first_ns + wall_ns - lead_ns;
}

void picks_open(struct picks *p)
{
	if (p->items == NULL)
		p->items = memory_alloc(PICKS_MAX + 1, sizeof(*p->items));
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
