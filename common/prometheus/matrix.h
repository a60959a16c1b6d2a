// SPDX-License-Identifier: Apache-2.0
// The answer of a Prometheus query: series with their samples. Any text may come: what is no answer
// is an error, a sample that makes no sense (NaN, infinite) is left out.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/document/document.h"
#include "common/error.h"

struct matrix_sample {
	int64_t time_ns;
	double value;
};

struct matrix_series {
	const struct doc *labels; // object of texts
	struct matrix_sample *samples;
	size_t n;
};

struct matrix {
	struct matrix_series *series;
	size_t n;
	size_t odd; // samples left out that were no numbers at all
};

int matrix_parse(
	struct bytes body, struct arena *a, struct matrix *ret, struct error *err) MUST_USE;
const char *matrix_label(const struct matrix_series *s, const char *name); // "" when absent
// "cpu{cpu}" with the values of the labels; what stands in brackets only where its labels are there.
char *matrix_instance(const struct matrix_series *s, const char *form, struct arena *a);
