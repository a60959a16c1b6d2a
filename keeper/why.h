// SPDX-License-Identifier: Apache-2.0
// Inside of jobsight-why: the chain of a job, link by link, each in a file of its own (link_*.c). A link
// that has nothing to object adds no reason.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/document/document.h"
#include "common/job.h"
#include "common/settings.h"
#include "common/store/site.h"

enum why_link { LINK_ACCOUNTING, LINK_ARCHIVES, LINK_DOCUMENT, LINK_WAREHOUSE, LINK_PAGE, LINKS };

enum verdict { // from good to bad: the worst of all links is the job's
	VERDICT_WHOLE,
	VERDICT_PARTIAL, // something is missing
	VERDICT_UNKNOWN, // the link could not be looked at
	VERDICT_WAIT,    // not yet
	VERDICT_NONE,    // there is no data
	VERDICTS,
};

enum cause {
	CAUSE_NO_SOURCE,
	CAUSE_SOURCE_BROKEN,
	CAUSE_NOT_FOUND,
	CAUSE_PURGED,
	CAUSE_PENDING,
	CAUSE_NEVER_STARTED,
	CAUSE_RUNNING,
	CAUSE_UNSETTLED,
	CAUSE_NO_NODES,
	CAUSE_NO_TREE,
	CAUSE_NO_ARCHIVES,
	CAUSE_MOVED,
	CAUSE_MISSING_NODE,
	CAUSE_BEGINS_LATE,
	CAUSE_ENDS_EARLY,
	CAUSE_GAP,
	CAUSE_DAMAGED,
	CAUSE_STORE_AWAY,
	CAUSE_NO_DOCUMENT,
	CAUSE_DOCUMENT_UNFIT,
	CAUSE_OLD_DOCUMENT,
	CAUSE_CAME_LATER,
	CAUSE_INCOMPLETE,
	CAUSE_INCOMPLETE_FINAL,
	CAUSE_SKIPPED,
	CAUSE_FAILED,
	CAUSE_LOW_COVERAGE,
	CAUSE_NO_BOUNDARIES,
	CAUSE_WAREHOUSE_AWAY,
	CAUSE_NOT_LOADED,
	CAUSE_QUARANTINED,
	CAUSE_LOADED_BEFORE,
	CAUSE_UNMEASURED,
	CAUSE_PORTAL_AWAY,
	CAUSE_PORTAL_ILL,
	CAUSES,
};

struct cause_row {
	const char *code; // in JSON
	enum why_link link;
	enum verdict verdict;
	const char *words;
	const char *advice; // NULL: nothing to be done
};
extern const struct cause_row cause_rows[CAUSES];

struct reason {
	enum cause cause;
	const char *detail; // NULL: none
};

enum { REASONS_MAX = 16 };

struct why {
	struct arena *arena;
	const struct settings *settings;
	const struct cluster_settings *cluster;
	int64_t now_s;
	struct job job;
	bool is_in_accounting;
	struct store_item item; // summary.len 0: there is no document
	struct reason reasons[REASONS_MAX];
	size_t n_reasons;
	const char *texts[LINKS]; // what is known of a link; NULL: nothing reached it
	size_t hosts_whole;       // hosts whose archives hold the whole job
};

void why_add(struct why *w, enum cause cause, const char *detail);
bool why_has(const struct why *w, enum cause cause);
enum verdict why_verdict(const struct why *w, enum why_link link); // of one link
const char *why_state(const struct why *w);                        // of the document; "" when none
const char *why_span(struct arena *a, int64_t seconds);            // 57m, 2h10m

void link_accounting(struct why *w);
void link_archives(struct why *w);
void link_document(struct why *w);
void link_warehouse(struct why *w);
void link_page(struct why *w);

// The runs of a job that accounting and store know, newest first; one struct why each.
int why_find(const struct why *like, const char *id, struct why **ret, size_t *ret_n,
	struct error *err) MUST_USE;

void why_print(const struct why *w);
struct doc *why_json(const struct why *w);
enum verdict why_worst(const struct why *w);
