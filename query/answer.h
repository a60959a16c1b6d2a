// SPDX-License-Identifier: Apache-2.0
// A question, put to the warehouse, and its answer.
#pragma once

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "query/period.h"
#include "query/words.h"

struct postgres;

struct filter {
	const char *dimension, *value;
};

struct question {
	const struct word *realm, *statistic, *dimension;
	const char *unit; // day, month, quarter, year; total: the whole time together
	struct period period;
	const struct filter *filters;
	size_t n_filters;
	size_t top; // only so many values of the dimension, those of the greatest figures; 0: all
	bool is_public;
};

struct answer_row {
	const char *period, *id, *name; // id NULL: not known, or not told
	const char *value, *coverage;   // numbers with all their digits; NULL: none
};

struct answer {
	struct answer_row *rows;
	size_t n;
	size_t left_out; // values of the dimension that --top left out
};

int answer_get(struct postgres *p, const struct question *q, struct arena *a, struct answer *ret,
	struct error *err) MUST_USE;

// The SQL that the question is answered by, with $1 and $2 for the first and the last day.
int answer_sql(struct postgres *p, const struct question *q, struct arena *a, const char **ret,
	struct error *err) MUST_USE;
