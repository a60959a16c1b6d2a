// SPDX-License-Identifier: Apache-2.0
// The runs of a job: those of the accounting, and those of which only a document is left.
#include <errno.h>
#include <string.h>

#include "common/accounting/source.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"
#include "keeper/why.h"

enum { RUNS_MAX = 1000 };

struct find {
	const struct why *like;
	const char *id;
	struct why *runs;
	size_t n;
	enum cause trouble; // with the accounting; CAUSES: none
	const char *trouble_text;
};

static void bad_record(void *context, const struct error *why)
{
	(void)context; // the summarizer names each
	(void)why;
}

static struct why *add_run(struct find *f)
{
	struct why *w = &f->runs[f->n++];

	*w = *f->like; // NOLINT(clang-analyzer-core.NullDereference): arenas give memory or end
	if (f->trouble != CAUSES)
		why_add(w, f->trouble, f->trouble_text);
	return w;
}

static int read_accounting(struct find *f, const struct timezone_rules *zone, struct error *err)
{
	const struct cluster_settings *c = f->like->cluster;
	struct accounting_request q = {.cluster = c->name,
		.zone = zone,
		.ids = &f->id,
		.n_ids = 1,
		.settings = f->like->settings};
	const struct accounting_source *source = accounting_source_find(c->accounting, &q.spec);
	struct job job;
	void *state = NULL;
	int rc;

	if (!source)
		return error_set(err, EINVAL, "%s: no such source", c->accounting);
	TRY(source->open(&q, &state, err));
	while ((rc = source->next(state, f->like->arena, &job, bad_record, NULL, err)) > 0) {
		struct why *w = NULL;

		if (!str_eq(job.key.cluster, c->name) || f->n == RUNS_MAX)
			continue;
		// a record that comes twice is right as it comes last
		for (size_t i = 0; i < f->n && !w; i++)
			if (job_key_compare(&f->runs[i].job.key, &job.key) == 0)
				w = &f->runs[i];
		if (!w)
			w = add_run(f);
		w->job = job;
		w->is_in_accounting = true;
	}
	source->close(state);
	return rc;
}

static void ask_accounting(struct find *f)
{
	const struct cluster_settings *c = f->like->cluster;
	struct timezone_rules *zone = NULL;
	struct error err = {0};

	f->trouble = CAUSES;
	if (!c->accounting) {
		f->trouble = CAUSE_NO_SOURCE;
		return;
	}
	int rc = timezone_open(c->timezone ? c->timezone : "UTC", &zone, &err);
	if (rc == 0)
		rc = read_accounting(f, zone, &err);
	timezone_close(zone);
	if (rc < 0) {
		f->trouble = CAUSE_SOURCE_BROKEN;
		f->trouble_text = arena_strdup(f->like->arena, err.text);
	}
}

static const char *text_at(const struct why *w, const struct doc *d, const char *path)
{
	const struct doc *t = doc_find(d, path);

	(void)w;
	return t && t->kind == DOC_TEXT ? t->text : "";
}

static int64_t int_at(const struct doc *d, const char *path)
{
	const struct doc *t = doc_find(d, path);

	return t && t->kind == DOC_INT ? t->integer : 0;
}

// What the accounting said when the document was made.
static void job_from_document(struct why *w)
{
	struct doc *d = NULL;
	struct job *j = &w->job;

	*j = (struct job){.key = w->item.key, .end_s = w->item.end_s};
	j->id = w->item.job_id;
	j->user = j->account = j->state = "";
	if (doc_from_bson(w->item.summary, w->arena, &d, NULL) < 0)
		return; // link_document says so
	j->user = text_at(w, d, "acct.user");
	j->account = text_at(w, d, "acct.account");
	j->state = text_at(w, d, "acct.exit_status");
	j->start_s = int_at(d, "acct.start_time");
	const struct doc *hosts = doc_find(d, "acct.host_list");
	if (!hosts || hosts->kind != DOC_ARRAY)
		return;
	j->hosts.hosts = arena_array(w->arena, hosts->n + 1, sizeof(*j->hosts.hosts));
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->items[i]->kind == DOC_TEXT)
			j->hosts.hosts[j->hosts.n++] = hosts->items[i]->text;
}

static int read_documents(struct find *f, struct store *s, const char *id, struct error *err)
{
	const struct why *like = f->like;
	struct store_item *items;
	size_t n;

	TRY(store_find(s, like->cluster->name, id, like->arena, &items, &n, err));
	for (size_t i = 0; i < n; i++) {
		struct why *w = NULL;

		for (size_t k = 0; k < f->n && !w; k++)
			if (job_key_compare(&f->runs[k].job.key, &items[i].key) == 0)
				w = &f->runs[k];
		if (w) {
			w->item = items[i];
		} else if (f->n < RUNS_MAX) {
			w = add_run(f);
			w->item = items[i];
			job_from_document(w);
		}
	}
	return 0;
}

// By what people type, and by what the accounting calls the jobs that it found for that: 4711 may be
// 4705_6.
static int read_store(struct find *f, struct store *s, struct error *err)
{
	size_t n = f->n;

	TRY(read_documents(f, s, f->id, err));
	for (size_t i = 0; i < n; i++) {
		bool is_new = !str_eq(f->runs[i].job.id, f->id);

		for (size_t k = 0; k < i && is_new; k++)
			is_new = !str_eq(f->runs[i].job.id, f->runs[k].job.id);
		if (is_new)
			TRY(read_documents(f, s, f->runs[i].job.id, err));
	}
	return 0;
}

static void ask_store(struct find *f)
{
	const struct settings *set = f->like->settings;
	struct store *s = NULL;
	struct error err = {0};
	int rc = store_open_site(set, NULL, true, &s, &err);

	if (rc == 0)
		rc = read_store(f, s, &err);
	store_close(s);
	if (rc == -ENOENT) // nothing was ever summarized
		return;
	for (size_t i = 0; rc < 0 && i < f->n; i++)
		why_add(&f->runs[i], CAUSE_STORE_AWAY, err.text);
}

static int newest_first(const void *a, const void *b)
{
	const struct why *x = a;
	const struct why *y = b;

	return x->job.key.submit_s > y->job.key.submit_s   ? -1
	       : x->job.key.submit_s < y->job.key.submit_s ? 1
	                                                   : 0;
}

int why_find(
	const struct why *like, const char *id, struct why **ret, size_t *ret_n, struct error *err)
{
	struct find f = {.like = like, .id = id};

	if (!*id)
		return error_set(err, EINVAL, "a job id is needed");
	f.runs = arena_array(like->arena, RUNS_MAX, sizeof(*f.runs));
	ask_accounting(&f);
	ask_store(&f);
	if (f.n)
		qsort(f.runs, f.n, sizeof(*f.runs), newest_first);
	*ret = f.runs;
	*ret_n = f.n;
	if (f.n == 0) { // a run of nobody carries the reason
		struct why *w = add_run(&f);
		w->job = (struct job){.id = id, .user = "", .account = "", .state = ""};
		w->job.key.cluster = like->cluster->name;
		if (f.trouble == CAUSES)
			why_add(w, CAUSE_NOT_FOUND, NULL);
	}
	return 0;
}
