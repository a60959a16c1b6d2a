// SPDX-License-Identifier: Apache-2.0
// Sums of many rows at once. The loops have no branch, and steps that follow on each other are added to
// some rows at a time, which stay in registers meanwhile. Whatever the way, each row's values are added one
// by one in the order of the steps, so that the sum is the same to the last bit.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sums_step {
	size_t at;     // its values are the at-th n of all
	double weight; // > 0
};

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

typedef double sums_pair __attribute__((vector_size(16)));
typedef int64_t sums_mask __attribute__((vector_size(16)));
#define SUMS_PAIRS_MAX 4

static inline sums_pair sums_where(sums_mask there, sums_pair x)
{
	return (sums_pair)(there & (sums_mask)x);
}

// Twice as many rows as pairs, a constant where it is called.
static inline __attribute__((always_inline)) void sums_add_pairs(double *restrict sum,
	double *restrict total, const double *restrict values, size_t n, int pairs,
	const struct sums_step *steps, size_t n_steps)
{
	sums_pair s[SUMS_PAIRS_MAX];
	sums_pair t[SUMS_PAIRS_MAX];
	size_t size = (size_t)pairs * sizeof(*s);
	memcpy(s, sum, size);
	memcpy(t, total, size);
	for (size_t k = 0; k < n_steps; k++) {
		sums_pair v[SUMS_PAIRS_MAX];
		sums_pair weight = {steps[k].weight, steps[k].weight};
		memcpy(v, values + steps[k].at * n, size);
		for (int i = 0; i < pairs; i++) {
			sums_pair x = v[i] * weight;
			s[i] += sums_where(x == x, x);
			t[i] += sums_where(x == x, weight);
		}
	}
	memcpy(sum, s, size);
	memcpy(total, t, size);
}

static inline void sums_add_row(double *restrict sum, double *restrict total,
	const double *restrict values, size_t n, const struct sums_step *steps, size_t n_steps)
{
	double s = *sum;
	double t = *total;
	for (size_t k = 0; k < n_steps; k++) {
		double x = values[steps[k].at * n] * steps[k].weight;
		s += x == x ? x : 0;
		t += x == x ? steps[k].weight : 0;
	}
	*sum = s;
	*total = t;
}

// As sums_add() for one step after the other.
static inline void sums_add_steps(double *restrict sum, double *restrict total,
	const double *restrict values, size_t n, const struct sums_step *steps, size_t n_steps)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		sums_add_pairs(sum + i, total + i, values + i, n, 4, steps, n_steps);
	for (; i + 2 <= n; i += 2)
		sums_add_pairs(sum + i, total + i, values + i, n, 1, steps, n_steps);
	if (i < n)
		sums_add_row(sum + i, total + i, values + i, n, steps, n_steps);
}
