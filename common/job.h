// SPDX-License-Identifier: Apache-2.0
// struct job: one accounting record. Every accounting source yields it, every consumer takes it.
// (cluster, raw_id, submit_s) names a run of a job for ever: a requeue has the same raw id and a
// later submit time, a corrected or still unknown end time changes nothing.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/hostlist.h"

#define JOB_RUNNING 0 // end_s of a job that has not ended

struct job_key {
	const char *cluster;
	uint64_t raw_id;
	int64_t submit_s;
};

struct job { // strings live in the arena the source was given; none is NULL unless said so
	struct job_key key;
	const char *id;     // what people type: "1234", "1234_7" (array), "1234+1" (het)
	uint64_t array_job; // 0: not an array
	int64_t array_task; // -1: not an array
	uint64_t het_job;   // 0: not heterogeneous
	int64_t het_offset; // -1
	const char *name;
	const char *user, *group, *account, *partition, *qos, *wckey, *reservation;
	uint32_t uid, gid; // UINT32_MAX: unknown
	const char *state; // COMPLETED, FAILED, CANCELLED, TIMEOUT, NODE_FAIL, OUT_OF_MEMORY ...
	int exit_code, exit_signal;
	int64_t eligible_s, start_s, end_s; // 0: unknown, not yet
	int64_t as_of_s; // the job still runs and end_s is only this moment; 0: it has ended
	int64_t limit_s; // 0: none or unknown
	int64_t suspended_s;
	uint32_t nodes, cpus, gpus; // allocated
	uint32_t requested_cpus;
	uint64_t requested_memory_bytes; // whole job; 0: unknown
	uint64_t allocated_memory_bytes;
	int64_t energy_j;                   // accounting's own figure; -1: unknown
	const char *tres;                   // allocated TRES as text
	const char *work_dir, *submit_line; // "" when unknown
	const char *script;                 // batch script; "" when unknown or not asked for
	struct hostlist hosts;              // node index in the document = position here
};

// "cluster/raw_id/submit_s", for messages and file names.
const char *job_key_text(const struct job_key *k, char buf[128]);
int job_key_compare(const struct job_key *a, const struct job_key *b);

// A copy whose strings and hosts live in a; NULL strings become "".
void job_copy(struct arena *a, const struct job *from, struct job *ret);
