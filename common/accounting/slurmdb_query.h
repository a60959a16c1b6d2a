// SPDX-License-Identifier: Apache-2.0
// Inside of the slurmdb sources: the part of a query on <cluster>_job_table that all of them have.
#pragma once

#include "common/accounting/maria.h"
#include "common/accounting/slurmdb_row.h"
#include "common/str.h"

// Appends what selects the fields of a slurmdb_row, in their order: "a, b, c". Columns that this
// Slurm does not have are NULL; one that is indispensable and absent is an error that names it.
int slurmdb_select(const struct map *columns, const char *cluster, bool with_scripts,
	struct arena *a, struct strbuf *sql, struct error *err) MUST_USE;
// Appends " FROM ... t LEFT JOIN ...".
void slurmdb_from(const char *cluster, struct strbuf *sql);

// The columns of the cluster's job table. -ENOENT: there is no such cluster, or no right to read
// it.
int slurmdb_columns(struct maria *m, const char *cluster, struct arena *a, struct map *ret,
	struct error *err) MUST_USE;
// Reads the names that only the database knows; they live in a.
int slurmdb_names_load(
	struct maria *m, struct arena *a, struct slurmdb_names *ret, struct error *err) MUST_USE;
