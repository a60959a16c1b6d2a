// SPDX-License-Identifier: Apache-2.0
// Tables of slurmdbd that are read whole: columns that a release has not are NULL.
#pragma once

#include "accounting/connector.h"
#include "common/accounting/maria.h"

struct slurm_column {
	const char *name;
	bool is_needed;
};

struct slurm_table { // one that is being read
	struct maria *maria;
	struct maria_rows *rows;
	struct problems *problems;
	struct arena arena;   // of the step
	struct arena scratch; // of the record at hand
};

// Rows that count: Slurm marks what is deleted, and old ones may have no mark.
#define SLURM_ROWS_IN_ORDER " WHERE coalesce(deleted, 0) = 0 ORDER BY 1"

struct slurm_query {
	const char *cluster; // "alpha": the table is alpha_event_table; NULL: event_table
	const char *table;
	const struct slurm_column *columns; // in this order
	size_t n;
	const char *where;   // what follows the table in SQL
	const int64_t *from; // its one '?'; NULL: it has none
};

int slurm_table_query(
	struct slurm_table *t, const struct slurm_query *q, struct error *err) MUST_USE;
// 1 and the texts of the next row, 0 at the end. "" for NULL.
int slurm_table_next(
	struct slurm_table *t, size_t n, const char **texts, struct error *err) MUST_USE;
void slurm_table_release(struct slurm_table *t);

// A number; false: it is none, or one that Slurm writes for unknown and unlimited.
bool slurm_number(const char *text, int64_t *ret);
