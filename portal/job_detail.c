// SPDX-License-Identifier: Apache-2.0
// Loads one job.
#include "portal/job_detail.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "portal/documents.h"
#include "portal/field.h"
#include "portal/html.h"
#include "portal/redact.h"

static int choose_run(const struct request *q, struct job_detail *d, struct error *err)
{
	uint64_t submit = 0;
	TRY(request_query_count(q, "submit", 0, INT64_MAX, 0, &submit, err));
	for (size_t i = 0; i < d->runs.n && !d->run; i++)
		if (submit == 0 || field_int(d->runs.items[i], "submit", -1) == (int64_t)submit)
			d->run = d->runs.items[i];
	if (!d->run)
		return error_set(
			err, ENOENT, "There is no such job, or it is not one that you may see.");
	return 0;
}

static int load_rows(struct portal *p, struct request *q, unsigned parts, struct job_detail *d,
	struct error *err)
{
	struct arena *a = q->arena;
	CLEANUP(session_end) struct session *s = NULL;
	TRY(request_session(p, q, &s, err));
	TRY(session_query(s, STATEMENT_JOB_RUNS, q->captures, a, &d->runs, err));
	TRY(choose_run(q, d, err));
	int64_t end = field_int(d->run, "end", -1);
	const char *params[] = {arena_printf(a, "%" PRId64, field_int(d->run, "job_id", 0)),
		end < 0 ? NULL : arena_printf(a, "%" PRId64, end)};
	if (parts & (DETAIL_VALUES | DETAIL_SUMMARY | DETAIL_SERIES))
		TRY(session_query(s, STATEMENT_JOB_VALUES, params, a, &d->values, err));
	if (parts & DETAIL_HOSTS)
		TRY(session_query(s, STATEMENT_JOB_HOSTS, params, a, &d->hosts, err));
	return 0;
}

static int read_documents(const struct portal *p, const struct request *q, unsigned parts,
	const struct store_item *item, struct job_detail *d, struct error *err)
{
	struct doc *series = NULL;
	if (parts & DETAIL_SUMMARY)
		TRY(doc_from_bson(item->summary, q->arena, &d->summary, err));
	if (parts & DETAIL_SERIES && item->series.len > 0)
		TRY(doc_from_bson(item->series, q->arena, &series, err));
	redact_documents(p->catalogue, &d->values, d->summary, series);
	series_read(series, q->arena, &d->series);
	return 0;
}

// A job without readable documents still has a page: what the warehouse knows.
static void load_documents(
	struct portal *p, struct request *q, unsigned parts, struct job_detail *d)
{
	struct job_key key = {.cluster = field_text(d->run, "cluster"),
		.raw_id = (uint64_t)field_int(d->run, "raw_id", 0),
		.submit_s = field_int(d->run, "submit", 0)};
	struct store_item item;
	struct error err = {0};
	int found = documents_get(p->documents, &key, q->arena, &item, &err);
	if (found > 0)
		found = read_documents(p, q, parts, &item, d, &err) < 0 ? -1 : 1;
	if (found < 0)
		d->problem = arena_strdup(q->arena, err.text);
	else if (found == 0)
		d->problem = "This job has no summary document (yet).";
}

int job_detail_load(struct portal *p, struct request *q, unsigned parts, struct job_detail *ret,
	struct error *err)
{
	*ret = (struct job_detail){0};
	TRY(load_rows(p, q, parts, ret, err));
	if (parts & (DETAIL_SUMMARY | DETAIL_SERIES))
		load_documents(p, q, parts, ret);
	return 0;
}

static double sibling(const struct doc *summary, const char *base, const char *name, double scale,
	struct arena *a)
{
	return doc_number(doc_find(summary, arena_printf(a, "%s.%s", base, name))) * scale;
}

struct provenance job_provenance(
	const struct portal *p, const struct job_detail *d, const char *metric, struct arena *a)
{
	struct provenance r = {.statistic = "", .min = NAN, .max = NAN, .std = NAN};
	const struct metric *m = catalogue_find(p->catalogue, metric);
	if (!m || !m->column)
		return r;
	for (size_t i = 0; i < m->column->n_from && !r.path; i++)
		if (!isnan(doc_number(doc_find(d->summary, m->column->from[i]))))
			r.path = m->column->from[i];
	if (!r.path)
		return r;
	const char *dot = strrchr(r.path, '.');
	r.statistic = dot ? dot + 1 : "";
	static const char *const spread[] = {"avg", "med", "total"};
	for (size_t i = 0; i < ARRAY_LEN(spread); i++) {
		if (!dot || !str_eq(r.statistic, spread[i]))
			continue;
		const char *base = arena_strndup(a, r.path, (size_t)(dot - r.path));
		r.min = sibling(d->summary, base, "min", m->column->scale, a);
		r.max = sibling(d->summary, base, "max", m->column->scale, a);
		r.std = sibling(d->summary, base, "std", m->column->scale, a);
	}
	return r;
}

void job_url(struct strbuf *out, const char *prefix, const struct doc *run, const char *what)
{
	const char *parts[] = {"jobs", field_text(run, "cluster"), field_text(run, "local_id")};
	char submit[24];
	strbuf_puts(out, prefix);
	url_path(out, ARRAY_LEN(parts), parts);
	strbuf_puts(out, what);
	str_format(submit, sizeof(submit), "%" PRId64, field_int(run, "submit", 0));
	url_query(out, "submit", submit);
}
