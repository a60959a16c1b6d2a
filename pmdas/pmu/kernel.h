// SPDX-License-Identifier: Apache-2.0
// The kernel's perf events, behind a table of operations so that a stand-in can take its place.
//
// The kernel's own counters are 64 bits wide whatever the hardware's width is: it folds the wraps of 40
// and 48 bits itself, by the interrupt at each wrap or a timer of its own.
#pragma once

#include <stdbool.h>

#include "pmdas/pmu/encode.h"

#define PMU_GROUP_MAX 8

struct pmu_open {
	struct pmu_encoding encoding;
	unsigned cpu;
	intptr_t leader;    // of the group, 0 = this is one
	const char *cgroup; // NULL: whoever runs; otherwise as in /proc/PID/cgroup
	int cgroup_fd;
};

struct pmu_sample {       // of a group
	uint64_t enabled; // nanoseconds in which it should have counted
	uint64_t running; // and in which it did
	unsigned n;
	uint64_t values[PMU_GROUP_MAX];
};

// Handles are never 0. Every operation may be used by several threads on different groups.
struct pmu_kernel {
	int (*open)(void *context, const struct pmu_open *what, intptr_t *ret);
	void (*start)(intptr_t leader); // a group is complete
	int (*read)(intptr_t leader, struct pmu_sample *ret);
	void (*close)(intptr_t handle); // the leader last
};

extern const struct pmu_kernel pmu_linux;

// The stand-in counts what files below ROOT/perf say, TYPE/CONFIG/CPU or cgroup/PATH/TYPE/CONFIG/CPU
// with the type decimal and the config hexadecimal (CONFIG,CONFIG1 where that is not 0). A file holds
// "VALUE" or "VALUE ENABLED RUNNING", all counted from the machine's start, or "error NUMBER"; where
// there is none the event is not supported. As with the real kernel an event counts from 0 when it is
// opened. ROOT/perf/counters, where it is, limits the events of a group. The context points to the
// descriptor of ROOT.
extern const struct pmu_kernel pmu_stand_in;

// Where there is a file ROOT/perf/software every event is a software event of this machine that counts
// nothing, on the CPU that opens it: what reading costs, but for the interrupts of other CPUs.
extern const struct pmu_kernel pmu_software;

// The kernel of a machine below root, which is "/" if it is not a stand-in.
const struct pmu_kernel *pmu_kernel_of(int root, bool is_stand_in);
