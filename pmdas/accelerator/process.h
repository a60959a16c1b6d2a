// SPDX-License-Identifier: Apache-2.0
// Processes that use a device, and the jobs they belong to.
#pragma once

#include "pmdas/frame/frame.h"
#include "pmdas/frame/job.h"

#define ACCELERATOR_PROCESSES 256 // of one device; more are only counted
#define ACCELERATOR_SHARES    32  // jobs on one device

struct accelerator_process {
	unsigned pid;
	struct frame_reading memory; // bytes
	struct frame_reading busy;   // thousandths of a percent of the device's time
};

struct accelerator_share { // what a job has of a device
	char job[24];
	struct frame_reading memory;
	struct frame_reading busy;
	uint64_t processes;
};

struct accelerator_shares {
	struct accelerator_share set[ACCELERATOR_SHARES];
	unsigned n;
};

struct accelerator_sluid { // an answer of frame_job_resolve()
	char sluid[24];
	char number[24];
};

struct accelerator_unit;

// Sorts the processes by number and shows them and their jobs in the unit's next values. n may be
// more than there is room for.
void accelerator_show_processes(
	struct accelerator_unit *u, struct accelerator_process *processes, unsigned n);
