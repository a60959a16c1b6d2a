// SPDX-License-Identifier: Apache-2.0
// One node of the demo site as its counters show it. The state of a node is a table: metric by
// instance, in the units of the metric; advance() makes time pass under the jobs that run.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/demo/site.h"

enum group { // what pmlogger logs together
	GROUP_STANDARD = 1 << 0,
	GROUP_PERCPU = 1 << 1,
	GROUP_SLOW = 1 << 2,
	GROUP_STATIC = 1 << 3,
	GROUP_MARK = 1 << 4, // pmlogger's own first and last record
};

enum demo_metric {
#define METRIC(key, ...) M_##key,
#include "tests/demo/metrics.def"
	METRICS,
};

enum indom {
	INDOM_ONE,
	INDOM_PMLOGGER,
	INDOM_CPU,
	INDOM_MSRCPU,
	INDOM_PMUCPU,
	INDOM_PACKAGE,
	INDOM_LOAD,
	INDOM_NUMA,
	INDOM_DISK,
	INDOM_NET,
	INDOM_IB,
	INDOM_GPU,
	INDOM_CPUSET, // from here on they change as jobs come and go
	INDOM_JOB,
	INDOM_CGMEM,
	INDOM_HOTPROC,
	INDOMS,
};

#define MAX_INSTANCES 192
#define TEXT_SIZE     160
#define MAX_RUNNING   CORES
#define TSC_KHZ       2800000

struct instances { // those of an instance domain that are there now
	int n;
	int id[MAX_INSTANCES];
	char name[MAX_INSTANCES][TEXT_SIZE];
};

// What a job did on one node between its begin and end samples: the truth that tests compare with.
struct truth {
	double covered_s;
	double core_ms, user_ms;    // of the job's cores
	double package_uj, dram_uj; // of the node meanwhile
	double disk_read_kb, disk_write_kb;
	double fabric_in, fabric_out; // bytes
	double gpu_active_s;          // per cent times seconds, summed over the job's GPUs
	double memory_peak;           // bytes, of the job
};

struct running { // a job on this node
	const struct demo_job *job;
	int position; // of this node in the job
	struct truth *truth;
	double user_us, system_us; // of its processes
	double peak;               // bytes
};

struct node {
	const struct site *site;
	int number;
	double value[METRICS][MAX_INSTANCES];
	const char *text[METRICS][MAX_INSTANCES];
	char text_room[4][MAX_INSTANCES][TEXT_SIZE]; // of the texts that change
	struct instances indoms[INDOMS];
	struct running running[MAX_RUNNING];
	int n_running;
	struct random random;
	double page_cache; // bytes
	int boots;
};

void node_boot(struct node *n, const struct site *s, int number, double uptime_s);
void node_begin(struct node *n, const struct demo_job *j, int position, struct truth *t);
void node_end(struct node *n, const struct demo_job *j);
void node_advance(struct node *n, double from_s, double to_s);
void node_gauges(struct node *n, double now_s); // brings what is not counted up to date

// Writes the node's days below root; truth is a table of job by node. False: *ret_why says why.
bool node_write(
	const struct site *s, int number, const char *root, struct truth *truth, char ret_why[256]);
