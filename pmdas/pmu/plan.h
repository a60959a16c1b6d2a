// SPDX-License-Identifier: Apache-2.0
// What is to be counted on this machine: the tables' rows for its model and the site's own, encoded.
#pragma once

#include "pmdas/pmu/site.h"
#include "pmdas/pmu/sysfs.h"
#include "pmdas/pmu/tally.h"

struct pmu_box_plan { // events of one device
	char name[64];
	unsigned *cpus;
	unsigned n_cpus;
	struct pmu_plan plan;
};

struct pmu_box_plans {
	struct pmu_box_plan *list;
	unsigned n;
	uint64_t slots;
};

// Roles of CPUs: those for the node, or those for jobs. A role that the machine cannot count is left
// out, and so is a role of which it could count only a part.
int pmu_plan_cores(int root, unsigned model, const struct pmu_site *site, enum pmu_where where,
	struct pmu_plan *ret);

// Puts groups together that fit a CPU's general counters, so many; and how many these are.
int pmu_pack(struct pmu_plan *plan, unsigned model, unsigned room);
unsigned pmu_room_of(int root, unsigned model);

// Roles of packages.
int pmu_plan_packages(
	int root, unsigned model, const struct pmu_site *site, struct pmu_box_plans *ret);

// The site's events: on each CPU, and on devices. The slot is the event's number. Complains of events
// that cannot be encoded.
int pmu_plan_site(int root, struct pmu_site *site, struct pmu_plan *ret_cores,
	struct pmu_box_plans *ret_boxes);

void pmu_plan_free(struct pmu_plan *plan);
void pmu_box_plans_free(struct pmu_box_plans *plans);
