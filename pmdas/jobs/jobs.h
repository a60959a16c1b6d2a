// SPDX-License-Identifier: Apache-2.0
// The PMDA `jobs`: what each job, and each step of one, has used of the node. A row of metrics.def names a
// field of one of these records.
//
// Three works of the crew fill them, so that what hangs costs its own values: jobs.c the control groups,
// processes.c the processes in them, resctrl.c the monitoring groups of cache and memory bandwidth. Units
// and their `shown` records are under the crew's lock; what is `next` belongs to the worker inside jobs.c.
#pragma once

#include "pmdas/frame/frame.h"
#include "pmdas/frame/held.h"
#include "pmdas/frame/job.h"
#include "pmdas/frame/set.h"
#include "pmdas/frame/walk.h"
#include "pmdas/jobs/files.h"

enum jobs_cluster {
#define CLUSTER(id, number) JOBS_CLUSTER_##id = (number),
#include "pmdas/jobs/metrics.def"
};

#define JOBS_BIT(cluster) (UINT64_C(1) << JOBS_CLUSTER_##cluster)
#define JOBS_STEPS        16 // the clusters of steps are so much further than those of jobs

enum jobs_indom {
#define INDOM(id, ...) JOBS_INDOM_##id,
#include "pmdas/jobs/metrics.def"
	JOBS_INDOMS
};
#define JOBS_INDOM_node FRAME_NODE

#define JOBS_MAX       128
#define JOBS_UNITS_MAX 640 // jobs and steps
#define JOBS_DISKS     16
#define JOBS_CPUS_MAX  1024
#define JOBS_GPUS_MAX  64
#define JOBS_CPUS_TEXT 256
#define JOBS_PATH      FRAME_WALK_MAX

struct jobs_group { // readings only
	struct frame_reading cpu_usage, cpu_user, cpu_system;
	struct frame_reading periods, throttled_periods, throttled;
	struct frame_reading cpu_limit, quota, period;
	struct frame_reading memory_current, memory_peak, memory_limit;
	struct frame_reading memory_high, memory_max, oom, oom_kills;
	struct frame_reading anon, file, kernel, shmem, mapped, used, faults, major_faults;
	struct frame_reading swap_current, swap_peak, swap_limit;
	struct frame_reading huge_2m, huge_1g, huge;
	struct frame_reading io[JOBS_IO_VALUES];
	struct frame_reading pids_current, pids_peak, pids_limit, pids_refused;
	struct frame_reading pressure_cpu_some, pressure_cpu_full;
	struct frame_reading pressure_memory_some, pressure_memory_full;
	struct frame_reading pressure_io_some, pressure_io_full;
	struct frame_reading pressure_irq_some, pressure_irq_full;
};

#define JOBS_GROUP_READINGS (sizeof(struct jobs_group) / sizeof(struct frame_reading))

// A counter made to grow only. One that goes back adds nothing: what was counted across is left out.
struct jobs_fold {
	uint64_t before;
	uint64_t total;
	bool begun;
};

uint64_t jobs_fold(struct jobs_fold *f, uint64_t raw);

struct jobs_disk { // record of an instance
	struct frame_reading v[JOBS_IO_VALUES];
	unsigned major;
	unsigned minor;
	char name[32];
	bool is_stacked; // on other devices, that show the same again
};

struct jobs_core { // record of an instance
	struct frame_reading usage;
};

struct jobs_cores { // of one job
	struct jobs_core *set;
	bool *is_listed;  // has an instance: it was used, or is bound to the job
	uint64_t *window; // what was counted at window_ns
	int64_t window_ns;
	unsigned n;
};

struct jobs_facts {
	struct frame_reading cores_bound, gpus;
	char cpus[JOBS_CPUS_TEXT];
	char gpu_list[256];
};

struct jobs_processes {
	struct frame_reading processes, threads, files, uid;
	char user[40];
	char account[64];
};

struct jobs_job { // record of an instance, job or step; texts that are not known are empty
	struct jobs_group group;
	struct jobs_facts facts;
	struct jobs_processes processes;
	struct frame_reading cores_used;
	char cores_source[12];
	struct frame_reading occupancy, local, total; // sums over the parts of the cache
	bool has_cache;                               // the sums have begun
};
#define jobs_step jobs_job

struct jobs_cache { // record of an instance: what a job has of one part
	struct frame_reading occupancy, local, total;
};

struct jobs_unit { // a job or a step
	struct jobs_unit *next_gone;
	struct frame_job name;
	bool is_sluid;        // its group is called by one
	char path[JOBS_PATH]; // of its group, as in /proc/PID/cgroup
	char id[64];          // of its instance
	enum jobs_indom indom;
	int version;
	unsigned hierarchy; // that tells whether it is still there
	uint64_t inode;
	int64_t found_ns;
	int64_t ended_ns; // 0 = has not
	bool seen;
	bool is_renamed; // its number has been found
	bool has_cpus;   // its cpuset was read anew
	// Of the worker inside jobs.c.
	struct frame_held files[JOBS_FILES_MAX];
	unsigned looks;
	unsigned noted[JOBS_GPUS_MAX]; // devices that are named already, by their numbers
	unsigned n_noted;
	struct jobs_fold folds[JOBS_GROUP_READINGS];
	struct jobs_group next;
	struct jobs_facts next_facts;
	struct jobs_disk disks[JOBS_DISKS];
	struct jobs_fold disk_folds[JOBS_DISKS][JOBS_IO_VALUES];
	unsigned n_disks;
	struct jobs_fold *each_cpu;
	unsigned n_cpus;
	unsigned bound[JOBS_CPUS_MAX];
	unsigned n_bound;
	// Under the lock.
	struct jobs_job shown;
	struct jobs_disk shown_disks[JOBS_DISKS];
	unsigned n_shown_disks;
	struct jobs_cores cores;
};

struct jobs_node { // record of the node's metrics
	struct frame_reading jobs, left_out, descriptors;
	char groups[8];
};

struct jobs_scan;
struct jobs_resctrl;

#define JOBS_HIERARCHIES 12
#define JOBS_PARENTS     256

struct jobs_hierarchy {  // of control groups
	char folder[40]; // below the root
	int version;
};

struct jobs_parent { // a folder that has jobs
	unsigned hierarchy;
	char path[JOBS_PATH];
};

struct jobs { // begins with the record of the node's metrics
	struct jobs_node node;
	struct frame_crew *crew;
	int root;
	bool is_elsewhere; // below a root that is not this machine's
	unsigned n_cpus;   // their greatest number, and one
	// Of the worker inside jobs.c.
	struct jobs_hierarchy hierarchies[JOBS_HIERARCHIES];
	unsigned n_hierarchies;
	struct jobs_parent parents[JOBS_PARENTS];
	unsigned n_parents;
	struct jobs_unit *units[JOBS_UNITS_MAX];
	unsigned n;
	unsigned n_jobs;
	uint64_t left_out;
	unsigned descriptors;     // open
	unsigned descriptors_max; // more are opened for one reading only
	struct jobs_unit *gone;   // that publish() is to take away
	// Under the lock.
	struct jobs_unit *listed[JOBS_UNITS_MAX];
	unsigned n_listed;
	bool has_looked;           // once
	struct jobs_unit *garbage; // that instances may still point to
	bool changed;
	struct jobs_scan *scan;
	struct jobs_resctrl *resctrl;
};

static inline void jobs_set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

int64_t jobs_now_ns(void);

extern const struct frame_pmda jobs_pmda;

int jobs_open(struct frame *f, const struct frame_options *options, void **ret_state);
void jobs_close(void *state);
void jobs_refresh(struct frame *f, void *state);

frame_reader jobs_read_milli; // thousandths, shown as a double
frame_reader jobs_read_polls;

// Finding: find.c. Which jobs and steps there are; those that were added are in the list of units, those
// that are gone have an end.
void jobs_find_hierarchies(struct jobs *j);
void jobs_find(struct jobs *j, uint64_t want);

// One control group: group.c.
void jobs_group_read(struct jobs *j, struct jobs_unit *u, uint64_t want);
void jobs_group_end(
	struct jobs *j, struct jobs_unit *u); // closes its files; only what stays is shown
void jobs_group_close(struct jobs *j, struct jobs_unit *u);

// Contents of files that are more than a few numbers: take.c. NULL: the file cannot be read.
void jobs_take_io(struct jobs *j, struct jobs_unit *u, const char *text);
void jobs_take_bytes(struct jobs *j, struct jobs_unit *u, const char *text);
void jobs_take_calls(struct jobs *j, struct jobs_unit *u, const char *text);
void jobs_take_each_cpu(struct jobs *j, struct jobs_unit *u, const char *text);
void jobs_take_cpus(struct jobs *j, struct jobs_unit *u, const char *text);
void jobs_take_devices(struct jobs *j, struct jobs_unit *u, const char *text);
// The devices of a job of version 2, whose groups do not say: from the prolog's note.
void jobs_take_note(struct jobs *j, struct jobs_unit *u);

// The PCI addresses of the graphics devices among character devices, with blanks between: gpus.c. Their
// number.
unsigned jobs_gpus(int root, const struct jobs_device *set, unsigned n, char *ret, size_t size);

// The same of those that Slurm calls by these numbers: NVIDIA's minor numbers. Where they may mean something else
// names are gpuN.
void jobs_numbered_gpus(int root, const unsigned *numbers, unsigned n, char *ret, size_t size);

// What a prolog left of the job in /run/jobsight/jobs/NUMBER, of more than one line: user.c. False: nothing.
bool jobs_read_note(int root, const char *id, char *text, size_t size);

// Instances: instances.c, under the lock.
void jobs_show(struct jobs *j, struct frame *f);

// Cores: cores.c, under the lock. What the job has used of each CPU by now, in nanoseconds.
// True: there are new instances.
bool jobs_cores_publish(struct jobs_unit *u, const uint64_t *totals, unsigned n, const char *source,
	int64_t now_ns);
bool jobs_cores_bind(struct jobs_unit *u, const unsigned *cpus, unsigned n);
int jobs_cores_init(struct jobs_cores *c, unsigned n);
void jobs_cores_free(struct jobs_cores *c);

// Processes: processes.c.
int jobs_scan_start(struct jobs *j);
void jobs_scan_free(struct jobs_scan *s);

// Monitoring groups: resctrl.c.
int jobs_resctrl_start(struct jobs *j);
void jobs_resctrl_free(struct jobs_resctrl *r);
void jobs_resctrl_clean(struct jobs_resctrl *r); // frees what no instance points to any more
// Adds the instances of what jobs have of caches; under the lock. False: no memory.
bool jobs_resctrl_gather(struct jobs_resctrl *r, struct frame_set *set);
