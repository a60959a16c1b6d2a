// SPDX-License-Identifier: Apache-2.0
// Statistics of a population: avg cnt cov krt max med min skw std as scipy.stats.describe gives
// them, skewness and kurtosis biased, kurtosis in excess of the normal one.
#include "summarizer/reduce/statistics.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "common/catalogue/catalogue.h"

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

// Neumaier's sum: exact enough that the order of values hardly matters.
static double sum_of(const double *v, size_t n)
{
	double sum = 0;
	double lost = 0;
	for (size_t i = 0; i < n; i++) {
		double t = sum + v[i];
		lost += fabs(sum) >= fabs(v[i]) ? (sum - t) + v[i] : (v[i] - t) + sum;
		sum = t;
	}
	return isfinite(lost) ? sum + lost : sum;
}

static void add_moments(struct statistics *s, const double *v)
{
	double m2 = 0;
	double m3 = 0;
	double m4 = 0;
	double n = (double)s->cnt;
	for (size_t i = 0; i < s->cnt; i++) {
		double d = v[i] - s->avg;
		m2 += d * d;
		m3 += d * d * d;
		m4 += d * d * d * d;
	}
	double deviation = sqrt(m2 / (n - 1));
	m2 /= n;
	m3 /= n;
	m4 /= n;
	if (m2 > pow(DBL_EPSILON * s->avg, 2)) { // else the moments are rounding alone
		s->skw = m3 / pow(m2, 1.5);
		s->krt = m4 / (m2 * m2) - 3;
	}
	if (s->cnt > 2)
		s->std = deviation;
	if (s->avg > 0)
		s->cov = deviation / s->avg;
}

struct statistics statistics_of(double *v, size_t n)
{
	struct statistics s = {
		.cnt = n,
		.avg = NAN,
		.min = NAN,
		.max = NAN,
		.med = NAN,
		.skw = NAN,
		.krt = NAN,
		.std = NAN,
		.cov = NAN,
	};
	if (n == 0)
		return s;
	qsort(v, n, sizeof(*v), by_value);
	s.total = sum_of(v, n);
	s.min = v[0];
	s.max = v[n - 1];
	if (s.min == s.max) {
		s.avg = v[0];
		return s;
	}
	s.avg = s.total / (double)n;
	s.med = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
	add_moments(&s, v);
	return s;
}

void statistics_put(const struct statistics *s, unsigned keep, struct doc *to, struct arena *a)
{
	bool all = keep & STATISTIC_ALL;
	bool varied = all && s->cnt > 0 && s->min != s->max;
	if (all || keep & STATISTIC_AVG)
		doc_put_double(to, a, "avg", s->avg);
	if (all || keep & STATISTIC_CNT)
		doc_put_int(to, a, "cnt", (int64_t)s->cnt);
	if (varied) {
		doc_put_double(to, a, "cov", s->cov);
		doc_put_double(to, a, "krt", s->krt);
	}
	if (varied || keep & STATISTIC_MAX)
		doc_put_double(to, a, "max", s->max);
	if (varied)
		doc_put_double(to, a, "med", s->med);
	if (varied || keep & STATISTIC_MIN)
		doc_put_double(to, a, "min", s->min);
	if (varied) {
		doc_put_double(to, a, "skw", s->skw);
		doc_put_double(to, a, "std", s->std);
	}
	if (keep & STATISTIC_TOTAL)
		doc_put_double(to, a, "total", s->total);
}
