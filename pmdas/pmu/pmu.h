// SPDX-License-Identifier: Apache-2.0
// The PMDA `pmu`: its records, and what its parts share. A row of metrics.def names a field of one of
// these records.
#pragma once

#include "pmdas/frame/frame.h"
#include "pmdas/pmu/plan.h"

enum pmu_cluster {
#define CLUSTER(id, number) PMU_CLUSTER_##id = (number),
#include "pmdas/pmu/metrics.def"
};

enum pmu_indom {
#define INDOM(id, ...) PMU_INDOM_##id,
#include "pmdas/pmu/metrics.def"
};
#define PMU_INDOM_node FRAME_NODE

#define PMU_SHARE PMU_ROLES // slot of the share of time

// Bits of what a round wants, beside the clusters' own: a bit for each group of roles, of CPUs and of jobs.
#define PMU_CPU_PARTS 16
#define PMU_JOB_PARTS 32
#define PMU_PARTS     UINT64_C(0xffff)

// Of a CPU, a package or a job: by role. Of the site's events: by their number.
struct pmu_values {
	struct frame_reading v[PMU_SLOTS];
};

struct pmu_node {
	struct frame_reading active;
	struct frame_reading descriptors, limit, refused;
	struct frame_reading errors, resets;
	struct frame_reading jobs, jobs_left_out;
	char held_by[200];
	char config[200];
	const char *model;
};

struct pmu;

struct pmu_unit { // that a thread of the crew reads at once
	struct pmu *pmu;
	struct pmu_tally *tallies;
	unsigned n;
	uint64_t slots; // that are counted
	bool roles;     // not the site's events
	bool each_cpu;  // a record is a CPU's
	unsigned n_records;
	uint64_t fresh;           // slots that were read in this round
	struct pmu_values *next;  // of the worker that is inside
	struct pmu_values *shown; // under the crew's lock
};

struct pmu_jobs;
struct pmu_glance;

struct pmu { // begins with the record of the node's metrics
	struct pmu_node node;
	struct pmu_node next; // of the worker that is inside the keeper
	struct frame_crew *crew;
	int root;
	struct pmu_account account;
	struct pmu_site site;
	struct pmu_plan cores, for_jobs, site_cores;
	struct pmu_box_plans packages, site_boxes;
	struct pmu_unit *units;
	unsigned n_units;
	struct pmu_jobs *jobs;
	struct pmu_glance *glance;
};

int64_t pmu_now_ns(void);

uint64_t pmu_need(const struct frame_metric *m); // see struct frame_pmda
// The roles that are to be read, when these parts are wanted; one bit each.
uint64_t pmu_roles_of_parts(uint64_t parts);

static inline void pmu_set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

// Marks which CPUs are online; -errno when nobody can say.
#define PMU_CPUS_MAX 8192
struct pmu_online {
	bool is[PMU_CPUS_MAX];
};
int pmu_read_online(int root, struct pmu_online *ret);

struct pmu_state { // of the machine
	bool held; // the counters are somebody else's
	bool known;
	struct pmu_online online;
};
void pmu_look(struct pmu *p, struct pmu_state *ret); // for all that read at the same time: once

// A unit's work of the crew: unit.c.
void pmu_unit_sample(void *device, uint64_t want);
void pmu_unit_publish(void *device, uint64_t want, int64_t now_ns);
void pmu_unit_lose(void *device);

// From sums to values, those of these slots, with those that follow from others.
void pmu_fill(const struct pmu_sums *sums, uint64_t slots, struct pmu_values *ret);
uint64_t pmu_derive(uint64_t slots, struct pmu_values *v); // the slots, and those that follow
uint64_t pmu_derived_from(enum pmu_role role); // itself and what it is made of, one bit each

// Jobs: jobs.c.
int pmu_jobs_new(struct pmu *p, struct pmu_jobs **ret);
void pmu_jobs_free(struct pmu_jobs *jobs);
int pmu_jobs_add(struct pmu_jobs *jobs, struct frame_crew *crew);
void pmu_jobs_count(const struct pmu_jobs *jobs, uint64_t *ret_jobs, uint64_t *ret_left_out);
void pmu_jobs_refresh(struct pmu_jobs *jobs, struct frame *f); // under the crew's lock

extern const struct frame_pmda pmu_pmda;

int pmu_open(struct frame *f, const struct frame_options *options, void **ret_state);
void pmu_close(void *state);
void pmu_refresh(struct frame *f, void *state);

frame_reader pmu_read_polls;
