// SPDX-License-Identifier: Apache-2.0
// One summary document → one row of the stage. Knows where in a document each fact stands and what
// makes a document unfit; knows nothing of the database but the form of a COPY row.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/catalogue/catalogue.h"
#include "common/store/store.h"
#include "common/str.h"

// Why a value is absent, beside the numbers that documents give (warehouse.reason).
enum reason {
	REASON_MEASURED = 0,
	REASON_NOT_ALL_NODES = 4,
	REASON_ABSENT = 100,
	REASON_NOT_NUMBER = 101,
	REASON_OUT_OF_RANGE = 102,
	REASON_NOT_ASKED = 103,
	REASON_NO_METRIC = 104,
	REASON_OTHER = 199,
};

enum { DOCUMENT_REASON_MAX = 99, COVERAGE_UNKNOWN = 255 };

struct extract_column { // one column of the stage that a metric fills
	const struct column *column;
	const char *coverage; // path in the document
	unsigned metric_id;   // place in quality and coverage
	bool is_double;       // as it is in the warehouse
};

struct extract {
	struct extract_column *columns; // in the order of COPY, after the fixed ones
	size_t n_columns;
	size_t n_metrics; // bytes of quality and coverage
};

struct defect {          // why a document is unfit
	char field[200]; // path; "" for the whole
	char reason[300];
};

// The path at which a document says how much of a metric was measured.
const char *extract_coverage_path(struct arena *a, const char *metric_name);

// "a, b, c": the fixed columns of the stage and those of the metrics, for the COPY statement.
void extract_column_names(const struct extract *x, struct strbuf *out);

// What extracts rows, made once in the arena, where x stays too. It belongs to one thread.
struct extractor;
struct extractor *extractor_new(const struct extract *x, struct arena *a);

// Appends one row; 0, or -EINVAL and *ret_defect, and the buffer as it was.
int extract_row(struct extractor *e, int ordinal, const struct store_item *item, struct strbuf *row,
	struct defect *ret_defect) MUST_USE;
