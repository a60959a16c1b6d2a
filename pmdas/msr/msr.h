// SPDX-License-Identifier: Apache-2.0
// The PMDA `msr`: what each CPU, core, package and the node measured last. A row of metrics.def names
// a field of one of these records, a row of registers.def fills it.
#pragma once

#include "pmdas/frame/accumulator.h"
#include "pmdas/frame/frame.h"
#include "pmdas/msr/device.h"
#include "pmdas/msr/meter.h"
#include "pmdas/msr/model.h"
#include "pmdas/msr/topology.h"

enum msr_cluster {
#define CLUSTER(id, number) MSR_CLUSTER_##id = (number),
#include "pmdas/msr/metrics.def"
};

// Parts of clusters that are read by themselves: bits of what a round wants, beside the clusters' own.
#define MSR_PARTS       16
#define MSR_CPU_PART(i) (UINT64_C(1) << (MSR_PARTS + (i))) // by item
#define MSR_APERF       MSR_CPU_PART(0)
#define MSR_MPERF       MSR_CPU_PART(1)
#define MSR_TSC         MSR_CPU_PART(2)
#define MSR_SMI         MSR_CPU_PART(3)
#define MSR_BASE        MSR_CPU_PART(4)
#define MSR_EFFECTIVE   MSR_CPU_PART(5)

enum msr_indom {
#define INDOM(id, ...) MSR_INDOM_##id,
#include "pmdas/msr/metrics.def"
	MSR_INDOMS,
};
#define MSR_INDOM_node FRAME_NODE

enum msr_scope { // what a register belongs to
	MSR_SCOPE_CPU,
	MSR_SCOPE_PACKAGE,
	MSR_SCOPE_PLANE,
	MSR_SCOPE_CORE,
	MSR_SCOPES,
};

#define REGISTER(...) +1
enum {
	MSR_REGISTERS = 0
#include "pmdas/msr/registers.def"
};

struct msr_counter {
	struct accumulator sum;
	struct frame_reading reading;
};

struct msr_raw { // what the last sample of a device brought
	uint64_t value;
	int rc; // 0, or the error of the read
};

struct msr_package { // a die, where a package has several with counters of their own
	unsigned package;
	unsigned die;
	struct frame_reading unit_register;
	struct frame_reading base_register;
	struct frame_reading thermal_target;
	struct frame_reading thermal_status;
	struct msr_counter energy;
	struct msr_counter graphics;
	struct msr_counter dram;
	struct msr_counter platform;
	struct msr_counter throttled; // time below the wanted clocks, us
	struct msr_counter dram_throttled;
	struct msr_counter c2, c3, c6, c7, c8, c9, c10;
	struct frame_reading limit_cores, limit_graphics, limit_ring, limit_pstate;
	struct frame_reading uncore_limits, uncore_now;
	struct frame_reading base; // kHz
	struct frame_reading temperature;
};

struct msr_plane { // the power plane of cores: a package's on Intel, one core's on AMD
	struct msr_package *package;
	unsigned core;
	struct msr_counter energy;
};

struct msr_core {
	struct msr_package *package;
	unsigned die;
	unsigned core;
	struct msr_counter c1, c3, c6, c7, module_c6;
	struct frame_reading thermal_status;
};

struct msr_cpu {
	struct msr *msr;
	struct msr_device device;
	struct msr_package *package; // NULL: offline when we began
	struct msr_plane *plane;
	struct msr_core *core;
	unsigned reads;        // one bit each scope that this CPU reads for
	unsigned inherits;     // scopes handed over by a CPU that went offline
	int opened;            // of the last attempt
	uint64_t planned_want; // what the plan is for: one bit each register
	unsigned planned_reads;
	uint64_t plan;
	uint64_t sampled; // one bit each register that was read
	struct msr_raw raw[MSR_REGISTERS];
	struct msr_counter aperf;
	struct msr_counter mperf;
	struct msr_counter tsc;
	struct msr_counter smi;
	struct msr_counter pperf;
	struct msr_counter instructions;
	uint64_t window_aperf; // where the window of the effective frequency began
	uint64_t window_mperf;
	int64_t window_ns;              // 0 = no window yet
	struct frame_reading effective; // kHz
};

struct msr_node {
	const char *model;
	struct frame_reading errors;
	struct frame_reading resets;
	struct frame_reading late;
};

struct msr { // begins with the record of the node's metrics
	struct msr_node node;
	struct frame_crew *crew;
	int root;
	int64_t period_ns;
	const struct msr_model *model;
	struct msr_cpu *cpus;
	size_t n_cpus;
	struct msr_package *packages;
	size_t n_packages;
	struct msr_plane *planes;
	size_t n_planes;
	struct msr_core *cores;
	size_t n_cores;
	struct msr_meter meters[MSR_METERS];
	size_t n_meters;
};

extern const struct frame_pmda msr_pmda;

int msr_open(struct frame *f, const struct frame_options *options, void **ret_state);
void msr_close(void *state);
int msr_open_machine(const struct frame_options *options, struct msr **ret);

uint64_t msr_need(const struct frame_metric *m); // see struct frame_pmda

// Clusters and parts that the CPU reads something for.
uint64_t msr_clusters_of(const struct msr_cpu *c);

// Work of one CPU's device; see struct frame_work.
void msr_sample(void *device, uint64_t want);
void msr_publish(void *device, uint64_t want, int64_t now_ns);
void msr_lose(void *device);

frame_reader msr_read_polls;
frame_reader msr_read_present;          // the state bits of a register of thermal status
frame_reader msr_read_log;              // and the bits that stay set
frame_reader msr_read_low_half;         // bits [15:0]
frame_reader msr_read_high_half;        // bits [31:16]
frame_reader msr_read_ratio;            // bits [6:0], times 100 MHz
frame_reader msr_read_second_ratio;     // bits [14:8], times 100 MHz
frame_reader msr_read_pstate;           // bits [2:0]
frame_reader msr_read_core_temperature; // from a core's record
