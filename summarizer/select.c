// SPDX-License-Identifier: Apache-2.0
// Choosing the jobs of a run.
#include "summarizer/select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/document/document.h"
#include "common/log.h"
#include "common/map.h"
#include "common/memory.h"
#include "common/str.h"
#include "summarizer/summary.h"

struct selection {
	const struct selection_request *request;
	struct selection_counts *counts;
	struct job *jobs;
	size_t n, room;
	struct map by_key; // to place + 1: a job that comes twice is taken as it comes last
	struct arena scratch;
};

static void selection_close(struct selection *s)
{
	free(s->jobs);
	map_release(&s->by_key);
	arena_release(&s->scratch);
}

static void bad_record(void *context, const struct error *why)
{
	struct selection_counts *c = context;
	c->defects++;
	log_warning("%s", why->text);
}

static const char *text_at(struct bytes summary, const char *path, struct arena *a)
{
	struct scalar v = {0};
	int ignored = 0;
	if (bson_find(summary, path, &v, &ignored) <= 0 || v.kind != DOC_TEXT)
		return "";
	return arena_strdup(a, v.text);
}

static int64_t integer_at(struct bytes summary, const char *path)
{
	struct scalar v = {0};
	int ignored = 0;
	return bson_find(summary, path, &v, &ignored) > 0 && v.kind == DOC_INT ? v.integer : 0;
}

static const struct reason {
	const char *word;
	enum again bit;
	const char *state; // that a document has for it; NULL: see reasons_of
} reasons[] = {
	{"all", AGAIN_ALL, NULL},
	{"catalogue", AGAIN_CATALOGUE, NULL},
	{"version", AGAIN_VERSION, NULL},
	{"incomplete", AGAIN_INCOMPLETE, "incomplete"},
	{"skipped", AGAIN_SKIPPED, "skipped"},
	{"failed", AGAIN_FAILED, "failed"},
};

int again_parse(const char *const *words, size_t n, unsigned *ret, struct error *err)
{
	unsigned bits = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned bit = 0;
		for (size_t k = 0; k < ARRAY_LEN(reasons); k++)
			if (str_eq(words[i], reasons[k].word))
				bit = reasons[k].bit;
		if (bit == 0)
			return error_set(err, EINVAL,
				"--again %s: known are all, catalogue, version, incomplete, skipped, failed",
				words[i]);
		bits |= bit;
	}
	*ret = bits;
	return 0;
}

struct stored { // what selection wants to know of a document
	const char *state, *catalogue;
	int64_t schema;
	int64_t end_s;
};

// For which reasons it would be made again.
static unsigned reasons_of(const struct stored *x, const char *catalogue)
{
	unsigned bits = AGAIN_ALL;
	bits |= str_eq(x->catalogue, catalogue) ? 0 : AGAIN_CATALOGUE;
	bits |= x->schema == SUMMARY_LAYOUT ? 0 : AGAIN_VERSION;
	for (size_t k = 0; k < ARRAY_LEN(reasons); k++)
		if (reasons[k].state && str_eq(x->state, reasons[k].state))
			bits |= reasons[k].bit;
	return bits;
}

// 1 due, 0 not, <0 the store failed.
static int is_due(struct selection *s, const struct job *job, struct error *err)
{
	const struct selection_request *q = s->request;
	struct store_item item;
	if (q->store == NULL)
		return 1;
	arena_reset(&s->scratch);
	int rc = store_get(q->store, &job->key, &s->scratch, &item, err);
	if (rc <= 0)
		return rc < 0 ? rc : 1;
	struct stored x = {.state = text_at(item.summary, "jobsight.state", &s->scratch),
		.catalogue = text_at(item.summary, "jobsight.catalogue", &s->scratch),
		.schema = integer_at(item.summary, "jobsight.schema"),
		.end_s = item.end_s};
	unsigned why = reasons_of(&x, q->catalogue);
	if (x.end_s != job->end_s || (why & q->again))
		return 1;
	s->counts->old += (why & (AGAIN_CATALOGUE | AGAIN_VERSION)) != 0;
	if (str_eq(x.state, "done") || job->start_s == 0) {
		s->counts->current++;
		return 0;
	}
	if (str_eq(x.state, "failed")) {
		s->counts->failed++;
		return 0;
	}
	if (q->now_s > job->end_s + q->late_s) {
		s->counts->final++;
		return 0;
	}
	return 1;
}

// A job that still runs is summarized as it stands.
static bool take_running(struct selection *s, struct job *job)
{
	const struct selection_request *q = s->request;
	if (!q->running || job->start_s == 0 || job->start_s >= q->now_s) {
		s->counts->running++;
		return false;
	}
	job->end_s = job->as_of_s = q->now_s;
	return true;
}

static bool has_settled(struct selection *s, struct job *job)
{
	const struct selection_request *q = s->request;
	if (!str_eq(job->key.cluster, q->accounting.cluster)) {
		s->counts->other_cluster++;
		return false;
	}
	if (job->end_s == JOB_RUNNING)
		return take_running(s, job);
	if (job->end_s + q->settle_s > q->now_s) {
		s->counts->unsettled++;
		return false;
	}
	return true;
}

static void keep(struct selection *s, const struct job *job, struct arena *a)
{
	char key[128];
	const char *text = arena_strdup(a, job_key_text(&job->key, key));
	uintptr_t at = (uintptr_t)map_get(&s->by_key, text);
	if (at) {
		s->jobs[at - 1] = *job;
		return;
	}
	if (s->n == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->jobs = memory_resize(s->jobs, s->room, sizeof(*s->jobs));
	}
	s->jobs[s->n++] = *job;
	// NOLINTNEXTLINE(performance-no-int-to-ptr): a number, not an address
	map_put(&s->by_key, text, (void *)(uintptr_t)s->n);
}

static int read_jobs(struct selection *s, void *state, struct arena *a, struct error *err)
{
	const struct selection_request *q = s->request;
	struct job job;
	for (;;) {
		int rc = q->source->next(state, a, &job, bad_record, s->counts, err);
		if (rc <= 0)
			return rc;
		s->counts->found++;
		if (!has_settled(s, &job))
			continue;
		rc = is_due(s, &job, err);
		if (rc < 0)
			return rc;
		if (rc > 0)
			keep(s, &job, a);
	}
}

static int by_end(const void *a, const void *b)
{
	const struct job *x = a;
	const struct job *y = b;
	if (x->end_s != y->end_s)
		return x->end_s < y->end_s ? -1 : 1;
	return job_key_compare(&x->key, &y->key);
}

int select_jobs(const struct selection_request *q, struct arena *a, struct job **ret, size_t *ret_n,
	struct selection_counts *counts, struct error *err)
{
	CLEANUP(selection_close) struct selection s = {.request = q, .counts = counts};
	void *state = NULL;
	TRY(q->source->open(&q->accounting, &state, err));
	int rc = read_jobs(&s, state, a, err);
	q->source->close(state);
	TRY(rc);
	if (s.n)
		qsort(s.jobs, s.n, sizeof(*s.jobs), by_end);
	*ret = s.n ? arena_copy(a, s.jobs, s.n * sizeof(*s.jobs)) : NULL;
	*ret_n = s.n;
	return 0;
}
