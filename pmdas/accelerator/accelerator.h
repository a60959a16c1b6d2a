// SPDX-License-Identifier: Apache-2.0
// The PMDA `accelerator`: what each device measured last. A row of metrics.def names a field of one of
// these records; nvidia.c, amd.c and intel.c fill them.
#pragma once

#include "pmdas/frame/frame.h"

enum accelerator_cluster {
#define CLUSTER(id, number) ACCELERATOR_CLUSTER_##id = (number),
#define INDOM(...)
#define PMDA(...)
#define METRIC(...)
#include "pmdas/accelerator/metrics.def"
};

enum accelerator_indom {
#define INDOM(id, ...) ACCELERATOR_INDOM_##id,
#define CLUSTER(...)
#define PMDA(...)
#define METRIC(...)
#include "pmdas/accelerator/metrics.def"
};
#define ACCELERATOR_INDOM_node FRAME_NODE

#define ACCELERATOR_GPM   8  // shares of activity
#define ACCELERATOR_PARTS 64 // instance ids of a device and its MIG devices

// The values of an instance. A metric of text has an array of characters, "" = not known.
struct accelerator_device {
	struct frame_reading utilization, memory_utilization;
	struct frame_reading memory_used, memory_total, memory_free;
	struct frame_reading power, energy;
	char energy_source[8];
	struct frame_reading clock_compute, clock_memory;
	struct frame_reading temperature;
	struct frame_reading throttle_reasons, throttle_power, throttle_thermal;
	struct frame_reading ecc_corrected, ecc_uncorrected;
	struct frame_reading xid_count, xid_last;
	struct frame_reading pcie_tx, pcie_rx, pcie_replays;
	struct frame_reading link_tx, link_rx;
	struct frame_reading gpm[ACCELERATOR_GPM]; // thousandths of a percent
	struct frame_reading processes;
	char process_list[501];
	char jobs[201];
};

struct accelerator_node {
	struct frame_reading devices;
	char nvml[24];
};

struct accelerator_unit;

// Reads the wanted clusters of a device into its `next`; may block.
typedef void accelerator_sampler(struct accelerator_unit *u, uint64_t want);

struct accelerator_power { // energy of a device that counts none
	int64_t before_ns; // 0 = no power known yet
	uint64_t before_mw;
	uint64_t picojoules; // rest below a millijoule
	uint64_t millijoules;
};

struct accelerator_fold { // a counter that may wrap, as a 64-bit one
	uint64_t before;
	uint64_t total;
	bool begun;
};

enum {
	ACCELERATOR_PCIE_TX,
	ACCELERATOR_PCIE_RX,
	ACCELERATOR_LINK_TX,
	ACCELERATOR_LINK_RX,
	ACCELERATOR_FOLDS
};

struct accelerator_unit {                // a device or a part of one
	struct accelerator_device shown; // under the crew's lock
	struct accelerator_device next;  // of the worker that is inside
	accelerator_sampler *sample;
	struct accelerator *accelerator;
	unsigned number; // gpuN
	int mig;         // -1: the device itself
	char vendor[8];
	char model[64];
	char uuid[96];
	char pci[24];
	int minor; // -1 = not known
	struct accelerator_power integral;
	// NVIDIA
	void *handle;
	void *events;
	struct accelerator_fold folds[ACCELERATOR_FOLDS];
	struct frame_reading gpm_last[ACCELERATOR_GPM];
	void *gpm[2];          // the sample before and this one; NULL = not supported
	int64_t gpm_ns;        // of the sample before, 0 = none yet
	unsigned gpu_instance; // of a MIG device
	uint64_t xids, xid_last;
	// AMD and Intel: folders below /sys
	char card[32];
	char hwmon[96];
	uint64_t idle_ms;
	int64_t idle_ns; // 0 = no reading yet
};

struct nvml;

struct accelerator { // begins with the record of the node's metrics
	struct accelerator_node node;
	struct frame_crew *crew;
	int root;
	struct nvml *nvml;
	struct accelerator_unit *units;
	unsigned n;
	unsigned cards; // numbers given
};

static inline void accelerator_set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

static inline bool accelerator_wants(uint64_t want, enum accelerator_cluster c)
{
	return want >> c & 1;
}

int64_t accelerator_now_ns(void);

// Adds a unit; the pointer holds until the next is added. NULL: no memory.
struct accelerator_unit *accelerator_add(
	struct accelerator *a, accelerator_sampler *sample, const char *vendor);

// Copies a name from outside, only letters, digits and " ._:()/+-".
void accelerator_copy_name(char *ret, size_t size, const char *name);

// One more reading of the power; sets the energy.
void accelerator_integrate(struct accelerator_unit *u, uint64_t milliwatts, int64_t now_ns);

// The next reading of a counter of that many bits. A narrow one that went back has wrapped; one of 64
// bits was reset, and what it has counted since is added.
uint64_t accelerator_fold(struct accelerator_fold *f, uint64_t value, unsigned bits);

extern const struct frame_pmda accelerator_pmda;

int accelerator_open(struct frame *f, const struct frame_options *options, void **ret_state);
void accelerator_close(void *state);

int nvidia_find(struct accelerator *a);
void nvidia_close(struct accelerator *a);
void drm_find(struct accelerator *a); // AMD and Intel
void drm_number(const struct accelerator_unit *u, const char *folder, const char *file,
	uint64_t divide, struct frame_reading *ret);
accelerator_sampler nvidia_sample;
accelerator_sampler amd_sample;
accelerator_sampler intel_sample;

frame_reader accelerator_read_milli;
frame_reader accelerator_read_string;
frame_reader accelerator_read_polls;
