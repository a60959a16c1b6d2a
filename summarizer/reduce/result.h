// SPDX-License-Identifier: Apache-2.0
// From what a task kept to the values of each output: the end of a job on a host.
#pragma once

#include "common/str.h"
#include "summarizer/analyses/run.h"
#include "summarizer/archive/archive.h"
#include "summarizer/reduce/steps.h"
#include "summarizer/reduce/task.h"

struct result_request {
	const struct plan *plan;
	const struct stepper *steppers; // one for each source of the plan
	const struct track *tracks;
	struct analysis_run *analyses;
	struct archive *const *archives; // of the host, that overlap the job
	size_t n_archives;
	bool reaches_end;
};

// Marks the sources of the plan that a job with these archives takes its values from: those that
// result_write chooses. Of a request only plan and archives are looked at.
void result_want(const struct result_request *q, bool *wanted);

// Appends the partial result (partial.h).
void result_write(const struct result_request *q, struct task *t, struct strbuf *to);
