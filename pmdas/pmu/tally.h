// SPDX-License-Identifier: Apache-2.0
// Counters that go on for ever: events opened on one CPU, read, and added up.
//
// Events take turns on the hardware when there are more of them than counters. Between two readings an
// event has been enabled for some time and has run for a part of it; what it counted is scaled by that
// ratio, reading by reading, and added. So a counter never goes back (scaling the whole would), events
// that are closed and opened again go on where they were, and an interval is exact where nothing else
// wanted the counters.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include "pmdas/pmu/kernel.h"
#include "pmdas/pmu/table.h"

struct pmu_event {     // one that is to be counted
	unsigned slot; // of the record that it is added to: its role, or a number of the site's
	unsigned group;
	struct pmu_encoding encoding;
	unsigned multiply, divide;
};

struct pmu_plan { // events, those of a group side by side
	struct pmu_event *events;
	unsigned n;
	uint64_t slots; // one bit each that the events count
};

struct pmu_account { // what all tallies share
	const struct pmu_kernel *kernel;
	void *context;
	atomic_uint descriptors; // open
	unsigned limit;
	atomic_uint_fast64_t refused; // events over the limit
	atomic_uint_fast64_t errors;  // events not opened, or groups not read, for another reason
	atomic_uint_fast64_t resets;  // counters that went back
};

struct pmu_counter {
	intptr_t handle; // 0 = not open
	uint64_t before; // last reading
	uint64_t total;
};

struct pmu_group {
	unsigned first, n;         // of the plan's events
	uint64_t slots;            // that they are added to
	uint64_t enabled, running; // last reading
	bool known;                // it has run, or there was nothing to count
	bool hopeless;             // the kernel will not open it: do not ask again
	struct pmu_counter counters[PMU_GROUP_MAX];
};

struct pmu_tally {
	const struct pmu_plan *plan;
	unsigned cpu;
	const char *cgroup; // NULL: whoever runs
	unsigned record;    // that its values are added to
	struct pmu_group *groups;
	unsigned n;
	int64_t retry_ns; // when what could not be opened is tried again
	bool open;
	bool away; // the CPU is offline: it counts no more, but what it has counted stays
};

#define PMU_SLOTS 64

struct pmu_sums { // of one record
	uint64_t value[PMU_SLOTS];
	uint64_t known;   // one bit each
	uint64_t unknown; // some tally has no value
};

// What was counted as if the event had run all the time that it was enabled.
uint64_t pmu_scale(uint64_t counted, uint64_t enabled, uint64_t running);

int pmu_tally_init(
	struct pmu_tally *t, const struct pmu_plan *plan, unsigned cpu, const char *cgroup);
void pmu_tally_free(struct pmu_tally *t); // closed before

// Opens what is not open, at most once a minute what could not be opened. cgroup_fd: of its folder.
void pmu_tally_open(struct pmu_account *a, struct pmu_tally *t, int cgroup_fd, int64_t now_ns);
// Reads the groups that have one of these slots.
void pmu_tally_read(struct pmu_account *a, struct pmu_tally *t, uint64_t slots);
void pmu_tally_close(struct pmu_account *a, struct pmu_tally *t);
void pmu_tally_give_back(
	struct pmu_account *a, struct pmu_tally *t); // read a last time, and closed
// Adds what the groups that have one of these slots have counted.
void pmu_tally_add(const struct pmu_tally *t, uint64_t slots, struct pmu_sums *sums);

// The smallest share of the time, in percent, that any of its groups has had the counters; 100 when
// none is open.
unsigned pmu_tally_share(const struct pmu_tally *t);
