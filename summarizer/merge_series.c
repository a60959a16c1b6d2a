// SPDX-License-Identifier: Apache-2.0
// Time series of the hosts of a job side by side. Times are aligned already; a point that no host
// has is left out, one that only some have is null in the others.
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "summarizer/merge_bands.h"
#include "summarizer/merge_lines.h"
#include "summarizer/reduce/series.h"

// BSON documents end at 16 MiB; the series of a job stay well below.
#define SERIES_BUDGET   (12u << 20)
#define BYTES_PER_VALUE 13
#define SERIES_UNBOUND  5 // SUPReMM: cpuset unknown

void merge_read_devices(struct merge *m, struct partial_reader *r, size_t n_bins, struct line *l)
{
	size_t n = partial_u64(r);
	if (n > r->bytes.len)
		return;
	l->n_devices = n;
	l->names = arena_array(&m->scratch, n + 1, sizeof(*l->names));
	l->devices = arena_array(&m->scratch, n + 1, sizeof(*l->devices));
	for (size_t i = 0; i < n && !r->is_bad; i++) {
		l->names[i] = partial_text(r);
		l->devices[i] = partial_doubles(r, n_bins, &m->scratch);
	}
}

static void read_line(struct merge *m, size_t node, struct lines *to)
{
	struct partial_reader *r = &m->readers[node];
	size_t n_bins = partial_u64(r);
	if (n_bins > r->bytes.len)
		n_bins = 0; // damaged: nothing fits
	const double *values = partial_doubles(r, 3 * n_bins, &m->scratch);
	struct line l = {.values = values, .node = node};
	merge_read_devices(m, r, n_bins, &l);
	if (n_bins == 0 || r->is_bad)
		return;
	to->n_bins = n_bins;
	to->n_values += l.n_devices * n_bins;
	to->items[to->n++] = l;
}

static void put_number(struct merge *m, struct doc *array, double v)
{
	if (isnan(v)) {
		struct doc *null = arena_alloc(m->arena, sizeof(*null));
		null->kind = DOC_NULL;
		doc_put(array, m->arena, NULL, null);
		return;
	}
	doc_put_double(array, m->arena, NULL, v);
}

struct shape {           // of all lines of a series in the document
	const bool *has; // bins that any host has
	size_t n_bins;
	double scale;
	bool with_devices;
};

static void put_values(struct merge *m, struct doc *to, const char *key, const double *v,
	size_t stride, const struct shape *s)
{
	struct doc *array = doc_array(m->arena);
	for (size_t i = 0; i < s->n_bins; i++)
		if (s->has[i])
			put_number(m, array, v[stride * i] * s->scale);
	doc_put(to, m->arena, key, array);
}

static void put_line(
	struct merge *m, const struct line *l, const struct shape *s, struct doc *hosts)
{
	struct doc *host = doc_object(m->arena);
	put_values(m, host, "all", l->values, 3, s);
	put_values(m, host, "min", l->values + 1, 3, s);
	put_values(m, host, "max", l->values + 2, 3, s);
	if (l->averages)
		put_values(m, host, "avg", l->averages, 1, s);
	if (l->n_devices && s->with_devices) {
		struct doc *dev = doc_object(m->arena);
		struct doc *names = doc_object(m->arena);
		for (size_t i = 0; i < l->n_devices; i++) {
			const char *key = arena_printf(m->arena, "%zu", i);
			put_values(m, dev, key, l->devices[i], 1, s);
			doc_put_text(names, m->arena, key, l->names[i]);
		}
		doc_put(host, m->arena, "dev", dev);
		doc_put(host, m->arena, "names", names);
	}
	doc_put(hosts, m->arena, arena_printf(m->arena, "%zu", l->node), host);
}

static struct series_grid grid_of(const struct merge *m, const struct plan_metric *x)
{
	const struct job *job = m->request->job;
	return series_grid_make(job->start_s * NS_PER_S, job->end_s * NS_PER_S,
		m->request->plan->series_points, x->metric->every_s);
}

struct ranked {
	double value;
	size_t line;
	size_t n_extreme;
};

static int by_value(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int by_extreme(const void *a, const void *b)
{
	const struct ranked *x = a;
	const struct ranked *y = b;
	if (x->n_extreme != y->n_extreme)
		return x->n_extreme > y->n_extreme ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static int by_node(const void *a, const void *b)
{
	const struct line *x = a;
	const struct line *y = b;
	return (x->node > y->node) - (x->node < y->node);
}

// The values of all hosts at a point, in order.
static size_t rank(
	const struct lines *l, size_t bin, struct ranked *at, double *sorted, struct bands *bands)
{
	size_t n = 0;
	double lowest = INFINITY;
	double highest = -INFINITY;
	for (size_t i = 0; i < l->n; i++) {
		const double *v = l->items[i].values + 3 * bin;
		if (isnan(v[0]))
			continue;
		at[n++] = (struct ranked){v[0], i, 0};
		lowest = fmin(lowest, v[1]);
		highest = fmax(highest, v[2]);
	}
	if (n)
		qsort(at, n, sizeof(*at), by_value);
	for (size_t i = 0; i < n; i++)
		sorted[i] = at[i].value;
	bands_take(bands, bin, sorted, n, lowest, highest);
	return n;
}

// Too many hosts: those that are most often the lowest, the highest or the middle one stay, and what
// all of them did is told by bands.
static struct bands *keep_telling(struct merge *m, struct lines *l, size_t max)
{
	if (l->n <= max)
		return NULL;
	struct ranked *at = arena_array(&m->scratch, l->n, sizeof(*at));
	struct ranked *host = arena_array(&m->scratch, l->n, sizeof(*host));
	double *sorted = arena_array(&m->scratch, l->n, sizeof(*sorted));
	struct line *kept = arena_array(&m->scratch, max + 1, sizeof(*kept));
	struct bands *bands = bands_make(l->n, l->n_bins, &m->scratch);
	for (size_t i = 0; i < l->n; i++)
		host[i].line = i;
	for (size_t bin = 0; bin < l->n_bins; bin++) {
		size_t n = rank(l, bin, at, sorted, bands);
		if (n == 0)
			continue;
		host[at[0].line].n_extreme++;
		host[at[n / 2].line].n_extreme++;
		host[at[n - 1].line].n_extreme++;
	}
	qsort(host, l->n, sizeof(*host), by_extreme);
	for (size_t i = 0; i < max; i++)
		kept[i] = l->items[host[i].line];
	qsort(kept, max, sizeof(*kept), by_node);
	l->items = kept;
	l->n = max;
	return bands;
}

static void put_bands(
	struct merge *m, const struct bands *b, const struct shape *s, struct doc *series)
{
	struct doc *to = doc_at(series, m->arena, "bands");
	doc_put_int(to, m->arena, "hosts", (int64_t)b->n_hosts);
	for (size_t i = 0; i < BANDS; i++)
		put_values(m, to, bands_name(i), b->rows[i], 1, s);
}

static void put_series(
	struct merge *m, const struct plan_metric *x, struct lines *l, struct doc *root)
{
	struct series_grid g = grid_of(m, x);
	if (l->n_bins == 0 || (l->times == NULL && g.n != l->n_bins))
		return;
	size_t budget = SERIES_BUDGET / m->request->plan->n_series / BYTES_PER_VALUE;
	size_t per_line = 3 * l->n_bins;
	bool *has = arena_array(&m->scratch, l->n_bins, sizeof(*has));
	for (size_t i = 0; i < l->n; i++)
		for (size_t bin = 0; bin < l->n_bins; bin++)
			has[bin] |= !isnan(l->items[i].values[3 * bin]);
	const struct bands *bands = keep_telling(m, l, budget / per_line ? budget / per_line : 1);

	const struct series *series = x->metric->series;
	struct shape shape = {.has = has,
		.n_bins = l->n_bins,
		.scale = series->scale,
		.with_devices = l->n * per_line + l->n_values <= budget};
	struct doc *to = doc_at(root, m->arena, series->document);
	struct doc *times = doc_array(m->arena);
	struct doc *hosts = doc_object(m->arena);
	for (size_t bin = 0; bin < l->n_bins; bin++) {
		if (has[bin] && l->times)
			doc_put_double(
				times, m->arena, NULL, (double)l->times[bin] / (double)NS_PER_S);
		else if (has[bin])
			doc_put_int(times, m->arena, NULL, series_grid_end(&g, bin) / NS_PER_S);
	}
	for (size_t i = 0; i < l->n; i++)
		put_line(m, &l->items[i], &shape, hosts);
	doc_put(to, m->arena, "times", times);
	doc_put(to, m->arena, "hosts", hosts);
	if (bands)
		put_bands(m, bands, &shape, to);
}

static bool is_attributable(const struct merge *m, const struct series *s)
{
	if (s->over == SCOPE_JOB_CORE)
		return m->knows_cores;
	return m->is_exclusive || s->over == SCOPE_CGROUP;
}

void merge_series(struct merge *m, struct doc *root)
{
	for (size_t k = 0; k < m->request->plan->n_metrics; k++) {
		const struct plan_metric *x = &m->request->plan->metrics[k];
		if (x->series == SIZE_MAX)
			continue;
		struct lines l = {.items = arena_array(&m->scratch, m->n + 1, sizeof(*l.items))};
		bool is_picked = x->metric->series->is_picked;
		if (is_picked)
			merge_picks(m, &l);
		for (size_t i = 0; !is_picked && i < m->n; i++)
			if (m->heads[i].n_archives)
				read_line(m, i, &l);
		if (l.n && is_attributable(m, x->metric->series))
			put_series(m, x, &l, root);
		else if (l.n)
			doc_put_int(doc_at(root, m->arena, x->metric->series->document), m->arena,
				"error", SERIES_UNBOUND);
		arena_reset(&m->scratch);
	}
}
