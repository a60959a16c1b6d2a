// SPDX-License-Identifier: Apache-2.0
// A run of the import: the site's categories, then those of each cluster.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "accounting/codes.h"
#include "accounting/connector.h"
#include "common/options.h"
#include "common/postgres/postgres.h"
#include "common/settings.h"

struct import_plan {
	const struct settings *settings;
	struct option_list clusters;     // none: all
	struct option_list categories;   // none: all
	struct code_set ignored, strict; // by import_plan_check
	int64_t since_s;
	bool again; // as if nothing had been read yet
};

struct import_outcome {
	uint64_t records, added, changed, removed, quarantined;
	uint64_t problems;           // that are not ignored
	unsigned done, failed, away; // steps; away: failed, but may work later
};

// Checks names of clusters and categories, and every source's text; takes the codes to be ignored, or
// too much, from the settings.
int import_plan_check(struct import_plan *p, struct error *err) MUST_USE;

// A step that fails is logged and counted, and the others go on; <0: the warehouse is away, or the
// book cannot be kept.
int import_run(struct postgres *p, const struct import_plan *plan, struct import_outcome *ret,
	struct error *err) MUST_USE;

// Calls each for the steps of the plan in their order; cluster NULL for the site.
int import_each(const struct import_plan *plan,
	int (*each)(void *context, const struct cluster_settings *cluster, enum category category,
		const char *source, struct error *err),
	void *context, struct error *err) MUST_USE;
