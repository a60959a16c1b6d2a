// SPDX-License-Identifier: Apache-2.0
// Bins of a time series.
#include "summarizer/reduce/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"
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

static void add_to_bin(struct series_bin *b, double seconds, double v)
{
	if (b->seconds == 0 || v < b->lowest)
		b->lowest = v;
	if (b->seconds == 0 || v > b->highest)
		b->highest = v;
	b->sum += v * seconds;
	b->seconds += seconds;
}

static double seconds_of(const struct fold_step *s, int64_t from_ns, int64_t to_ns)
{
	bool is_whole = from_ns == s->from_ns && to_ns == s->to_ns;
	return is_whole ? s->seconds : (double)(to_ns - from_ns) / (double)NS_PER_S;
}

void series_line_add(struct series_line *l, struct series_grid *g, const struct fold_step *steps,
	size_t n_steps, const double *v)
{
	for (size_t k = 0; k < n_steps; k++) {
		int64_t from_ns = steps[k].from_ns;
		int64_t to_ns = steps[k].to_ns;
		if (isnan(v[k]) || !clip(g, &from_ns, &to_ns))
			continue;
		if (l->bins == NULL)
			l->bins = memory_alloc(g->n, sizeof(*l->bins));
		for (size_t bin = bin_at(g, from_ns); bin < g->n && from_ns < to_ns; bin++) {
			int64_t end = series_grid_end(g, bin);
			int64_t until = to_ns < end ? to_ns : end;
			add_to_bin(&l->bins[bin], seconds_of(&steps[k], from_ns, until), v[k]);
			from_ns = until;
		}
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

static void make_room(struct series_lines *l, const struct series_grid *g, size_t n)
{
	if (n > l->room)
		widen(l, g, n);
	l->n = n > l->n ? n : l->n;
}

struct group { // steps that lie in one bin
	struct series_lines *lines;
	const struct fold_rows *rows;
	size_t bin;
	struct sums_step steps[FOLD_STEPS_MAX];
	size_t n_steps;
};

static void group_open(struct group *p, struct series_lines *l, const struct fold_rows *rows)
{
	p->lines = l;
	p->rows = rows;
	p->bin = p->n_steps = 0;
}

static void group_end(struct group *p)
{
	size_t at = p->bin * p->lines->room;
	if (p->n_steps)
		sums_add_steps(p->lines->sum + at, p->lines->seconds + at, p->rows->values,
			p->rows->n, p->steps, p->n_steps);
	p->n_steps = 0;
}

static void group_add(struct group *p, size_t bin, size_t at, double seconds)
{
	if (bin != p->bin || p->n_steps == FOLD_STEPS_MAX)
		group_end(p);
	p->bin = bin;
	p->steps[p->n_steps++] = (struct sums_step){at, seconds};
}

void series_lines_add(struct series_lines *l, struct series_grid *g, const struct fold_rows *rows)
{
	struct group p UNINITIALIZED;
	group_open(&p, l, rows);
	for (size_t k = 0; k < rows->n_steps; k++) {
		const struct fold_step *s = &rows->steps[k];
		int64_t from_ns = s->from_ns;
		int64_t to_ns = s->to_ns;
		if (!clip(g, &from_ns, &to_ns))
			continue;
		make_room(l, g, rows->n);
		for (size_t bin = bin_at(g, from_ns); bin < g->n && from_ns < to_ns; bin++) {
			int64_t end = series_grid_end(g, bin);
			int64_t until = to_ns < end ? to_ns : end;
			group_add(&p, bin, s->at, seconds_of(s, from_ns, until));
			from_ns = until;
		}
	}
	group_end(&p);
}

static void put_point(struct series_lines *l, size_t bin, const struct fold_rows *rows, size_t at)
{
	double *sum = l->sum + bin * l->room;
	double *seconds = l->seconds + bin * l->room;
	memset(sum, 0, rows->n * sizeof(*sum));
	memset(seconds, 0, rows->n * sizeof(*seconds));
	sums_add(sum, seconds, rows->values + at * rows->n, rows->n, 1);
}

// Which point stands for a step that follows on another, at or after its own.
static size_t place_after(
	const struct picks *p, const struct fold_rows *rows, size_t k, size_t place)
{
	int64_t to_ns = rows->steps[k].to_ns;
	if (k == 0 || to_ns < rows->steps[k - 1].to_ns)
		return picks_place(p, to_ns);
	while (place < p->n && p->items[place].at_ns < to_ns)
		place++;
	return place;
}

void series_lines_pick(struct series_lines *l, const struct series_grid *g, const struct picks *p,
	bool is_rate, const struct fold_rows *rows)
{
	struct group to UNINITIALIZED;
	group_open(&to, l, rows);
	size_t bin = 0;
	for (size_t k = 0; k < rows->n_steps; k++) {
		const struct fold_step *s = &rows->steps[k];
		bin = place_after(p, rows, k, bin);
		bool is_point = bin < p->n && p->items[bin].at_ns == s->to_ns;
		if (is_rate ? s->from_ns == s->to_ns : !is_point)
			continue;
		make_room(l, g, rows->n);
		if (is_rate)
			group_add(&to, bin, s->at, s->seconds);
		else
			put_point(l, bin, rows, s->at);
	}
	group_end(&to);
}

double series_lines_mean(const struct series_lines *l, size_t bin, size_t row)
{
	size_t at = bin * l->room + row;
	return row < l->n && l->seconds[at] > 0 ? l->sum[at] / l->seconds[at] : NAN;
}

void series_lines_means(
	const struct series_lines *l, size_t first, size_t n, size_t row, double *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = series_lines_mean(l, first + i, row);
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
