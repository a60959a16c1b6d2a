// SPDX-License-Identifier: Apache-2.0
// A time series of one job on one host: the job's time cut into equal bins, the same for all its
// hosts, so that times are aligned without the hosts knowing of each other. A step counts in every
// bin that it touches, by the seconds it has there; least and most of the steps are kept, so that
// peaks survive.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

void series_line_add(
	struct series_line *l, struct series_grid *g, int64_t from_ns, int64_t to_ns, double v);
void series_line_release(struct series_line *l);

// Lines of the instances of a host: averages alone. Rows of a bin lie side by side, because a step
// brings all of them.
struct series_lines {          // all zero is an empty one
	double *sum, *seconds; // [bin * room + row]
	size_t n, room;
};

void series_lines_add(struct series_lines *l, struct series_grid *g, int64_t from_ns, int64_t to_ns,
	const double *v, size_t n);
// Of a bin alone, whatever its time. seconds 0: in the place of what was there.
void series_lines_put(struct series_lines *l, const struct series_grid *g, size_t bin,
	double seconds, const double *v, size_t n);
bool series_lines_has(const struct series_lines *l, const struct series_grid *g, size_t row);
double series_lines_mean(const struct series_lines *l, size_t bin, size_t row); // NAN: none
void series_lines_release(struct series_lines *l);
