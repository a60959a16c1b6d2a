// SPDX-License-Identifier: Apache-2.0
// What connectors make: records, each a row of one of the temporary tables of stages.def.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/hostlist.h"
#include "common/str.h"

enum stage_id {
#define STAGE(stage) STAGE_##stage,
#include "accounting/stages.def"
	STAGES,
};

// AT_project_code and so on: the place of a column in its record.
enum stage_place {
#define STAGE(stage)                AT_##stage##_before_ = -1,
#define COLUMN(stage, column, type) AT_##stage##_##column,
#include "accounting/stages.def"
};

enum column_type {
	COLUMN_TEXT,
	COLUMN_INT,
	COLUMN_BIGINT,
	COLUMN_DOUBLE,
	COLUMN_TIME, // seconds since 1970
	COLUMN_BOOL,
	COLUMN_TEXTS,
};

struct stage_column {
	const char *name;
	enum column_type type;
};

// The columns of a stage.
const struct stage_column *stage_columns(enum stage_id stage, size_t *ret_n);

enum { STAGE_COLUMNS_MAX = 64 };

struct value {
	bool is_set; // else NULL
	union {
		int64_t integer; // INT, BIGINT, TIME, BOOL
		double number;
		const char *text;
		const struct hostlist *texts;
	};
};

struct record {
	enum stage_id stage;
	bool follows;    // belongs to the record before that does not: they go together
	const char *key; // what tells it in its source, for the quarantine; NULL: it has no name
	struct value values[STAGE_COLUMNS_MAX];
};

void record_start(struct record *r, enum stage_id stage, const char *key);
void record_text(struct record *r, int at, const char *text); // NULL and "" are NULL
void record_int(struct record *r, int at, int64_t v);
void record_double(struct record *r, int at, double v);
void record_texts(struct record *r, int at, const struct hostlist *texts);

// CREATE TEMPORARY TABLE and COPY of a stage.
void stage_create(enum stage_id stage, struct strbuf *sql);
void stage_copy(enum stage_id stage, struct strbuf *sql);

// Appends the record as a row of COPY BINARY with this ordinal before its values. *ret_is_mended:
// text was not as it should be and was made so. -EINVAL: a number does not fit its column; *out
// is as before.
int stage_put(const struct record *r, int64_t ordinal, struct strbuf *out, bool *ret_is_mended,
	struct error *err) MUST_USE;
