// SPDX-License-Identifier: Apache-2.0
// Inside of the sacct source: the columns of `sacct --parsable2` and what each does to a job.
#pragma once

#include <stdbool.h>

#include "common/accounting/source.h"

enum { SACCT_COLUMNS_MAX = 256 };

// One record on its way to a struct job. Its strings live in arena until they are copied out.
struct sacct_record {
	const struct timezone_rules *zone;
	struct arena *arena;
	struct error *err;
	struct job job;
	bool has_raw_id;
	bool is_step;         // "1234.batch": no job
	const char *step;     // its name, "batch"
	const char *memory;   // ReqMem as written: its meaning depends on other columns
	uint64_t tres_memory; // of ReqTRES
	bool has_alloc_tres;
	uint64_t tres_cpus, tres_nodes;
};

struct sacct_column {
	const char *name;
	int (*set)(struct sacct_record *r, size_t offset, const char *text);
	size_t offset; // in struct job
	bool is_free;  // text of people: may hold the separator
	bool is_needed;
};

// In the order in which they must be applied, whatever the file's order is.
extern const struct sacct_column sacct_columns[];
extern const size_t sacct_n_columns;

struct sacct_record sacct_record_start(
	const struct timezone_rules *zone, struct arena *a, struct error *err);

// The record's columns are all in: what follows from several of them.
int sacct_record_finish(struct sacct_record *r);

extern const struct accounting_source sacct_source;
