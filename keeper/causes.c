// SPDX-License-Identifier: Apache-2.0
// Every reason for which a job has no data, or not all: at which link it is met, and what to do.
#include <inttypes.h>
#include <string.h>

#include "common/str.h"
#include "keeper/why.h"

#define AGAIN "jobsight summarize --again all --job ID, then jobsight load"

const struct cause_row cause_rows[CAUSES] = {
	[CAUSE_NO_SOURCE] = {"no-source", LINK_ACCOUNTING, VERDICT_UNKNOWN,
		"the cluster has no accounting source", "set the cluster's accounting"},
	[CAUSE_SOURCE_BROKEN] = {"source-broken", LINK_ACCOUNTING, VERDICT_UNKNOWN,
		"the accounting cannot be read",
		"mend what the message says: nothing is "
		"summarized meanwhile"},
	[CAUSE_NOT_FOUND] = {"not-found", LINK_ACCOUNTING, VERDICT_NONE,
		"neither accounting nor store knows the job",
		"is the number right, is it of this cluster (--cluster); is the accounting that "
		"the source reads newer than the job"},
	[CAUSE_PURGED] = {"purged", LINK_ACCOUNTING, VERDICT_WHOLE,
		"the accounting has forgotten the job; its document has not", NULL},
	[CAUSE_PENDING] = {"pending", LINK_ACCOUNTING, VERDICT_WAIT, "the job waits in the queue",
		"nothing: there is data once it has run"},
	[CAUSE_NEVER_STARTED] = {"never-started", LINK_ACCOUNTING, VERDICT_NONE,
		"the job ended without ever having started", "nothing: no node worked for it"},
	[CAUSE_RUNNING] = {"running", LINK_ACCOUNTING, VERDICT_WAIT, "the job is running",
		"nothing: it is summarized after its end"},
	[CAUSE_UNSETTLED] = {"unsettled", LINK_ACCOUNTING, VERDICT_WAIT,
		"the job has just ended: its archives may not be complete yet",
		"nothing: it is summarized summarizer.settle after its end"},
	[CAUSE_NO_NODES] = {"no-nodes", LINK_ACCOUNTING, VERDICT_NONE,
		"the accounting names no node for the job",
		"look at NodeList in sacct: the job may have been allocated nothing"},
	[CAUSE_NO_TREE] = {"no-tree", LINK_ARCHIVES, VERDICT_UNKNOWN,
		"the archive tree cannot be read",
		"is its file system mounted; is the cluster's setting archives right"},
	[CAUSE_NO_ARCHIVES] = {"no-archives", LINK_ARCHIVES, VERDICT_NONE,
		"none of the job's nodes has archives of that time",
		"jobsight doctor says what the nodes do now; of long ago: jobsight archive restore "
		"--job ID"},
	[CAUSE_MOVED] = {"moved", LINK_ARCHIVES, VERDICT_WHOLE,
		"the archives are gone or moved; the document was made of them before",
		"to look into them: jobsight archive restore --job ID"},
	[CAUSE_MISSING_NODE] = {"missing-node", LINK_ARCHIVES, VERDICT_PARTIAL,
		"nodes without archives of that time",
		"jobsight doctor on the server and on the node; does the archive carry another "
		"name (host_suffix)"},
	[CAUSE_BEGINS_LATE] = {"begins-late", LINK_ARCHIVES, VERDICT_PARTIAL,
		"the first sample comes after the job's begin",
		"pmlogger was started late: its log on the node; hooks give exact begins "
		"(docs/boundaries.md)"},
	[CAUSE_ENDS_EARLY] = {"ends-early", LINK_ARCHIVES, VERDICT_PARTIAL,
		"the last sample comes before the job's end",
		"pmlogger or the node stopped, or the relay is behind: jobsight doctor; what still "
		"comes is taken in for summarizer.late"},
	[CAUSE_GAP] = {"gap", LINK_ARCHIVES, VERDICT_PARTIAL, "there are no samples for a while",
		"pmlogger's log of that time; the node may have hung"},
	[CAUSE_DAMAGED] = {"damaged", LINK_ARCHIVES, VERDICT_PARTIAL, "an archive is damaged",
		"pmlogcheck says more; what comes before the damage was used"},
	[CAUSE_STORE_AWAY] = {"store-away", LINK_DOCUMENT, VERDICT_UNKNOWN,
		"the document store cannot be read", "store.url; is the server up"},
	[CAUSE_NO_DOCUMENT] = {"no-document", LINK_DOCUMENT, VERDICT_NONE,
		"the summarizer has made no document of the job",
		"systemctl status jobsight-nightly.timer; by hand: jobsight summarize --job ID"},
	[CAUSE_DOCUMENT_UNFIT] = {"document-unfit", LINK_DOCUMENT, VERDICT_NONE,
		"the document cannot be read", AGAIN},
	[CAUSE_OLD_DOCUMENT] = {"old-document", LINK_DOCUMENT, VERDICT_PARTIAL,
		"the document was made when the accounting said another end",
		"the next run of the summarizer makes it anew; by hand: jobsight summarize --job ID"},
	[CAUSE_CAME_LATER] = {"came-later", LINK_DOCUMENT, VERDICT_PARTIAL,
		"archives came after the document was made", AGAIN},
	[CAUSE_INCOMPLETE] = {"incomplete", LINK_DOCUMENT, VERDICT_PARTIAL,
		"the document is incomplete; it is tried again with each run",
		"nothing, unless the archives never come: jobsight doctor"},
	[CAUSE_INCOMPLETE_FINAL] = {"incomplete-final", LINK_DOCUMENT, VERDICT_PARTIAL,
		"the document is incomplete and summarizer.late is over",
		"if archives came since: " AGAIN},
	[CAUSE_SKIPPED] = {"skipped", LINK_DOCUMENT, VERDICT_NONE,
		"the summarizer had nothing to summarize", "once the archives are there: " AGAIN},
	[CAUSE_FAILED] = {"failed", LINK_DOCUMENT, VERDICT_NONE, "the summarizer failed on the job",
		"jobsight summarize --again all --job ID --verbose says more"},
	[CAUSE_LOW_COVERAGE] = {"low-coverage", LINK_DOCUMENT, VERDICT_PARTIAL,
		"metrics that were not measured on all nodes all the time",
		"an agent (PMDA) did not answer: pminfo -f on the node; pmcd's log"},
	[CAUSE_NO_BOUNDARIES] = {"no-boundaries", LINK_DOCUMENT, VERDICT_WHOLE,
		"the job's begin or end was not sampled: its edges are up to one interval off",
		"jobsight doctor; hooks in slurm.conf (docs/boundaries.md)"},
	[CAUSE_WAREHOUSE_AWAY] = {"warehouse-away", LINK_WAREHOUSE, VERDICT_UNKNOWN,
		"the warehouse cannot be asked",
		"warehouse.url; is PostgreSQL up; has it the "
		"schema (jobsight load --migrate)"},
	[CAUSE_NOT_LOADED] = {"not-loaded", LINK_WAREHOUSE, VERDICT_NONE,
		"the document has not been loaded",
		"systemctl status jobsight-nightly; by hand: jobsight load"},
	[CAUSE_QUARANTINED] = {"quarantined", LINK_WAREHOUSE, VERDICT_NONE,
		"the loader put the document aside",
		"mend its cause, " AGAIN "; all of them: select * from warehouse.load_error"},
	[CAUSE_LOADED_BEFORE] = {"loaded-before", LINK_WAREHOUSE, VERDICT_PARTIAL,
		"the warehouse still has an earlier document of the job", "jobsight load"},
	[CAUSE_UNMEASURED] = {"unmeasured", LINK_WAREHOUSE, VERDICT_WHOLE,
		"metrics without a value", NULL},
	[CAUSE_PORTAL_AWAY] = {"portal-away", LINK_PAGE, VERDICT_UNKNOWN,
		"the portal does not answer", "systemctl status jobsight-portal; portal.listen"},
	[CAUSE_PORTAL_ILL] = {"portal-ill", LINK_PAGE, VERDICT_UNKNOWN,
		"the portal is up but not well",
		"portal.warehouse and its password; journalctl -u jobsight-portal"},
};

void why_add(struct why *w, enum cause cause, const char *detail)
{
	if (w->n_reasons < REASONS_MAX)
		w->reasons[w->n_reasons++] = (struct reason){cause, arena_strdup(w->arena, detail)};
}

bool why_has(const struct why *w, enum cause cause)
{
	for (size_t i = 0; i < w->n_reasons; i++)
		if (w->reasons[i].cause == cause)
			return true;
	return false;
}

enum verdict why_verdict(const struct why *w, enum why_link link)
{
	enum verdict v = VERDICT_WHOLE;

	for (size_t i = 0; i < w->n_reasons; i++) {
		const struct cause_row *row = &cause_rows[w->reasons[i].cause];
		if (row->link == link && row->verdict > v)
			v = row->verdict;
	}
	return v;
}

enum verdict why_worst(const struct why *w)
{
	enum verdict v = VERDICT_WHOLE;

	for (int k = 0; k < LINKS; k++)
		if (why_verdict(w, (enum why_link)k) > v)
			v = why_verdict(w, (enum why_link)k);
	return v;
}

const char *why_span(struct arena *a, int64_t s)
{
	if (s < 120)
		return arena_printf(a, "%" PRId64 "s", s);
	if (s < 7200)
		return arena_printf(a, "%" PRId64 "m", s / 60);
	return arena_printf(a, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
}
