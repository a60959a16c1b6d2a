// SPDX-License-Identifier: Apache-2.0
// Accounting sources: who ran what, where and when. One file per source, each ending in one row.
#pragma once

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/job.h"

struct settings;
struct timezone_rules;

struct accounting_request {
	const char *spec;                  // what follows the colon of "sacct:FILE"; may be ""
	const char *cluster;               // jobs that name no cluster belong to this one
	const struct timezone_rules *zone; // of times written without one
	int64_t since_s, until_s;          // jobs that touch [since, until); 0: no limit
	const char *const *ids;            // only these ("1234", "1234_7"); n_ids 0: all
	size_t n_ids;
	bool with_scripts;               // job.script too, where the source has it
	const struct settings *settings; // for "warehouse"; may be NULL
};

struct accounting_source {
	const char *name;    // "sacct"
	bool is_whole_alone; // "warehouse" without a colon says all
	int (*open)(const struct accounting_request *r, void **ret_state, struct error *err);
	// 1 and the next job (strings in a); 0 at the end; <0 the source broke. A record that makes
	// no sense is not an end: it is reported through bad() and skipped.
	int (*next)(void *state, struct arena *a, struct job *ret,
		void (*bad)(void *context, const struct error *why), void *context,
		struct error *err);
	void (*close)(void *state);
};

// Whether a request asks for a job: it touches [since, until) and is one of the ids. One that never
// started waits from its submission on.
bool accounting_is_asked(const struct accounting_request *r, const struct job *j);

// The source that "NAME:SPEC" or "NAME" asks for; sets *ret_spec to what follows the colon, or "".
const struct accounting_source *accounting_source_find(const char *text, const char **ret_spec);
