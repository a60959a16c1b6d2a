// SPDX-License-Identifier: Apache-2.0
// Periods: the strongest frequencies of the periodogram are candidates; one holds if it lies on a
// hill of the autocorrelation, which tells a period from its harmonics. (Vlachos, Yu and
// Castelli, "On periodicity detection and structural periodic similarity", 2005.)
#include "summarizer/analyses/period.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define LEAST_POINTS   16
#define LEAST_PERIODS  3    // that a series must hold
#define LEAST_STRENGTH 0.3  // of the autocorrelation at the period
#define LEAST_CONTRAST 0.05 // less is no on and off

static double mean_of(const double *v, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += v[i];
	return sum / (double)n;
}

// Circular, 1 at no lag.
static void correlate(const double *v, size_t n, double *ret)
{
	double all = 0;
	for (size_t i = 0; i < n; i++)
		all += v[i] * v[i];
	for (size_t lag = 0; lag <= n / 2; lag++) {
		double sum = 0;
		for (size_t i = 0; i + lag < n; i++)
			sum += v[i] * v[i + lag];
		// Shorter overlaps count as whole ones.
		ret[lag] = all > 0 ? sum / all * (double)n / (double)(n - lag) : 0;
	}
}

static double power_at(const double *v, size_t n, size_t frequency)
{
	double re = 0;
	double im = 0;
	for (size_t i = 0; i < n; i++) {
		// The angle is taken from the remainder, so that it stays exact for long series.
		double angle = 2 * M_PI * (double)(i * frequency % n) / (double)n;
		re += v[i] * cos(angle);
		im -= v[i] * sin(angle);
	}
	return re * re + im * im;
}

// The top of the hill that a lag lies on; 0: it lies on none.
static size_t climb(const double *correlation, size_t n, size_t lag, size_t slack)
{
	size_t low = lag > slack + 1 ? lag - slack : 2;
	size_t high = lag + slack < n / 2 - 1 ? lag + slack : n / 2 - 1;
	size_t best = 0;
	for (size_t at = low; at <= high; at++)
		if (correlation[at] >= correlation[at - 1] &&
			correlation[at] >= correlation[at + 1] &&
			(best == 0 || correlation[at] > correlation[best]))
			best = at;
	return best && correlation[best] >= LEAST_STRENGTH ? best : 0;
}

// The part of a period in which most is done: where more than on average happens.
static void find_on(const double *rates, size_t n, struct period *p)
{
	size_t bins = (size_t)rint(p->length);
	AUTO_FREE double *folded = memory_alloc(2 * bins, sizeof(*folded));
	double *count = folded + bins;
	double sum[2] = {0};
	size_t number[2] = {0};
	for (size_t i = 0; i < n; i++) {
		size_t bin = (size_t)(fmod((double)i, p->length) / p->length * (double)bins);
		folded[bin] += rates[i];
		count[bin] += 1;
	}
	for (size_t i = 0; i < bins; i++)
		folded[i] = count[i] > 0 ? folded[i] / count[i] : 0;
	double mean = mean_of(folded, bins);
	size_t shift = bins;
	for (size_t i = 0; i < bins; i++) {
		bool is_on = folded[i] > mean;
		sum[is_on] += folded[i];
		number[is_on]++;
		if (is_on && folded[(i + bins - 1) % bins] <= mean && shift == bins)
			shift = i;
	}
	if (number[0] == 0 || number[1] == 0)
		return;
	double off = sum[0] / (double)number[0];
	double on = sum[1] / (double)number[1];
	p->shift = (double)shift * p->length / (double)bins;
	p->on = (double)number[1] * p->length / (double)bins;
	p->contrast = on + off > 0 ? (on - off) / (on + off) : 0;
}

bool period_find(const double *rates, size_t n, struct period *ret)
{
	*ret = (struct period){0};
	if (n < LEAST_POINTS)
		return false;
	AUTO_FREE double *v = memory_alloc(n, sizeof(*v));
	AUTO_FREE double *correlation = memory_alloc(n, sizeof(*correlation));
	double mean = mean_of(rates, n);
	double best = 0;
	for (size_t i = 0; i < n; i++)
		v[i] = rates[i] - mean;
	correlate(v, n, correlation);
	for (size_t f = LEAST_PERIODS; f <= n / 3; f++) {
		double power = power_at(v, n, f);
		size_t lag = (n + f / 2) / f;
		if (power <= best)
			continue;
		if (climb(correlation, n, lag, lag / 8 + 1) == 0)
			continue;
		best = power;
		ret->length = (double)n / (double)f;
	}
	if (best == 0)
		return false;
	find_on(rates, n, ret);
	return ret->contrast >= LEAST_CONTRAST;
}
