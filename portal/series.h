// SPDX-License-Identifier: Apache-2.0
// A job's time series, taken out of its document: for each series one row of times and for each
// host one row of values. What was not measured is NaN in memory and null in JSON.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/document/document.h"
#include "common/error.h"

#define SERIES_MAX_LINES  64 // more hosts are drawn as a band
#define SERIES_MAX_POINTS 100000

struct series_line {
	size_t host;             // in series_set.hosts
	const double *all;       // n_times values: average of each step
	const double *min, *max; // NULL: not kept
};

struct series_data {
	const char *key;
	const int64_t *times; // Unix seconds, at the end of each step
	size_t n_times;
	int64_t step; // the usual distance of two times; 0: fewer than two
	struct series_line *lines;
	size_t n_lines;
};

struct series_set {
	const char **hosts;
	size_t n_hosts;
	struct series_data *items;
	size_t n;
};

// Reads what makes sense of a time-series document and leaves out the rest: a series without
// times, a line of another length, a host without name.
void series_read(const struct doc *document, struct arena *a, struct series_set *ret);
const struct series_data *series_find(const struct series_set *s, const char *key);

// Is there a gap before point i (i > 0)? Charts must not draw a line across it.
bool series_gap_before(const struct series_data *d, size_t i);

struct series_summary {
	size_t n; // points that were measured
	double mean, min, max;
};
struct series_summary series_line_summary(const struct series_data *d, const struct series_line *l);

// At each time the lowest, mean and highest of all hosts: what a band shows. Arrays of n_times.
struct series_band {
	double *low, *mean, *high;
};
struct series_band series_band(const struct series_data *d, struct arena *a);
