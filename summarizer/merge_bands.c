// SPDX-License-Identifier: Apache-2.0
// Quantiles over the hosts of a job.
#include "summarizer/merge_bands.h"

#include <math.h>

#include "common/macro.h"

static const struct band {
	const char *name;
	unsigned percent; // of the hosts are not above; 0 and 100: least and most of all
} bands[BANDS] = {
	{"min", 0},
	{"p05", 5},
	{"p25", 25},
	{"p50", 50},
	{"p75", 75},
	{"p95", 95},
	{"max", 100},
};

struct bands *bands_make(size_t n_hosts, size_t n_points, struct arena *a)
{
	struct bands *b = arena_alloc(a, sizeof(*b));
	b->n_hosts = n_hosts;
	for (size_t i = 0; i < BANDS; i++) {
		b->rows[i] = arena_array(a, n_points + 1, sizeof(*b->rows[i]));
		for (size_t k = 0; k < n_points; k++)
			b->rows[i][k] = NAN;
	}
	return b;
}

// By nearest rank: always the value of a host.
static double quantile(const double *sorted, size_t n, unsigned percent)
{
	size_t rank = (n * percent + 99) / 100;
	return sorted[rank ? rank - 1 : 0];
}

void bands_take(struct bands *b, size_t point, const double *sorted, size_t n, double lowest,
	double highest)
{
	for (size_t i = 0; n && i < BANDS; i++)
		if (bands[i].percent == 0)
			b->rows[i][point] = lowest;
		else if (bands[i].percent == 100)
			b->rows[i][point] = highest;
		else
			b->rows[i][point] = quantile(sorted, n, bands[i].percent);
}

const char *bands_name(size_t i)
{
	return bands[i].name;
}
