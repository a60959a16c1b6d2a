// SPDX-License-Identifier: Apache-2.0
// AMD's management libraries, opened at run time for devices whose files lack the essential: a form of
// gpu_metrics that is not known, a container that hides hwmon. AMD SMI is preferred to ROCm SMI.
#pragma once

#include <stdint.h>

#include "pmdas/frame/frame.h"

struct smi_errors {
	uint64_t corrected, uncorrected, others[14]; // room for what releases have added
};

struct smi_activity {
	uint32_t compute, memory, media, others[29];
};

struct smi_values {
	struct frame_reading utilization, memory_utilization; // percent
	struct frame_reading memory_used, memory_total;       // bytes
	struct frame_reading power;                           // mW
	struct frame_reading energy;                          // mJ
	struct frame_reading temperature;                     // degrees Celsius
	struct frame_reading ecc_corrected, ecc_uncorrected, pcie_replays;
};

struct smi;

// Opens a library and starts it: JOBSIGHT_AMDSMI and JOBSIGHT_ROCMSMI in the environment name them, else
// their usual names if may_search. -ENOENT: there is none. May block.
int smi_open(bool may_search, struct smi **ret);
void smi_close(struct smi *s);

// The device at a PCI address ("0000:c1:00.0"), NULL = none.
void *smi_find(const struct smi *s, const char *pci);

void smi_read(const struct smi *s, void *device, struct smi_values *ret);
