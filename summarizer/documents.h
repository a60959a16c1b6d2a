// SPDX-License-Identifier: Apache-2.0
// The documents of a batch. Worker processes make them, each every n-th, and hand them to this one
// in the order of the jobs, so that nothing depends on their number and few wait in memory.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"
#include "summarizer/summary.h"

struct documents_request {
	const struct plan *plan;
	const struct applications *applications;
	const char *resource_id;
	const struct job *jobs;
	size_t n_jobs;
	struct bytes *const *partials; // [job][node]
	unsigned workers;
};

struct made_document {     // borrowed until the call returns
	const char *state; // jobsight.state
	uint64_t n_there;  // hosts with archives
	struct bytes summary, series;
	const char *failure; // why there is none, or one that only says this; NULL: all is well
};

// each() is called once for each job, in order; a negative value ends the making.
typedef int document_each(
	void *context, size_t job, const struct made_document *d, struct error *err);

int documents_make(const struct documents_request *q, document_each *each, void *context,
	struct error *err) MUST_USE;
