// SPDX-License-Identifier: Apache-2.0
// Learns a job's cores on a node from text metrics: the cpuset of its cgroup, else the CPUs that
// its processes may use. Since Slurm 26.05 cgroups are called by the run's SLUID, which boundaries
// say (boundary.h). Its GPUs: devices.h.
#pragma once

#include "summarizer/archive/archive.h"
#include "summarizer/reduce/domain.h"
#include "summarizer/reduce/task.h"

enum binding_kind {
	BINDING_CPUSET,  // cgroup.cpuset.cpus
	BINDING_CGROUPS, // the cgroups of each process
	BINDING_USER,    // whose each process is
	BINDING_ALLOWED, // the CPUs that each process may use
	BINDING_GPUS,    // the jobs that have processes on each device
	BINDING_PCI,     // the PCI address of each device
	BINDING_GIVEN,   // the PCI addresses of the devices that each job was given
	BINDING_COUNT,
};

struct binding_metric {
	const char *name;
	enum binding_kind kind;
};
extern const struct binding_metric binding_metrics[];
extern const size_t n_binding_metrics;

// The value sets of one record.
struct binding_record {
	struct archive_set sets[BINDING_COUNT];
	const struct id_map *ids[BINDING_COUNT];
	bool has[BINDING_COUNT];
};

// The text at a place of a set; false: none.
bool binding_text(
	const struct archive_record *r, const struct archive_set *s, int32_t i, struct bytes *ret);
// The place of an instance, which is at place i of another set; -1: none.
int32_t binding_place(const struct archive_set *s, int32_t i, int32_t id);

struct process_table;

// Tells those of the tasks whose cores the record makes known; learned() is called for each.
// processes: as the record has them; NULL: it has none.
void binding_learn(const struct binding_record *b, const struct archive_record *r,
	const struct process_table *processes, struct task *const *tasks, size_t n_tasks,
	void (*learned)(void *context, struct task *t), void *context);
