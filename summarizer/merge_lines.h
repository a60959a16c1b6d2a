// SPDX-License-Identifier: Apache-2.0
// Inside of the merge: the lines of one series, host by host, over the same times.
#pragma once

#include "summarizer/merge.h"

struct line {
	const double *values;   // {all, min, max} each
	const double *averages; // over the time since the point before; NULL: all is that
	size_t node;
	size_t n_devices;
	const char **names;
	const double **devices;
};

struct lines { // of one series
	struct line *items;
	size_t n;
	size_t n_bins;
	size_t n_values;      // of devices
	const int64_t *times; // ns; NULL: equal bins
};

// Points that hosts chose for themselves, brought to the times of the host that has most of them.
// Reads the series of all hosts.
void merge_picks(struct merge *m, struct lines *ret);
// The lines of devices, of n_bins values each, that follow a host's own.
void merge_read_devices(struct merge *m, struct partial_reader *r, size_t n_bins, struct line *l);
