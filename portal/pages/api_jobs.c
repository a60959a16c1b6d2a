// SPDX-License-Identifier: Apache-2.0
// The job list for programs: JSON with a cursor, or CSV.
#include <errno.h>

#include "portal/csv.h"
#include "portal/field.h"
#include "portal/html.h"
#include "portal/job_list.h"
#include "portal/routes.h"

#define ROWS     100
#define ROWS_MAX 10000

static void put_page_link(struct doc *to, struct arena *a, const struct job_filter *f,
	const char *key, const char *direction, const char *cursor)
{
	if (!cursor)
		return;
	CLEANUP(strbuf_release) struct strbuf url = {0};
	strbuf_puts(&url, "/api/jobs");
	job_filter_query(f, &url);
	url_query(&url, "rows", arena_printf(a, "%llu", (unsigned long long)f->rows));
	url_query(&url, direction, cursor);
	doc_put_text(to, a, key, strbuf_text(&url));
}

static void put_json(const struct job_list *l, struct arena *a, struct strbuf *out)
{
	struct doc *root = doc_object(a);
	struct doc *jobs = doc_array(a);
	for (size_t i = 0; i < l->jobs.n; i++)
		doc_put(jobs, a, NULL, l->jobs.items[i]);
	doc_put(root, a, "jobs", jobs);
	doc_put_int(root, a, "count", l->count);
	doc_put_bool(root, a, "count_is_all", l->count < JOB_COUNT_MAX);
	put_page_link(root, a, &l->filter, "next", "after", l->next);
	put_page_link(root, a, &l->filter, "previous", "before", l->previous);
	doc_to_json(root, false, false, out);
	strbuf_putc(out, '\n');
}

// The columns are those of the first row: every row is of one view.
static void put_csv(const struct job_list *l, struct strbuf *out)
{
	const struct doc *first = l->jobs.n ? l->jobs.items[0] : NULL;
	csv_text(out, "job");
	for (size_t k = 0; first && k < first->n; k++)
		csv_text(out, first->keys[k]);
	csv_end(out);
	for (size_t i = 0; first && i < l->jobs.n; i++) {
		const struct doc *job = l->jobs.items[i];
		csv_text(out, field_text(job, "local_id"));
		for (size_t k = 0; k < job->n; k++)
			csv_value(out, job->items[k]);
		csv_end(out);
	}
}

int api_jobs(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	const char *format = request_query(q, "format");
	bool is_csv = str_eq(format, "csv");
	if (format && !is_csv && !str_eq(format, "json"))
		return error_set(err, EINVAL, "format must be json or csv");
	struct job_list l;
	TRY(job_list_load(p, q, is_csv ? ROWS_MAX : ROWS, ROWS_MAX, &l, err));
	r->type = is_csv ? TYPE_CSV : TYPE_JSON;
	r->file_name = is_csv ? "jobs.csv" : NULL;
	if (is_csv)
		put_csv(&l, &r->body);
	else
		put_json(&l, q->arena, &r->body);
	return 0;
}
