// SPDX-License-Identifier: Apache-2.0
// Steps of a source: the time between two moments at which all its inputs were sampled. What a
// stanza wants at each step (series, means over steps, peaks) is evaluated once a step for all
// jobs, and once more for a job whose begin or end cuts the step.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/reduce/fold.h"
#include "summarizer/reduce/task.h"

// The last step, as the tasks get it.
struct step {
	int64_t from_ns, to_ns;
	bool has_length; // else a sample without one before it
	double cores;    // of the node
};

// Most steps are whole for most jobs: their values are the same for all of them. They are kept back
// until some have come together, and then fed to one job after the other.
struct backlog {
	struct step steps[FOLD_STEPS_MAX];
	struct fold_step folds[FOLD_STEPS_MAX]; // as a job has them that has them whole
	size_t n;
	int64_t from_ns, to_ns; // all steps lie between
	bool has_lengths;       // all steps have one
	size_t n_rows, room;    // of each step
	size_t n_lines;
	double **lines;    // one for each item and one for its instances; NULL: it needs the job
	double *means;     // of an item's instances: [item * FOLD_STEPS_MAX + step]
	double **extremes; // one for each item: least or most of each row, where that is wanted
};

// No job begins or ends here: steps of this time are whole for all.
struct middle {
	int64_t from_ns, until_ns;
	unsigned turn;
	bool is_wanted; // by any
};

struct stepper {
	const struct plan_source *plan;
	struct domain *domain; // rows of the frame; NULL: not known yet
	struct track **inputs;
	int64_t time_ns; // end of the last step
	struct cadence cadence;
	bool is_odd;        // it was at a job boundary
	struct epoch epoch; // at it; all zero: none yet
	size_t n_rows, room;
	double *values, *before; // [row * n_inputs + input], gathered since then
	double *edge;            // the same, cut for one job
	double *result;
	bool *is_fresh;  // input was sampled since then
	uint32_t **rows; // of an input with another domain: its rows here
	size_t *n_mapped;
	int64_t every_s;
	struct backlog backlog;
	struct middle middle;
};

void stepper_open(struct stepper *s, const struct plan *p, const struct plan_source *source,
	struct track *tracks);
void stepper_release(struct stepper *s);
// Takes over the last sample of its i-th input.
void stepper_gather(struct stepper *s, size_t i);
// Finds out which instances its frame has.
void stepper_note_rows(struct stepper *s);
// When all inputs are there: feeds the tasks and begins the next step. Some of what it feeds is
// kept back until feed_backlog (feed.h).
void stepper_close(struct stepper *s, int64_t now_ns, struct epoch epoch, double cores,
	const struct task_list *tasks);
