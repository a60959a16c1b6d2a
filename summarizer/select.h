// SPDX-License-Identifier: Apache-2.0
// Which jobs of the accounting are due. The state of a job is its document in the store and
// nothing else, so that a run that was killed is simply run again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/accounting/source.h"
#include "common/store/store.h"

struct selection_counts {
	uint64_t found, running, unsettled, other_cluster, current, final, defects;
};

struct selection_request {
	const struct accounting_source *source;
	struct accounting_request accounting;
	struct store *store;     // NULL: there is none yet
	const char *catalogue;   // hash
	int64_t now_s, settle_s; // a job is taken this long after its end
	int64_t late_s;          // and for this long again while archives are missing
	bool again;              // all of them, whatever is stored
};

// Jobs by end time, then key; strings in a.
int select_jobs(const struct selection_request *q, struct arena *a, struct job **ret, size_t *ret_n,
	struct selection_counts *counts, struct error *err) MUST_USE;
