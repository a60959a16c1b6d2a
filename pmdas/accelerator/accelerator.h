// SPDX-License-Identifier: Apache-2.0
// The PMDA `accelerator`: what each device measured last. A row of metrics.def names a field of one of
// these records; nvidia.c, amd.c and intel.c fill them.
#pragma once

#include <pthread.h>

#include "pmdas/accelerator/process.h"
#include "pmdas/frame/frame.h"
#include "pmdas/frame/integral.h"

enum accelerator_cluster {
#define CLUSTER(id, number) ACCELERATOR_CLUSTER_##id = (number),
#include "pmdas/accelerator/metrics.def"
};

enum accelerator_indom {
#define INDOM(id, ...) ACCELERATOR_INDOM_##id,
#include "pmdas/accelerator/metrics.def"
};
#define ACCELERATOR_INDOM_node FRAME_NODE

#define ACCELERATOR_GPM      13 // shares of activity
#define ACCELERATOR_GPM_ROWS 20 // and rates
#define ACCELERATOR_PARTS    64 // instance ids of a device and its MIG devices
#define ACCELERATOR_SLUIDS   8

enum accelerator_engine {
	ACCELERATOR_RENDER,
	ACCELERATOR_COMPUTE,
	ACCELERATOR_COPY,
	ACCELERATOR_VIDEO,
	ACCELERATOR_ENGINES
};

// The values of an instance. A metric of text has an array of characters, "" = not known.
struct accelerator_device {
	struct frame_reading utilization, memory_utilization;
	struct frame_reading engine[ACCELERATOR_ENGINES]; // thousandths of a percent
	struct frame_reading memory_used, memory_total, memory_free, memory_remapped;
	struct frame_reading power, energy;
	char energy_source[8];
	char pci[24];
	struct frame_reading clock_compute, clock_memory;
	struct frame_reading temperature;
	struct frame_reading throttle_reasons, throttle_power, throttle_thermal;
	struct frame_reading ecc_corrected, ecc_uncorrected;
	struct frame_reading xid_count, xid_last;
	struct frame_reading pcie_tx, pcie_rx, pcie_replays;
	struct frame_reading pcie_tx_rate, pcie_rx_rate;
	struct frame_reading link_tx, link_rx, link_errors;
	struct frame_reading link_tx_rate, link_rx_rate;
	struct frame_reading gpm[ACCELERATOR_GPM]; // thousandths of a percent
	struct frame_reading processes;
	char process_list[501];
	char jobs[201];
};

struct accelerator_job { // what one job has of one device
	char name[60];
	char job[24];
	char uuid[96];
	unsigned number;
	int mig;
	struct frame_reading memory;
	struct frame_reading busy; // thousandths of a percent
	struct frame_reading processes;
};

struct accelerator_node {
	struct frame_reading devices;
	char nvml[24];
};

struct accelerator_unit;

// Reads the wanted clusters of a device into its `next`; may block.
typedef void accelerator_sampler(struct accelerator_unit *u, uint64_t want);

struct accelerator_fold { // a counter that may wrap, as a 64-bit one
	uint64_t before;
	uint64_t total;
	bool begun;
};

struct accelerator_held {   // AMD: parts of the time in which the clocks were held down
	uint32_t before[3]; // of looks, of those when power and heat held them down
	int64_t before_ns;
	uint64_t power_ns, thermal_ns;
};

enum {
	ACCELERATOR_PCIE_TX,
	ACCELERATOR_PCIE_RX,
	ACCELERATOR_LINK_TX,
	ACCELERATOR_LINK_RX,
	ACCELERATOR_LINK_ERRORS,                             // four kinds
	ACCELERATOR_EACH_LINK = ACCELERATOR_LINK_ERRORS + 4, // sent and received by each
	ACCELERATOR_FOLDS = ACCELERATOR_EACH_LINK + 36
};

struct accelerator_unit {                // a device or a part of one
	struct accelerator_device shown; // under the crew's lock
	struct accelerator_device next;  // of the worker that is inside
	struct accelerator_shares shown_shares, next_shares;
	accelerator_sampler *sample;
	struct accelerator *accelerator;
	struct accelerator_unit *next_dead;
	uint64_t ticks;  // clusters that the clock has to read: power to integrate, 32-bit counters
	unsigned number; // gpuN
	int mig;         // -1: the device itself
	char vendor[8];
	char model[64];
	char uuid[96];
	char pci[24];
	int minor; // -1 = not known
	struct frame_integral integral;
	struct accelerator_sluid sluids[ACCELERATOR_SLUIDS];
	unsigned next_sluid;
	// NVIDIA
	void *handle;
	bool seen; // by the finder's look
	void *events;
	struct accelerator_fold folds[ACCELERATOR_FOLDS];
	struct frame_reading gpm_last[ACCELERATOR_GPM_ROWS];
	void *gpm[2];          // the sample before and this one; NULL = not supported
	int64_t gpm_ns;        // of the sample before, 0 = none yet
	unsigned gpu_instance; // of a MIG device
	uint64_t xids, xid_last;
	// AMD and Intel: folders below /sys
	char card[32];
	char hwmon[96];
	unsigned kfd;   // AMD's number of the device among compute devices, 0 = not known
	void *smi_unit; // of AMD's library, NULL = none
	bool smi_asked;
	struct accelerator_held held;
	uint64_t idle_ms;
	int64_t idle_ns; // 0 = no reading yet
};

struct accelerator_number { // stays with a device that goes and comes back
	char pci[24];
	unsigned number;
};

#define ACCELERATOR_NUMBERS 64
#define ACCELERATOR_CHANGES 128 // devices that come or go between two looks

// Looks for devices, MIG devices among them, that have come or gone; work of its own.
struct accelerator_finder {
	struct accelerator *accelerator;
	struct frame_crew *crew;
	uint64_t rounds; // of the clock
	struct accelerator_unit *born[ACCELERATOR_CHANGES];
	unsigned n_born;
	bool ready; // NVIDIA's library has become so
	struct accelerator_unit *gone[ACCELERATOR_CHANGES];
	unsigned n_gone;
	struct accelerator_unit *dead; // being freed
};

struct nvml;
struct smi;
struct fdinfo_scan;

struct accelerator { // begins with the record of the node's metrics
	struct accelerator_node node;
	struct frame_crew *crew;
	int root;
	struct nvml *nvml;
	bool started;             // NVIDIA's library; the finder's
	bool is_elsewhere;        // below a root that is not this machine's
	pthread_mutex_t smi_lock; // held while AMD's library is opened
	bool smi_opened;
	struct smi *smi;                 // NULL = none or not needed
	struct fdinfo_scan *scan;        // of Intel's clients
	struct accelerator_unit **units; // changed by the finder alone, under the lock
	unsigned n;
	unsigned cards; // numbers given
	struct accelerator_number numbers[ACCELERATOR_NUMBERS];
	unsigned n_numbers;
	struct accelerator_finder *finder;
	struct accelerator_unit *dead; // retired, to be freed by the finder
	bool changed;                  // the set of devices, since the last refresh
	struct accelerator_job *jobs;
	unsigned n_jobs;
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

// A unit that is not among the others yet. NULL: no memory.
struct accelerator_unit *accelerator_make(
	struct accelerator *a, accelerator_sampler *sample, const char *vendor);
// The number that goes with a PCI address, always the same.
unsigned accelerator_number_of(struct accelerator *a, const char *pci);
int accelerator_add(struct accelerator *a, struct accelerator_unit *u); // u may be NULL: no memory
void accelerator_free_units(struct accelerator *a);

// What a look finds; u may be NULL: no memory.
void accelerator_comes(struct accelerator_finder *f, struct accelerator_unit *u);
void accelerator_goes(struct accelerator_finder *f, struct accelerator_unit *u);

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
void accelerator_refresh(struct frame *f, void *state);

// Work of a unit and of the finder; see struct frame_work.
int accelerator_work(struct frame_crew *crew, struct accelerator_unit *u);
int finder_start(struct accelerator *a, struct frame_crew *crew);
void finder_free(struct accelerator *a);

int nvidia_find(struct accelerator *a);
void nvidia_close(struct accelerator *a);
void nvidia_free(struct accelerator_unit *u);
void nvidia_rescan(struct accelerator_finder *f);
int drm_find(struct accelerator *a); // AMD and Intel
void drm_rescan(struct accelerator_finder *f);
void drm_number(const struct accelerator_unit *u, const char *folder, const char *file,
	uint64_t divide, struct frame_reading *ret);
// From a device's uevent; not touched where there is none.
void drm_parse_pci(const char *uevent, char *ret, size_t size);
// Do a node's properties say that address?
bool kfd_is_at(const char *properties, const char *pci);
void kfd_find(struct accelerator_unit *u);
void kfd_sample(struct accelerator_unit *u);
accelerator_sampler nvidia_sample;
accelerator_sampler amd_sample;
accelerator_sampler intel_sample;

frame_reader accelerator_read_milli;
frame_reader accelerator_read_polls;
