// SPDX-License-Identifier: Apache-2.0
// The catalogue seen from an archive: which metrics to decode (tracks), which sources are made of
// them, and what must be evaluated at every step (items) rather than once for the whole job.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/catalogue/catalogue.h"

struct plan_track {         // a metric that some stanza needs
	const char *metric; // PCP's name, or PromQL
	uint8_t bits;       // of the counter; 0: what its type says
	int64_t every_s;    // longest interval that a stanza asks for
	bool is_summed;     // over whole jobs, by some stanza; else only steps are looked at
	bool is_of_jobs;    // its instances are jobs, and their counters begin with them
};

struct plan_item { // something evaluated at each step of a source
	const struct expression *value;
	const struct output *output;   // either this
	const struct series *series;   // or this
	const struct expression *each; // of a series: the line of one instance; NULL: value is it
	size_t place;                  // number of the output or series in the plan
	bool is_by_samples;            // what lies between samples of the job alone
	bool is_rate;                  // of a series: its value has no sense at an instant
	bool needs_job;                // its value depends on the job
};

struct plan_source {
	const struct metric *metric;
	const struct source *source;
	size_t nth;     // of the metric's sources
	size_t *tracks; // one for each input
	struct plan_item *items;
	size_t n_items;
	size_t first_item; // number of the first of them in the plan
};

struct plan_metric {
	const struct metric *metric;
	size_t first_source, n_sources; // in the plan
	size_t first_output;            // number of its first output in the plan
	size_t series;                  // number of its series; SIZE_MAX: none
};

#define ANALYSES_MAX 8 // rows of the table of analyses

struct plan {
	const struct catalogue *catalogue;
	enum source_kind kind;       // of all its sources
	struct plan_metric *metrics; // one for each of the catalogue
	size_t n_metrics;
	struct plan_source *sources;
	size_t n_sources;
	struct plan_track *tracks;
	size_t n_tracks;
	size_t n_outputs, n_series, n_items;
	size_t *analysis_tracks[ANALYSES_MAX]; // one for each input of each analysis
	size_t core_track, ncpu_track;         // where the number of cores of a node comes from
	unsigned series_points;
};

// Of the PCP sources; of those of one kind.
void plan_make(
	const struct catalogue *c, unsigned series_points, struct arena *a, struct plan *ret);
void plan_make_of(const struct catalogue *c, enum source_kind kind, unsigned series_points,
	struct arena *a, struct plan *ret);
