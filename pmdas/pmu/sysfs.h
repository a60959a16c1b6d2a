// SPDX-License-Identifier: Apache-2.0
// The PMUs that the kernel lists below /sys/bus/event_source/devices.
#pragma once

#include "pmdas/pmu/encode.h"

struct pmu_box { // one of the devices of a PMU
	char name[64];
	uint32_t type;
	unsigned *cpus; // to count on, one for each package or cache; none: each CPU
	unsigned n_cpus;
};

struct pmu_boxes {
	struct pmu_box *list;
	unsigned n;
};

// All devices called NAME, NAME_0, NAME_1, ...; "core" means the cores' own PMU; "hardware" and
// "software", the kernel's general events, need no device. n is 0 when there is none. Errors: -ENOMEM.
int pmu_find_boxes(int root, const char *name, struct pmu_boxes *ret);
void pmu_free_boxes(struct pmu_boxes *boxes);

// Encodes an event for one of them. As pmu_encode().
int pmu_encode_for(int root, const struct pmu_box *box, const char *terms, uint64_t step,
	struct pmu_encoding *ret);
