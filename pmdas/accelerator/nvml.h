// SPDX-License-Identifier: Apache-2.0
// The part of NVIDIA's management library (NVML) that the PMDA uses, declared from its documented
// binary interface and opened at run time, so that one build serves nodes with and without it.
// Sizes, offsets and numbers were compared with NVIDIA's header 12.9.79, by hand.
#pragma once

#include <stdint.h>

#define NVML_SUCCESS           0
#define NVML_NOT_SUPPORTED     3
#define NVML_NOT_FOUND         6
#define NVML_INSUFFICIENT_SIZE 7
#define NVML_ALL_LINKS         UINT32_MAX
#define NVML_EVENT_XID         8ULL
#define NVML_UNKNOWN           UINT64_MAX // of a process's memory
#define NVML_LINKS             18
#define NVML_GPM_ROOM          512 // more metrics than any library has: 333 in 12.9, 477 in 13.6

enum nvml_clock { NVML_OUR_CLOCK_SM = 1, NVML_OUR_CLOCK_MEM = 2 };
enum nvml_policy { NVML_OUR_POLICY_POWER = 0, NVML_OUR_POLICY_THERMAL = 1 };
enum nvml_error { NVML_OUR_ERROR_CORRECTED = 0, NVML_OUR_ERROR_UNCORRECTED = 1 };
enum nvml_our_field {
	NVML_OUR_FIELD_CRC_FLIT = 38, // of all links
	NVML_OUR_FIELD_CRC_DATA = 45,
	NVML_OUR_FIELD_REPLAY = 52,
	NVML_OUR_FIELD_RECOVERY = 59,
	NVML_OUR_FIELD_NVLINK_TX = 138, // KiB
	NVML_OUR_FIELD_NVLINK_RX = 139,
	NVML_OUR_FIELD_PCIE_TX = 197, // bytes
	NVML_OUR_FIELD_PCIE_RX = 198,
	NVML_OUR_FIELD_LINK_SENT = 202, // bytes of one link
	NVML_OUR_FIELD_LINK_RECEIVED = 204,
};
enum nvml_type { // of a field's value
	NVML_OUR_TYPE_UINT = 1,
	NVML_OUR_TYPE_ULONG = 2,
	NVML_OUR_TYPE_ULONGLONG = 3,
};

struct nvml_pci {
	char legacy[16];
	unsigned domain, bus, device, id, subsystem;
	char bus_id[32];
};

struct nvml_utilization {
	unsigned gpu, memory;
};

struct nvml_memory {
	unsigned long long total, free, used;
};

struct nvml_memory_v2 {
	unsigned version; // size and 2 << 24
	unsigned long long total, reserved, free, used;
};

struct nvml_violation {
	unsigned long long reference_us, violation_ns;
};

struct nvml_process {
	unsigned pid;
	unsigned long long memory;
	unsigned gpu_instance, compute_instance;
};

struct nvml_process_sample {
	unsigned pid;
	unsigned long long time_us;            // since 1970
	unsigned sm, memory, encoder, decoder; // percent
};

struct nvml_field {
	unsigned id, scope;
	long long timestamp, latency;
	int type, rc;
	union {
		double d;
		unsigned u;
		unsigned long long ull;
	} value;
};

struct nvml_event {
	void *device;
	unsigned long long type, data;
	unsigned gpu_instance, compute_instance;
};

struct nvml_gpm_support {
	unsigned version, supported;
};

struct nvml_gpm_metric {
	unsigned id;
	int rc;
	double value;
	struct {
		char *short_name, *long_name, *unit;
	} info;
};

struct nvml_gpm_metrics {
	unsigned version, n;
	void *before, *now;
	struct nvml_gpm_metric metrics[NVML_GPM_ROOM];
};

// Is there such a call, and did it succeed?
#define CALL(n, name, ...) ((n)->name != NULL && (n)->name(__VA_ARGS__) == NVML_SUCCESS)

struct nvml {
	void *library;
#define SYMBOL(name, arguments) int(*name) arguments;
#define NEEDED(name, arguments) SYMBOL(name, arguments)
#include "pmdas/accelerator/symbols.def"
};

// Opens the library: JOBSIGHT_NVML in the environment, else libnvidia-ml.so.1. -ENOENT: there is none.
int nvml_open(struct nvml **ret);
void nvml_close(struct nvml *n);
