// SPDX-License-Identifier: Apache-2.0
// Inside of the slurmdb source: a row of <cluster>_job_table as the columns of sacct, so that both
// sources make the same job of the same record.
#pragma once

#include <stdbool.h>

#include "common/accounting/sacct.h"
#include "common/map.h"

enum slurmdb_field {
	FIELD_INDEX, // job_db_inx
	FIELD_ID,
	FIELD_ARRAY_JOB,
	FIELD_ARRAY_TASK,
	FIELD_HET_JOB,
	FIELD_HET_OFFSET,
	FIELD_NAME,
	FIELD_USER,
	FIELD_UID,
	FIELD_GID,
	FIELD_ACCOUNT,
	FIELD_PARTITION,
	FIELD_QOS,
	FIELD_WCKEY,
	FIELD_RESERVATION,
	FIELD_STATE,
	FIELD_EXIT,
	FIELD_SUBMIT,
	FIELD_ELIGIBLE,
	FIELD_START,
	FIELD_END,
	FIELD_SUSPENDED,
	FIELD_LIMIT,
	FIELD_NODES,
	FIELD_REQUESTED_CPUS,
	FIELD_REQUESTED_MEMORY,
	FIELD_TRES,
	FIELD_REQUESTED_TRES,
	FIELD_HOSTS,
	FIELD_WORK_DIR,
	FIELD_SUBMIT_LINE,
	FIELD_SCRIPT,
	FIELD_COUNT,
};

struct slurmdb_row {
	const char *text[FIELD_COUNT]; // NULL: NULL, or a column that this Slurm does not have
};

struct slurmdb_names {       // of ids that only the database knows, or this machine
	struct map tres;     // id to name: "cpu", "gres/gpu:a100"
	struct map users;    // uid to name, those asked for so far
	struct map groups;   // gid to name
	struct arena *arena; // of all of them
};

void slurmdb_names_release(struct slurmdb_names *names);

// "1=4,2=256,1001=2" to "cpu=4,gres/gpu=2,mem=256M".
const char *slurmdb_tres_text(const struct slurmdb_names *names, const char *text, struct arena *a);
const char *slurmdb_state(uint64_t state); // "COMPLETED"
// Of a wait status, as sacct has it: a shell's 128 and the signal of its command are the signal alone.
unsigned slurmdb_exit_code(uint64_t status);

int slurmdb_row_job(const struct slurmdb_row *row, struct slurmdb_names *names,
	const struct accounting_request *q, struct arena *scratch, struct job *ret,
	struct error *err) MUST_USE;
