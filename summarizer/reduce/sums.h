// SPDX-License-Identifier: Apache-2.0
// Sums of many rows at once. The loop has no branch, so that the compiler takes several rows in one
// instruction.
#pragma once

#include <stddef.h>

// Adds each value times weight to its sum and weight to its weight; NAN: not there. weight > 0.
static inline void sums_add(double *restrict sum, double *restrict total, const double *restrict v,
	size_t n, double weight)
{
	for (size_t i = 0; i < n; i++) {
		double x = v[i] * weight;
		sum[i] += x == x ? x : 0;
		total[i] += x == x ? weight : 0;
	}
}
