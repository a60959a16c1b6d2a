// SPDX-License-Identifier: Apache-2.0
// Inside of the slurmdb connector of jobs: what is read of jobs and steps beyond struct job.
#pragma once

#include "accounting/stage.h"
#include "common/accounting/slurmdb_query.h"

// Appends ", a, b, c": columns of the job table behind those of slurmdb_select.
void job_extra_select(
	const struct map *columns, const char *cluster, struct arena *a, struct strbuf *sql);
// Their texts into the record.
void job_extra_put(const char *const *texts, const struct slurmdb_names *names, struct arena *a,
	struct record *r);

// "SELECT a, b, c FROM `alpha_step_table` s": the first column is job_db_inx.
int step_select(struct maria *m, const char *cluster, struct arena *a, struct strbuf *sql,
	struct error *err) MUST_USE;
// False: it makes no sense.
bool step_put(const char *const *texts, const struct slurmdb_names *names, struct arena *a,
	struct record *r);
