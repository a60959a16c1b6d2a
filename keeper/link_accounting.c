// SPDX-License-Identifier: Apache-2.0
// First link: what the accounting says, and whether there can be data yet.
#include <inttypes.h>

#include "common/clock.h"
#include "common/hostlist.h"
#include "common/str.h"
#include "keeper/why.h"

static const char *summary(struct why *w)
{
	const struct job *j = &w->job;
	char start[TIME_TEXT_SIZE];

	if (j->start_s == 0)
		return arena_printf(w->arena, "%s, %s", j->state, j->user);
	return arena_printf(w->arena, "%s, %s, %zu nodes (%s), %s, %s", j->state, j->user,
		j->hosts.n, hostlist_compress(j->hosts.hosts, j->hosts.n, w->arena),
		format_time(j->start_s, start),
		j->end_s == JOB_RUNNING ? "no end yet" : why_span(w->arena, j->end_s - j->start_s));
}

static const char *ready_at(struct why *w)
{
	char ready[TIME_TEXT_SIZE];

	return arena_printf(w->arena, "from %s on",
		format_time(w->job.end_s + w->settings->summarizer_settle, ready));
}

void link_accounting(struct why *w)
{
	const struct job *j = &w->job;

	w->texts[LINK_ACCOUNTING] = summary(w);
	if (!w->is_in_accounting && !why_has(w, CAUSE_SOURCE_BROKEN) &&
		!why_has(w, CAUSE_NO_SOURCE))
		why_add(w, CAUSE_PURGED, NULL);
	if (j->start_s == 0)
		why_add(w, j->end_s == JOB_RUNNING ? CAUSE_PENDING : CAUSE_NEVER_STARTED, NULL);
	else if (j->end_s == JOB_RUNNING)
		why_add(w, CAUSE_RUNNING, NULL);
	else if (j->end_s + w->settings->summarizer_settle > w->now_s && w->item.summary.len == 0)
		why_add(w, CAUSE_UNSETTLED, ready_at(w));
	else if (j->hosts.n == 0)
		why_add(w, CAUSE_NO_NODES, NULL);
}
