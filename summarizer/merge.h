// SPDX-License-Identifier: Apache-2.0
// Inside of the merge: the hosts of a job as their partial results are read side by side.
#pragma once

#include "summarizer/reduce/partial.h"
#include "summarizer/summary.h"

struct merge {
	const struct summary_request *request;
	struct arena *arena;  // of the documents
	struct arena scratch; // of one output or series
	size_t n;             // hosts of the job
	size_t n_there;       // with archives
	struct partial_head *heads;
	struct partial_reader *readers;
	const char **damages;
	bool is_exclusive; // the job has all cores of its nodes, as far as these are known
	bool knows_cores;  // its cores are known on each node
	bool reaches_end;
	uint64_t gaps, resets;
	struct group_error *group_errors; // in arena; see merge_outputs
	uint64_t begins, ends;            // hosts where a sample was taken at the job's begin, end
};

void merge_open(struct merge *m, const struct summary_request *q, struct arena *a);
void merge_close(struct merge *m);
// In the order of the partial results: coverage, all outputs, all series.
void merge_coverage(struct merge *m, struct doc *to);
void merge_outputs(struct merge *m, struct doc *root);
void merge_series(struct merge *m, struct doc *root);
void merge_analyses(struct merge *m, struct doc *root);
