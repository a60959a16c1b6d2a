// SPDX-License-Identifier: Apache-2.0
// The demo site: its nodes, people and jobs. Everything follows from a seed and the instant at
// which the record ends; nothing else (no clock, no locale) is looked at.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/demo/random.h"

#define CLUSTER       "demo"
#define CPU_NODES     12
#define GPU_NODES     4
#define NODES         (CPU_NODES + GPU_NODES)
#define CORES         64
#define PACKAGES      2
#define GPUS          4
#define USERS         40
#define ACCOUNTS      8
#define NODE_MEMORY   UINT64_C(270049845248) // bytes that the kernel reports of 256 GiB
#define MEMORY_MB     250000                 // of it Slurm's
#define GPU_MEMORY    UINT64_C(85899345920)
#define FIRST_UID     20001
#define ALL_CORES     UINT64_MAX
#define DAY           86400
#define MAX_JOBS      16384
#define MAX_OUTAGES   256
#define NEVER_STARTED 0
#define PROJECTS_EACH 3 // of an account
#define BUSINESSES    3

enum partition { PARTITION_COMPUTE, PARTITION_SHARED, PARTITION_GPU, PARTITIONS };

enum shape {
	SHAPE_STEADY,
	SHAPE_PHASES,     // compute and exchange in turns
	SHAPE_RAMP,       // memory grows until the end
	SHAPE_BURSTS,     // reading and writing in turns
	SHAPE_HANG,       // does nothing more after a while
	SHAPE_FIRST_NODE, // the others were allocated for nothing
	SHAPE_ONE_CORE,   // the other cores were allocated for nothing
};

enum end {
	END_COMPLETED,
	END_FAILED,
	END_CANCELLED,
	END_TIMEOUT,
	END_NODE_FAIL,
	END_OUT_OF_MEMORY,
	END_REQUEUED,
	END_NEVER, // cancelled before it started
	END_RUNNING,
	END_PENDING,
};

enum kind {
#define KIND(name, ...) KIND_##name,
#include "tests/demo/kinds.def"
	KINDS,
};

struct range {
	double low, high;
};

struct kind_row {
	const char *name;
	int count;
	const char *program;
	enum partition partition;
	struct range nodes, cores, gpus, minutes;
	double user, system, wait;  // of a busy core's time
	double memory;              // share of the request
	double read, write, fabric; // MB/s a node
	double gpu_active, gpu_memory;
	enum shape shape;
	enum end end;
	int exit_code;
};

extern const struct kind_row kind_rows[KINDS];

struct demo_job {
	uint32_t raw_id, array_job, het_job;
	int array_task, het_offset; // -1: none
	enum kind kind;
	int user;
	enum end end;
	int exit_code, exit_signal;
	int64_t submit_s, start_s, end_s; // end_s 0: not ended when the record ends
	int64_t stop_s;                   // when its processes really stopped
	int limit_minutes;
	int n_nodes;
	uint8_t nodes[NODES];
	uint64_t cores[NODES]; // by position in nodes
	uint8_t gpus[NODES];
	uint32_t memory_mb; // requested a node
	bool exclusive;
	uint64_t seed; // of what its processes do
};

struct outage { // a node is dead from its crash to its next boot
	int node;
	int64_t from_s, until_s;
};

struct site {
	uint64_t seed;
	int64_t begin_s, end_s; // of accounting
	int64_t archives_begin_s;
	double scale;          // of the numbers of jobs
	struct demo_job *jobs; // in the order of their raw ids
	size_t n_jobs;
	struct outage outages[MAX_OUTAGES];
	size_t n_outages;
};

// Fills jobs and outages; false when there is no memory.
bool site_populate(struct site *s);
void site_release(struct site *s);

const char *node_name(int node); // "cn01"
const char *user_name(int user);
const char *account_name(int user);
const char *group_name(int user); // a group for each account
int group_id(int user);
const char *partition_name(enum partition p);
const char *business_name(int business);
const char *business_text(int business);

// What people type: 1234, 1234_7, 1234+1.
const char *job_id_text(const struct demo_job *j, char buf[32]);
void slurm_time_write(FILE *f, int64_t s); // 2026-11-21T03:32:10, in the site's zone (UTC)
// cn[01-03,07]; "" for none
const char *job_hosts(const struct demo_job *j, char buf[128]);

// Writes what `sacct --duplicates --parsable2` would print; false with errno.
bool sacct_write(const struct site *s, const char *path);

// Writes nodes, their outages, people, projects, file systems and probes into files of a folder, one
// for each source of the importer; false with errno.
bool surroundings_write(const struct site *s, const char *directory);
