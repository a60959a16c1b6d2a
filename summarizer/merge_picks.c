// SPDX-License-Identifier: Apache-2.0
// Each host chose its points by its own samples; a document has one list of times. It is that of the
// host with most points. Hosts with as many points, none further away than its neighbours are, keep
// theirs one by one; a point of any other host goes to the nearest time.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "summarizer/merge_lines.h"

struct picked {
	struct line line;
	const int64_t *times; // ns
	size_t n;
};

// Times that go up and none before 1970: what is done with them overflows nowhere.
static bool are_times(const int64_t *times, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (times[i] < (i ? times[i - 1] : 0))
			return false;
	return true;
}

static void read_host(struct merge *m, size_t node, struct picked *ret)
{
	struct partial_reader *r = &m->readers[node];
	size_t n = partial_u64(r);
	*ret = (struct picked){.line.node = node};
	if (n > r->bytes.len / sizeof(int64_t))
		n = 0;
	int64_t *times = arena_array(&m->scratch, n + 1, sizeof(*times));
	for (size_t i = 0; i < n; i++)
		times[i] = (int64_t)partial_u64(r);
	ret->line.values = partial_doubles(r, 3 * n, &m->scratch);
	ret->line.averages = n ? partial_doubles(r, n, &m->scratch) : NULL;
	merge_read_devices(m, r, n, &ret->line);
	r->is_bad |= !are_times(times, n);
	ret->times = times;
	ret->n = r->is_bad ? 0 : n;
}

// Nanoseconds to the neighbour that is further away.
static int64_t spacing(const struct picked *p, size_t i)
{
	int64_t before = i > 0 ? p->times[i] - p->times[i - 1] : 0;
	int64_t after = i + 1 < p->n ? p->times[i + 1] - p->times[i] : 0;
	return before > after ? before : after;
}

static bool goes_along(const struct picked *p, const struct picked *with)
{
	if (p->n != with->n)
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (llabs(p->times[i] - with->times[i]) > spacing(with, i))
			return false;
	return true;
}

// The time of `with` nearest to a point; *slot goes up only, as times do.
static size_t nearest(const struct picked *with, size_t slot, int64_t at_ns)
{
	while (slot + 1 < with->n &&
		llabs(with->times[slot + 1] - at_ns) <= llabs(with->times[slot] - at_ns))
		slot++;
	return slot;
}

static double *blank(struct merge *m, size_t n)
{
	double *v = arena_array(&m->scratch, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = NAN;
	return v;
}

static void widen(double *to, const double *from)
{
	if (!(to[1] <= from[1]))
		to[1] = from[1];
	if (!(to[2] >= from[2]))
		to[2] = from[2];
}

// Of two points at one time the nearer one stays, with the peaks of both.
static void move(struct merge *m, const struct picked *with, struct picked *p)
{
	struct line old = p->line;
	double *values = blank(m, 3 * with->n);
	double *averages = blank(m, with->n);
	double **devices = arena_array(&m->scratch, old.n_devices + 1, sizeof(*devices));
	int64_t *from = arena_array(&m->scratch, with->n + 1, sizeof(*from));
	size_t slot = 0;
	for (size_t d = 0; d < old.n_devices; d++)
		devices[d] = blank(m, with->n);
	for (size_t i = 0; i < p->n; i++) {
		slot = nearest(with, slot, p->times[i]);
		int64_t away = 1 + llabs(with->times[slot] - p->times[i]);
		widen(values + 3 * slot, old.values + 3 * i);
		if (from[slot] && from[slot] <= away)
			continue;
		from[slot] = away;
		values[3 * slot] = old.values[3 * i];
		averages[slot] = old.averages[i];
		for (size_t d = 0; d < old.n_devices; d++)
			devices[d][slot] = old.devices[d][i];
	}
	p->line.values = values;
	p->line.averages = averages;
	p->line.devices = (const double **)devices;
}

// A rate is an average already.
static bool has_averages(const struct picked *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (!isnan(p->line.averages[i]))
			return true;
	return false;
}

void merge_picks(struct merge *m, struct lines *ret)
{
	struct picked *hosts = arena_array(&m->scratch, m->n + 1, sizeof(*hosts));
	const struct picked *most = NULL;
	bool any_averages = false;
	for (size_t i = 0; i < m->n; i++) {
		if (m->heads[i].n_archives == 0)
			continue;
		read_host(m, i, &hosts[i]);
		any_averages |= has_averages(&hosts[i]);
		if (hosts[i].n && (most == NULL || hosts[i].n > most->n))
			most = &hosts[i];
	}
	if (most == NULL)
		return;
	ret->n_bins = most->n;
	ret->times = most->times;
	for (size_t i = 0; i < m->n; i++) {
		struct picked *p = &hosts[i];
		if (p->n == 0)
			continue;
		if (!goes_along(p, most))
			move(m, most, p);
		if (!any_averages)
			p->line.averages = NULL;
		ret->items[ret->n++] = p->line;
		ret->n_values += p->line.n_devices * most->n;
	}
}
