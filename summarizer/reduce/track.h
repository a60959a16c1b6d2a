// SPDX-License-Identifier: Apache-2.0
// One metric of a host over time: the last two samples of each instance and what lies between
// them. A counter's increase is computed once here, for all jobs.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/archive/archive.h"
#include "summarizer/reduce/domain.h"
#include "summarizer/reduce/plan.h"

struct cell {              // one instance
	uint64_t bits;     // of the last sample
	uint64_t increase; // of an integer counter in the step
	uint64_t total;    // of an integer counter: all increases since the sweep began
	uint32_t steps;    // and their number
	double value;      // of the last sample
	double before;     // of the one before it
	double step;       // increase as a number
	uint32_t sample;   // number of the track's sample that had it
	bool has_step;     // it was in the sample before, and the counter was not reset
};

// How far samples lie apart: a step much longer than the longest good one, and than what the
// catalogue asks for, is a gap. Two long ones in a row are how it goes from
// now on. Samples at job boundaries come when they like: a step to or from one says nothing alone.
struct cadence {
	int64_t longest_ns; // good step; 0: none yet
	int64_t gap_ns;     // the last step, if it was a gap
};
bool cadence_is_gap(struct cadence *c, int64_t step_ns, int64_t every_s, bool is_odd);

// What two samples must share to belong together. Archives that follow closely on each other
// (midnight) are parts of one run: a step leads from one to the next, but how far samples lie apart
// is learned anew in each part, so that it does not depend on how much was read before.
struct epoch {
	unsigned run, part;
};

// What came together since the sweep began; a job's part is what they grew by.
struct track_totals {
	int64_t length_ns; // of the steps
	uint32_t samples, resets;
};

struct track {
	const struct plan_track *plan;
	struct domain *domain; // NULL: the host has not had it yet
	uint32_t type;
	unsigned kinds; // times that it became another type of metric
	bool is_counter, is_float;
	bool is_odd;                // the last sample was taken at a job boundary
	bool is_held;               // discrete: its value stays until the next sample says other
	unsigned bits;              // the counter wraps at 2^bits
	int64_t time_ns, before_ns; // of the last two samples
	struct cadence cadence;
	struct epoch epoch; // the host's when it was sampled; all zero: never
	bool has_step;      // the last two samples belong together
	bool is_gap;        // too long a time lies between them
	bool is_reset;      // some counter fell in the last sample
	uint32_t sample;    // counts samples
	uint32_t filled;    // the one before it that steps begin at: the last that had instances
	struct track_totals totals;
	struct cell *cells; // one a row
	size_t n_cells;
	uint32_t *present; // rows of the last sample
	size_t n_present, room;
};

// What was logged once stands until it is logged again.
static inline bool track_is_held(const struct track *c)
{
	return !c->is_counter && c->is_held;
}

// The totals as they were before the last sample.
static inline struct track_totals track_totals_before(const struct track *c)
{
	return (struct track_totals){
		.length_ns = c->totals.length_ns - (c->has_step ? c->time_ns - c->before_ns : 0),
		.samples = c->totals.samples - 1,
		.resets = c->totals.resets - (c->has_step && c->is_reset)};
}

// Where an archive has a track.
struct track_slot {
	struct track *track;
	struct id_map *ids;
	uint32_t type, semantics;
	bool is_odd;      // samples are taken at job boundaries
	unsigned version; // of ids when the guesses were made
	struct guess {
		int32_t id;
		uint32_t row;
	} * guesses; // row of the value at each position, as in the record before
	size_t n_guesses;
};

// Takes a sample over. false: it holds nothing new (no values, or no later than the last one).
// Two samples belong together when they are of the same epoch and no gap lies between.
bool track_sample(struct track_slot *s, const struct archive_record *r,
	const struct archive_set *set, struct epoch epoch);
void track_release(struct track *c);
