// SPDX-License-Identifier: Apache-2.0
// What no stanza can say: an analysis sees the samples of some metrics while a host is swept,
// appends what it has of a job to the job's partial result, and makes a part of the document of
// what all hosts of the job said. One file each, with one row of operations (analyses.c).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/document/document.h"
#include "common/job.h"
#include "common/str.h"
#include "summarizer/reduce/partial.h"
#include "summarizer/reduce/plan.h"
#include "summarizer/reduce/process.h"
#include "summarizer/reduce/task.h"
#include "summarizer/reduce/track.h"

// A record that brought a sample of at least one input.
struct analysis_sample {
	int64_t now_ns;
	const struct track *const *inputs; // in the order of the row's; epoch 0: never sampled
	struct task *const *tasks;         // of this time
	size_t n_tasks;
	unsigned turn; // rises when tasks come or go
	size_t nth;    // analysis
};

// What a job keeps for the analysis.
static inline void *analysis_own(const struct analysis_sample *s, size_t task)
{
	return s->tasks[task]->owns[s->nth];
}

// A job's end on a host.
struct analysis_end {
	const struct task *task;
	const struct track *const *inputs;
	void *own;
};

// The hosts of a job side by side.
struct analysis_merge {
	const struct job *job;
	struct partial_reader *readers; // one for each host; bytes.len 0: it has nothing to say
	size_t n;
	const struct partial_head *heads;
	struct doc *root;
	struct arena *arena;
};

struct analysis {
	const char *name;
	const char *const *inputs; // PCP metrics
	size_t n_inputs;
	void *(*open)(void); // what a host keeps
	void (*close)(void *host);
	size_t own_size;            // of what a job keeps on it; all zero at first
	void (*release)(void *own); // what that points to; NULL: nothing
	void (*sample)(void *host, const struct analysis_sample *s);
	// A record had processes, whose rows are as they were before it; inputs are not set. NULL: they
	// are of no interest.
	void (*processes)(
		void *host, const struct analysis_sample *s, const struct process_table *p);
	void (*write)(void *host, const struct analysis_end *e, struct strbuf *to);
	void (*merge)(const struct analysis_merge *m);
};

extern const struct analysis *const analyses[];
extern const size_t n_analyses;
