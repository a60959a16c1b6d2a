// SPDX-License-Identifier: Apache-2.0
// The end of the way: what the hosts of a job said, merged in the order of its node list, becomes
// its two documents.
#pragma once

#include "common/applications/applications.h"
#include "common/arena.h"
#include "common/bytes.h"
#include "common/document/document.h"
#include "common/job.h"
#include "summarizer/reduce/plan.h"

struct summary_request {
	const struct plan *plan;
	const struct applications *applications; // NULL: no rules
	const struct job *job;
	const char *resource_id;
	const struct bytes *partials; // one for each host of the job; data NULL: no archives
};

struct summary {
	struct doc *summary;
	struct doc *series; // NULL: none
	const char *state;  // jobsight.state
	size_t n_there;     // hosts with archives
};

#define SUMMARY_LAYOUT     1       // of this layout, in jobsight.schema
#define SUMMARY_VERSION    "1.0.6" // SUPReMM's, whose layout this is
#define SUMMARY_NOARCHIVES 15
#define SUMMARY_BAD_NODES  10

void summary_make(const struct summary_request *q, struct arena *a, struct summary *ret);
