// SPDX-License-Identifier: Apache-2.0
// Reads time-series documents.
#include "portal/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/hostlist.h"
#include "common/str.h"
#include "portal/field.h"

#define GAP_STEPS 2.5 // a distance of more usual steps than this is a gap

static const struct doc *child(const struct doc *d, const char *key)
{
	if (!d || d->kind != DOC_OBJECT)
		return NULL;
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->keys[i], key))
			return d->items[i];
	return NULL;
}

// Host names are the values of an object {"0": "cn01", "1": "cn02"}.
static void read_hosts(const struct doc *hosts, struct arena *a, struct series_set *ret)
{
	if (!hosts || hosts->kind != DOC_OBJECT)
		return;
	uint64_t last = 0;
	for (size_t i = 0; i < hosts->n; i++) {
		uint64_t index;
		if (parse_u64(hosts->keys[i], &index) == 0 && index < HOSTLIST_MAX && index > last)
			last = index;
	}
	ret->n_hosts = hosts->n ? last + 1 : 0;
	ret->hosts = arena_array(a, ret->n_hosts, sizeof(*ret->hosts));
	for (size_t i = 0; i < hosts->n; i++) {
		uint64_t index;
		if (parse_u64(hosts->keys[i], &index) == 0 && index < ret->n_hosts &&
			hosts->items[i]->kind == DOC_TEXT)
			ret->hosts[index] = hosts->items[i]->text;
	}
}

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int64_t usual_step(const int64_t *times, size_t n, struct arena *a)
{
	if (n < 2)
		return 0;
	int64_t *steps = arena_array(a, n - 1, sizeof(*steps));
	for (size_t i = 1; i < n; i++)
		steps[i - 1] = times[i] - times[i - 1];
	qsort(steps, n - 1, sizeof(*steps), compare_times);
	return steps[(n - 1) / 2];
}

static bool read_times(const struct doc *times, struct arena *a, struct series_data *ret)
{
	if (!times || times->kind != DOC_ARRAY || times->n == 0 || times->n > SERIES_MAX_POINTS)
		return false;
	int64_t *list = arena_array(a, times->n, sizeof(*list));
	for (size_t i = 0; i < times->n; i++) {
		double t = doc_number(times->items[i]);
		if (!(fabs(t) < 1e12) || (i > 0 && (int64_t)t < list[i - 1]))
			return false;
		list[i] = (int64_t)t;
	}
	ret->times = list;
	ret->n_times = times->n;
	ret->step = usual_step(list, times->n, a);
	return true;
}

static const double *read_values(const struct doc *values, size_t n, struct arena *a)
{
	if (!values || values->kind != DOC_ARRAY || values->n != n)
		return NULL;
	double *list = arena_array(a, n, sizeof(*list));
	for (size_t i = 0; i < n; i++)
		list[i] = doc_number(values->items[i]);
	return list;
}

static int compare_lines(const void *a, const void *b)
{
	const struct series_line *x = a;
	const struct series_line *y = b;
	return (x->host > y->host) - (x->host < y->host);
}

static void read_lines(const struct doc *hosts, const struct series_set *set, struct arena *a,
	struct series_data *ret)
{
	if (!hosts || hosts->kind != DOC_OBJECT)
		return;
	ret->lines = arena_array(a, hosts->n, sizeof(*ret->lines));
	for (size_t i = 0; i < hosts->n; i++) {
		uint64_t index;
		if (parse_u64(hosts->keys[i], &index) < 0 || index >= set->n_hosts ||
			!set->hosts[index])
			continue;
		struct series_line line = {.host = index,
			.all = read_values(child(hosts->items[i], "all"), ret->n_times, a),
			.min = read_values(child(hosts->items[i], "min"), ret->n_times, a),
			.max = read_values(child(hosts->items[i], "max"), ret->n_times, a)};
		if (line.all)
			ret->lines[ret->n_lines++] = line;
	}
	qsort(ret->lines, ret->n_lines, sizeof(*ret->lines), compare_lines);
}

void series_read(const struct doc *document, struct arena *a, struct series_set *ret)
{
	*ret = (struct series_set){0};
	if (!document || document->kind != DOC_OBJECT)
		return;
	read_hosts(child(document, "hosts"), a, ret);
	ret->items = arena_array(a, document->n, sizeof(*ret->items));
	for (size_t i = 0; i < document->n; i++) {
		const struct doc *item = document->items[i];
		struct series_data data = {.key = document->keys[i]};
		if (!read_times(child(item, "times"), a, &data))
			continue;
		read_lines(child(item, "hosts"), ret, a, &data);
		if (data.n_lines > 0)
			ret->items[ret->n++] = data;
	}
}

const struct series_data *series_find(const struct series_set *s, const char *key)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_eq(s->items[i].key, key))
			return &s->items[i];
	return NULL;
}

bool series_gap_before(const struct series_data *d, size_t i)
{
	return d->step > 0 && (double)(d->times[i] - d->times[i - 1]) > GAP_STEPS * (double)d->step;
}

struct series_summary series_line_summary(const struct series_data *d, const struct series_line *l)
{
	struct series_summary s = {.mean = NAN, .min = NAN, .max = NAN};
	double sum = 0;
	for (size_t i = 0; i < d->n_times; i++) {
		if (isnan(l->all[i]))
			continue;
		s.n++;
		sum += l->all[i];
		s.min = fmin(s.min, l->min && !isnan(l->min[i]) ? l->min[i] : l->all[i]);
		s.max = fmax(s.max, l->max && !isnan(l->max[i]) ? l->max[i] : l->all[i]);
	}
	if (s.n)
		s.mean = sum / (double)s.n;
	return s;
}

struct series_band series_band(const struct series_data *d, struct arena *a)
{
	struct series_band b = {.low = arena_array(a, d->n_times, sizeof(double)),
		.mean = arena_array(a, d->n_times, sizeof(double)),
		.high = arena_array(a, d->n_times, sizeof(double))};
	for (size_t i = 0; i < d->n_times; i++) {
		double sum = 0;
		size_t n = 0;
		b.low[i] = b.high[i] = NAN;
		for (size_t k = 0; k < d->n_lines; k++) {
			double v = d->lines[k].all[i];
			if (isnan(v))
				continue;
			b.low[i] = fmin(b.low[i], v);
			b.high[i] = fmax(b.high[i], v);
			sum += v;
			n++;
		}
		b.mean[i] = n ? sum / (double)n : NAN;
	}
	return b;
}
