// SPDX-License-Identifier: Apache-2.0
// Connectors: one file each, ending in one row of operations; connector.c lists them. A category is
// what records are about: its row says which tables they go through and what merges them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "accounting/problem.h"
#include "accounting/stage.h"
#include "common/arena.h"
#include "common/clock.h"
#include "common/error.h"
#include "common/settings.h"

enum category { // in the order in which a run goes through them; the site's own come first
	CATEGORY_PROJECT,
	CATEGORY_BUSINESS,
	CATEGORY_ARCHITECTURE,
	CATEGORY_USER,
	CATEGORY_ASSOCIATION,
	CATEGORY_EVENT,
	CATEGORY_JOB,
	CATEGORY_FILESYSTEM,
	CATEGORY_QUOTA,
	CATEGORY_PROBE,
	CATEGORY_CLOUD,
	CATEGORIES,
};

enum { CATEGORY_STAGES_MAX = 3 };

struct category_row {
	const char *name; // "project"
	bool is_of_site;  // one source for all clusters, its setting is in struct settings
	// All records together are what there is, and make one transaction: what they lack is
	// gone. Else they grow, and go in batches.
	bool is_whole;
	size_t setting;                            // offset of the source's text
	enum stage_id stages[CATEGORY_STAGES_MAX]; // the first is the one others follow
	size_t n_stages;
	const char *merge; // SQL: $1 cluster, $2 rules; gives added, changed, removed
	const char *again; // SQL: $1 cluster; numbers of records to be read again; or NULL
};

extern const struct category_row categories[CATEGORIES];

struct import_request {
	const char *spec;    // what follows the colon of "csv:FILE"
	const char *cluster; // "" for a category of the site
	const struct settings *settings;
	const struct timezone_rules *zone; // of times written without one
	const char *place;                 // where the last committed batch ended; "" at first
	int64_t since_s;                   // nothing older is wanted; 0: all
	const int64_t *again;              // records to be read again, by number
	size_t n_again;
	struct problems *problems;
};

struct connector {
	enum category category;
	const char *name;     // "csv"
	const char *settings; // what its text says, for the manual: "csv:FILE"
	int (*open)(const struct import_request *r, void **ret_state, struct error *err);
	// 1 and the next record, whose texts hold until the next call; 0 at the end; <0 the source
	// broke. What makes no sense is reported to the request's problems and skipped.
	int (*next)(void *state, struct record *ret, struct error *err);
	// Where to go on once all records given so far are kept, but not the last that others may
	// follow; after the end all are. It may return NULL: where it was. NULL: sources that are
	// always read from the beginning.
	const char *(*place)(void *state, struct arena *a);
	void (*close)(void *state);
};

// The connector of a category that "NAME:SPEC" asks for; sets *ret_spec to what follows the colon.
int connector_find(enum category category, const char *text, const struct connector **ret,
	const char **ret_spec, struct error *err) MUST_USE;
void connectors_manual(struct strbuf *out); // one line each

// The text that configures a category; NULL: it is not imported.
const char *category_source(
	enum category category, const struct settings *s, const struct cluster_settings *c);
