// SPDX-License-Identifier: Apache-2.0
// The analyses while a host is swept.
#pragma once

#include "summarizer/analyses/analysis.h"

struct analysis_run {
	void *hosts[ANALYSES_MAX];
	const struct track **inputs[ANALYSES_MAX];
	bool *is_input[ANALYSES_MAX]; // of the plan's tracks
};

void analysis_run_open(struct analysis_run *r, const struct plan *p, const struct track *tracks);
void analysis_run_close(struct analysis_run *r);
// A record brought samples of these tracks.
void analysis_run_feed(struct analysis_run *r, const size_t *touched, size_t n_touched,
	int64_t now_ns, const struct task_list *tasks);
// A record had processes; their rows are as they were before it.
void analysis_run_processes(struct analysis_run *r, const struct process_table *processes,
	int64_t now_ns, const struct task_list *tasks);
// For each analysis its length and what it says of a job.
void analysis_run_write(struct analysis_run *r, const struct task *t, struct strbuf *to);
