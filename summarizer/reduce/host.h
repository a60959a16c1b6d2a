// SPDX-License-Identifier: Apache-2.0
// The sweep of one host: its archives are read once, from the oldest that a job needs, and every
// job is fed at the same time. What a job gets depends on its own time and these archives alone,
// not on which other jobs are in the sweep: archives that overlap in time are always read together,
// from their beginning: where no job needs their first hours, from their first minutes (what is logged
// once) on to a lead before the first job.
#pragma once

#include "common/error.h"
#include "common/str.h"
#include "summarizer/archive/tree.h"
#include "summarizer/reduce/task.h"

// After its end a job waits this long for the samples that bracket it (metrics logged hourly).
#define HOST_MARGIN_S 3700

// Read before the first job: how far samples lie apart, and the sample before its begin.
#define HOST_LEAD_S HOST_MARGIN_S

// Archives that follow on each other within this time (a logger's new one at midnight) belong
// together: there is no gap between them, counters are followed across.
#define HOST_JOIN_S 300

struct host_request {
	const struct plan *plan;
	const struct archive_place *places; // by start
	size_t n_places;
	struct task *tasks; // sorted by begin here
	size_t n_tasks;
	// Called with the partial result of each task, in no certain order.
	int (*done)(void *context, struct bytes partial, struct error *err);
	// Called for archives that cannot be opened and for damage met while reading.
	void (*bad)(void *context, const struct error *why);
	void *context;
};

int host_sweep(const struct host_request *q, struct error *err) MUST_USE;
