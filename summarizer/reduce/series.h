// SPDX-License-Identifier: Apache-2.0
// A time series of one job on one host: the job's time cut into equal bins, the same for all its
// hosts, so that times are aligned without the hosts knowing of each other. A step counts in every
// bin that it touches, by the seconds it has there; least and most of the steps are kept, so that
// peaks survive.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/reduce/fold_step.h"
#include "summarizer/reduce/picks.h"

struct series_grid {
	int64_t begin_ns, end_ns;
	int64_t width_ns;
	size_t n;    // bins; the last may be shorter
	size_t last; // bin that the last step ended in: the next begins there
};

// At most max_points bins of at least every_s seconds. n is 0 for a job of no length.
struct series_grid series_grid_make(
	int64_t begin_ns, int64_t end_ns, unsigned max_points, int64_t every_s);
int64_t series_grid_end(const struct series_grid *g, size_t bin); // ns

struct series_bin {
	double sum, seconds;
	double lowest, highest;
};

struct series_line { // all zero is an empty one
	struct series_bin *bins;
};

// Adds one value for each step.
void series_line_add(struct series_line *l, struct series_grid *g, const struct fold_step *steps,
	size_t n_steps, const double *v);
void series_line_release(struct series_line *l);

// Lines of the instances of a host: averages alone. Rows of a bin lie side by side, because a step
// brings all of them.
struct series_lines {          // all zero is an empty one
	double *sum, *seconds; // [bin * room + row]
	size_t n, room;
};

void series_lines_add(struct series_lines *l, struct series_grid *g, const struct fold_rows *rows);
// To the points that stand for them: rates are added up, a gauge is what it was at the point.
void series_lines_pick(struct series_lines *l, const struct series_grid *g, const struct picks *p,
	bool is_rate, const struct fold_rows *rows);
bool series_lines_has(const struct series_lines *l, const struct series_grid *g, size_t row);
double series_lines_mean(const struct series_lines *l, size_t bin, size_t row); // NAN: none
// Of n bins from a first one on.
void series_lines_means(
	const struct series_lines *l, size_t first, size_t n, size_t row, double *ret);
void series_lines_release(struct series_lines *l);
