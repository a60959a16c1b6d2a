// SPDX-License-Identifier: Apache-2.0
// Steps of a source: the time between two moments at which all its inputs were sampled. What a
// stanza wants at each step (series, means over steps, peaks) is evaluated once a step for all
// jobs, and once more for a job whose begin or end cuts the step.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/reduce/task.h"

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
};

// The last step, as the tasks get it.
struct step {
	int64_t from_ns, to_ns;
	bool has_length; // else a sample without one before it
	double cores;    // of the node
};

void stepper_open(struct stepper *s, const struct plan *p, const struct plan_source *source,
	struct track *tracks);
void stepper_release(struct stepper *s);
// Takes over the last sample of its i-th input.
void stepper_gather(struct stepper *s, size_t i);
// Finds out which instances its frame has.
void stepper_note_rows(struct stepper *s);
// When all inputs are there: feeds the tasks and begins the next step.
void stepper_close(struct stepper *s, int64_t now_ns, struct epoch epoch, double cores,
	struct task *const *tasks, size_t n_tasks);
