// SPDX-License-Identifier: Apache-2.0
// Which jobs of the accounting are due. The state of a job is its document in the store and
// nothing else, so that a run that was killed is simply run again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/accounting/source.h"
#include "common/store/store.h"

struct selection_counts {
	uint64_t found, running, unsettled, other_cluster, current, final, failed, old, defects;
};

// Why jobs that have a document are summarized again. Without being asked for, those are whose
// archives may still come, and those whose end changed.
enum again {
	AGAIN_ALL = 1,
	AGAIN_CATALOGUE = 2,  // it was made by another catalogue
	AGAIN_VERSION = 4,    // it is of another layout
	AGAIN_INCOMPLETE = 8, // archives of some nodes were missing, or their ends
	AGAIN_SKIPPED = 16,   // there were none at all
	AGAIN_FAILED = 32,    // it could not be made
};

// The words of a list: bits of enum again.
int again_parse(const char *const *words, size_t n, unsigned *ret, struct error *err) MUST_USE;

struct selection_request {
	const struct accounting_source *source;
	struct accounting_request accounting;
	struct store *store;     // NULL: there is none yet
	const char *catalogue;   // hash
	int64_t now_s, settle_s; // a job is taken this long after its end
	int64_t late_s;          // and for this long again while archives are missing
	unsigned again;          // bits of enum again
	bool running;            // also those that still run
};

// Jobs by end time, then key; strings in a.
int select_jobs(const struct selection_request *q, struct arena *a, struct job **ret, size_t *ret_n,
	struct selection_counts *counts, struct error *err) MUST_USE;
