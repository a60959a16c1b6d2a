// SPDX-License-Identifier: Apache-2.0
// A task: one job on one host, and all that is kept of it while the host is swept. Steps come in
// and are clipped to the job's time; counters are cut linearly between the two samples around the
// job's begin and end, a gauge holds its value until its next sample.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/job.h"
#include "summarizer/reduce/cores.h"
#include "summarizer/reduce/picks.h"
#include "summarizer/reduce/plan.h"
#include "summarizer/reduce/series.h"
#include "summarizer/reduce/track.h"

struct task_cell {       // one instance of one track
	uint64_t sum;    // increase of an integer counter over whole steps
	double whole;    // of other counters
	double part;     // over cut steps
	double tail;     // over the step that ends less than a second after the job
	double integral; // of a gauge over time
	double seconds;
	double first, last, lowest, highest;
	uint32_t samples; // inside the job
	uint32_t steps, cuts, tails;
};

// Whole steps are not added up for each job: of an integer counter, as of lengths and numbers, their
// sum is what the track's own total grew by between two moments, exact as integers are.
struct task_base {
	uint64_t total;
	uint32_t steps;
};

struct task_track {
	struct task_cell *cells;
	size_t n;
	bool is_open; // samples lie inside the job, and the track's totals count for it
	struct track_totals since; // from these on
	struct task_base *base;    // and its instances'; NULL: none yet
	size_t n_base;
	int64_t covered_ns; // of the job's time, lies between good samples
	int64_t whole_ns;   // lies in whole steps
	uint32_t samples, resets;
};

struct task_item {              // of a source: an output over steps, or a series
	double *value, *weight; // of each row: the sum, or what replaced what came before
	size_t n;
	size_t seen;  // samples, for skip_first
	double *late; // ring of the last samples, for skip_last
	size_t late_rows, n_late, next_late;
	struct series_grid grid;
	struct series_line node;   // of the host
	struct picks picks;        // instead
	struct series_lines lines; // of its instances
	bool *is_own;              // rows that count for the series, as far as looked at
	size_t n_own;
	bool owns_all; // of these
};

#define TASK_SLUID_SIZE 16

struct task {
	const struct job *job;
	size_t job_index, node_index; // in the batch; in the job's node list
	int64_t begin_ns, end_ns;     // accounting's, or of boundary samples
	struct task_track *tracks;    // one for each of the plan; allocated with the first sample
	struct task_item *items;      // one for each of the plan
	void **owns;                  // what it keeps for each analysis
	struct core_set cores;        // the job's own, as found in cgroups and processes
	const char **gpus;            // that it was seen on; names are the domain's
	size_t n_gpus;
	bool shares_gpus;            // others may be somebody else's
	char sluid[TASK_SLUID_SIZE]; // names its cgroups since Slurm 26.05; "": not known
	bool has_begin, has_end;     // begin_ns, end_ns are the times of samples taken for it
	unsigned gaps, resets;
	unsigned series_points;
};

struct task_list { // those of a time
	struct task *const *items;
	size_t n;
	unsigned turn; // rises when some come or go
};

void task_open(struct task *t, const struct plan *p);
void task_release(struct task *t, const struct plan *p);

bool task_add_gpu(struct task *t, const char *name); // false: it is known
// Whether a device counts as the job's: any while nothing is known of it.
bool task_has_gpu(const struct task *t, const char *name);

// The part of (from, to] that is the job's: false when there is none.
static inline bool task_clip(const struct task *t, int64_t *from, int64_t *to)
{
	if (*from < t->begin_ns)
		*from = t->begin_ns;
	if (*to > t->end_ns)
		*to = t->end_ns;
	return *from < *to;
}

// Where only samples count, those up to a second after the end are the job's, as in SUPReMM.
static inline int64_t task_window_end(const struct task *t)
{
	return t->has_end ? t->end_ns : t->end_ns + NS_PER_S;
}

static inline bool task_holds(const struct task *t, int64_t at)
{
	return t->begin_ns <= at && at <= t->end_ns;
}

// Takes the last sample of a track over.
void task_feed(struct task *t, size_t place, const struct track *x);
// Whether nothing is to be done for the samples of a track until *until_ns, which is made earlier
// where the job ends before.
bool task_is_quiet(const struct task *t, size_t place, const struct track *x, int64_t *until_ns);
// No more samples will come: sums are complete afterwards.
void task_settle(struct task *t, const struct plan *p, const struct track *tracks);
