// SPDX-License-Identifier: Apache-2.0
// Bins of a time series.
#include "summarizer/reduce/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "summarizer/reduce/sums.h"

struct series_grid series_grid_make(
	int64_t begin_ns, int64_t end_ns, unsigned max_points, int64_t every_s)
{
	struct series_grid g = {.begin_ns = begin_ns, .end_ns = end_ns};
	int64_t wall_s = (end_ns - begin_ns) / NS_PER_S;
	if (wall_s <= 0 || max_points == 0)
		return g;
	int64_t width_s = (wall_s + max_points - 1) / max_points;
	width_s = width_s < every_s ? every_s : width_s;
	g.width_ns = width_s * NS_PER_S;
	g.n = (size_t)((wall_s + width_s - 1) / width_s);
	return g;
}

int64_t series_grid_end(const struct series_grid *g, size_t bin)
{
	int64_t end = g->begin_ns + (int64_t)(bin + 1) * g->width_ns;
	return end < g->end_ns ? end : g->end_ns;
}

// A boundary sample may lie outside the time that accounting gives to the job.
static bool clip(const struct series_grid *g, int64_t *from_ns, int64_t *to_ns)
{
	*from_ns = *from_ns < g->begin_ns ? g->begin_ns : *from_ns;
	*to_ns = *to_ns > g->end_ns ? g->end_ns : *to_ns;
	return g->n && *from_ns < *to_ns;
}

static size_t bin_at(struct series_grid *g, int64_t at_ns)
{
	int64_t since = at_ns - g->begin_ns - (int64_t)g->last * g->width_ns;
	if (since < 0 || since >= 2 * g->width_ns)
		g->last = (size_t)((at_ns - g->begin_ns) / g->width_ns);
	else
		g->last += since >= g->width_ns;
	return g->last;
}

void series_line_add(
	struct series_line *l, struct series_grid *g, int64_t from_ns, int64_t to_ns, double v)
{
	if (isnan(v) || !clip(g, &from_ns, &to_ns))
		return;
	if (l->bins == NULL)
		l->bins = memory_alloc(g->n, sizeof(*l->bins));
	size_t bin = bin_at(g, from_ns);
	for (; bin < g->n && from_ns < to_ns; bin++) {
		int64_t end = series_grid_end(g, bin);
		int64_t until = to_ns < end ? to_ns : end;
		struct series_bin *b = &l->bins[bin];
		double seconds = (double)(until - from_ns) / (double)NS_PER_S;
		if (b->seconds == 0 || v < b->lowest)
			b->lowest = v;
		if (b->seconds == 0 || v > b->highest)
			b->highest = v;
		b->sum += v * seconds;
		b->seconds += seconds;
		from_ns = until;
	}
}

void series_line_release(struct series_line *l)
{
	free(l->bins);
	l->bins = NULL;
}

static double *wider(const double *old, const struct series_lines *l, size_t bins, size_t room)
{
	double *v = memory_alloc(bins * room, sizeof(*v));
	for (size_t bin = 0; bin < bins && l->n; bin++)
		memcpy(v + bin * room, old + bin * l->room, l->n * sizeof(*v));
	return v;
}

static void widen(struct series_lines *l, const struct series_grid *g, size_t n)
{
	size_t room = n < 2 * l->room ? 2 * l->room : n;
	double *sum = wider(l->sum, l, g->n, room);
	double *seconds = wider(l->seconds, l, g->n, room);
	free(l->sum);
	free(l->seconds);
	l->sum = sum;
	l->seconds = seconds;
	l->room = room;
}

void series_lines_add(struct series_lines *l, struct series_grid *g, int64_t from_ns, int64_t to_ns,
	const double *v, size_t n)
{
	if (!clip(g, &from_ns, &to_ns))
		return;
	if (n > l->room)
		widen(l, g, n);
	l->n = n > l->n ? n : l->n;
	size_t bin = bin_at(g, from_ns);
	for (; bin < g->n && from_ns < to_ns; bin++) {
		int64_t end = series_grid_end(g, bin);
		int64_t until = to_ns < end ? to_ns : end;
		double seconds = (double)(until - from_ns) / (double)NS_PER_S;
		sums_add(l->sum + bin * l->room, l->seconds + bin * l->room, v, n, seconds);
		from_ns = until;
	}
}

void series_lines_put(struct series_lines *l, const struct series_grid *g, size_t bin,
	double seconds, const double *v, size_t n)
{
	if (n > l->room)
		widen(l, g, n);
	l->n = n > l->n ? n : l->n;
	double *sum = l->sum + bin * l->room;
	double *weight = l->seconds + bin * l->room;
	if (seconds == 0) {
		memset(sum, 0, n * sizeof(*sum));
		memset(weight, 0, n * sizeof(*weight));
	}
	sums_add(sum, weight, v, n, seconds > 0 ? seconds : 1);
}

double series_lines_mean(const struct series_lines *l, size_t bin, size_t row)
{
	size_t at = bin * l->room + row;
	return row < l->n && l->seconds[at] > 0 ? l->sum[at] / l->seconds[at] : NAN;
}

bool series_lines_has(const struct series_lines *l, const struct series_grid *g, size_t row)
{
	for (size_t bin = 0; bin < g->n; bin++)
		if (!isnan(series_lines_mean(l, bin, row)))
			return true;
	return false;
}

void series_lines_release(struct series_lines *l)
{
	free(l->sum);
	free(l->seconds);
	*l = (struct series_lines){0};
}
