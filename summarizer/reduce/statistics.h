// SPDX-License-Identifier: Apache-2.0
// Statistics of a population, SUPReMM's definitions.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/document/document.h"

struct statistics { // NAN: not defined for this population
	size_t cnt;
	double total, avg, min, max;
	double med, skw, krt, std, cov;
};

// Sorts v. With no value or equal values only cnt, total, avg, min and max are defined.
struct statistics statistics_of(double *v, size_t n);

// Puts those that keep asks for (bits of enum statistic) into an object. SUPReMM's set leaves out
// what it does: of one value or of equal values there are only avg and cnt.
void statistics_put(const struct statistics *s, unsigned keep, struct doc *to, struct arena *a);
