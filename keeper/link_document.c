// SPDX-License-Identifier: Apache-2.0
// Third link: the document, what it says about itself, and whether accounting and archives have moved
// on since it was made.
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/str.h"
#include "keeper/why.h"

enum { LOST_S = 240, NAMED_MAX = 5 };

static const struct {
	int64_t code;
	const char *words;
} codes[] = {
	// SUPReMM's
	{1, "the raw archives could not be used"},
	{2, "the job was too short"},
	{10, "accounting names no nodes for it"},
	{15, "no archives of any of its nodes"},
};

static const char *words_of(struct arena *a, int64_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return arena_printf(a, "code %" PRId64 ": %s", code, codes[i].words);
	return arena_printf(a, "code %" PRId64, code);
}

static bool find_int(const struct why *w, const char *path, int64_t *ret)
{
	struct scalar v = {0};
	int ignored = 0;

	if (bson_find(w->item.summary, path, &v, &ignored) <= 0 || v.kind != DOC_INT)
		return false;
	*ret = v.integer;
	return true;
}

const char *why_state(const struct why *w)
{
	struct scalar v = {0};
	int ignored = 0;

	if (w->item.summary.len == 0 ||
		bson_find(w->item.summary, "jobsight.state", &v, &ignored) <= 0 ||
		v.kind != DOC_TEXT)
		return "";
	return arena_strdup(w->arena, v.text);
}

struct low {
	struct why *why;
	struct strbuf names;
	size_t n;
};

// One metric: of the nodes that have it, how long each lacked it.
static void judge_metric(struct low *l, const char *name, const struct doc *d)
{
	const struct job *j = &l->why->job;
	const struct doc *nodes = doc_find(d, "nodes");
	const struct doc *time = doc_find(d, "time");
	double wall_s = (double)(j->end_s - j->start_s);

	if (!nodes || !time || nodes->kind != DOC_INT || nodes->integer <= 0 || j->hosts.n == 0)
		return;
	double share = time->kind == DOC_DOUBLE ? time->number : (double)time->integer;
	double had_s = share * wall_s * (double)j->hosts.n / (double)nodes->integer;
	if (wall_s - had_s <= LOST_S)
		return;
	if (l->n++ < NAMED_MAX)
		strbuf_printf(&l->names, "%s%s %.0f %%", l->n > 1 ? ", " : "", name,
			100 * had_s / wall_s);
}

// Metrics have dots in their names: the objects that hold "nodes" are what is looked for.
static void walk_coverage(struct low *l, const char *name, const struct doc *d)
{
	if (d->kind != DOC_OBJECT)
		return;
	if (doc_find(d, "nodes") && doc_find(d, "nodes")->kind == DOC_INT) {
		judge_metric(l, name, d);
		return;
	}
	for (size_t i = 0; i < d->n; i++)
		walk_coverage(l, // NOLINT(misc-no-recursion): DOC_DEPTH_MAX levels
			*name ? arena_printf(l->why->arena, "%s.%s", name, d->keys[i]) : d->keys[i],
			d->items[i]);
}

static void look_at_coverage(struct why *w, const struct doc *summary)
{
	struct low l = {.why = w};
	const struct doc *coverage = doc_find(summary, "jobsight.coverage");

	if (coverage)
		walk_coverage(&l, "", coverage);
	if (l.n > NAMED_MAX)
		strbuf_printf(&l.names, ", and %zu more", l.n - NAMED_MAX);
	// What archives lack has been said already, and once is enough.
	if (l.n && w->hosts_whole == w->job.hosts.n)
		why_add(w, CAUSE_LOW_COVERAGE, strbuf_text(&l.names));
	strbuf_release(&l.names);
}

static void look_at_boundaries(struct why *w)
{
	int64_t begin = 0;
	int64_t end = 0;
	int64_t nodes = 0;

	if (find_int(w, "jobsight.boundaries.begin", &begin) &&
		find_int(w, "jobsight.boundaries.end", &end) &&
		find_int(w, "jobsight.nodes", &nodes) && (begin < nodes || end < nodes))
		why_add(w, CAUSE_NO_BOUNDARIES,
			arena_printf(w->arena,
				"%" PRId64 " begins and %" PRId64 " ends on %" PRId64 " nodes",
				begin, end, nodes));
}

static void judge_unfinished(struct why *w, const char *state)
{
	int64_t last_s = w->job.end_s + w->settings->summarizer_late;
	int64_t code = 0;
	int64_t nodes = 0;
	bool is_late = w->now_s > last_s;
	char until[TIME_TEXT_SIZE];

	(void)find_int(w, "jobsight.code", &code);
	(void)find_int(w, "jobsight.nodes", &nodes);
	if (w->job.start_s == 0)
		return; // a document of its accounting alone is all there will be
	if (str_eq(state, "failed"))
		why_add(w, CAUSE_FAILED, words_of(w->arena, code));
	else if (w->hosts_whole == w->job.hosts.n && w->job.hosts.n &&
		 (code || nodes < (int64_t)w->job.hosts.n))
		why_add(w, CAUSE_CAME_LATER, NULL);
	else if (str_eq(state, "skipped") || code)
		why_add(w, CAUSE_SKIPPED, words_of(w->arena, code));
	else if (is_late)
		why_add(w, CAUSE_INCOMPLETE_FINAL, NULL);
	else
		why_add(w, CAUSE_INCOMPLETE,
			arena_printf(w->arena, "until %s", format_time(last_s, until)));
}

static void look_into(struct why *w)
{
	struct doc *summary = NULL;
	struct error err = {0};
	const char *state = why_state(w);
	int64_t nodes = 0;
	int64_t gaps = 0;

	if (doc_from_bson(w->item.summary, w->arena, &summary, &err) < 0) {
		why_add(w, CAUSE_DOCUMENT_UNFIT, err.text);
		return;
	}
	(void)find_int(w, "jobsight.nodes", &nodes);
	(void)find_int(w, "jobsight.gaps", &gaps);
	w->texts[LINK_DOCUMENT] =
		arena_printf(w->arena, "%s, %" PRId64 " of %zu nodes, %" PRId64 " gaps",
			*state ? state : "of SUPReMM", nodes, w->job.hosts.n, gaps);
	if (w->is_in_accounting && w->item.end_s != w->job.end_s)
		why_add(w, CAUSE_OLD_DOCUMENT, NULL);
	if (*state && !str_eq(state, "done"))
		judge_unfinished(w, state);
	look_at_coverage(w, summary);
	if (str_eq(state, "done"))
		look_at_boundaries(w);
}

void link_document(struct why *w)
{
	if (why_has(w, CAUSE_STORE_AWAY))
		return;
	if (w->item.summary.len)
		look_into(w);
	else if (why_verdict(w, LINK_ACCOUNTING) != VERDICT_WAIT)
		why_add(w, CAUSE_NO_DOCUMENT, NULL);
}
