// SPDX-License-Identifier: Apache-2.0
// CSV whose first line names its columns, which may come in any order and need not all be there.
#pragma once

#include "accounting/stage.h"
#include "common/csv.h"
#include "common/timezone.h"

struct column {
	const char *name;
	int at; // in the record
	enum column_type type;
	bool is_needed;
	int64_t scale; // numbers are written in units of so many; 0: 1
	int64_t most;  // of a whole number as written; 0: no limit
};

enum { COLUMNS_MAX = 32 };

struct columns {
	const struct column *known;
	size_t n_known;
	const struct timezone_rules *zone; // of times without one
	int fields[COLUMNS_MAX];           // where each known column is in a line; -1: nowhere
	size_t n_fields;
};

// Reads the line that names them; known, n_known and zone are set.
int columns_open(struct columns *c, struct csv *csv, struct arena *a, struct error *err) MUST_USE;
bool columns_has(const struct columns *c, int at);
// Puts a line into a record that was started: NULL, or what is wrong.
const char *columns_take(const struct columns *c, const struct csv_row *row, struct record *ret);
