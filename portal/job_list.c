// SPDX-License-Identifier: Apache-2.0
// Loads one page of a job list in one transaction.
#include "portal/job_list.h"

#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "portal/field.h"

static void reverse(struct rows *r)
{
	for (size_t i = 0; i < r->n / 2; i++) {
		struct doc *other = r->items[i];
		r->items[i] = r->items[r->n - 1 - i];
		r->items[r->n - 1 - i] = other;
	}
}

// One row more than shown is asked for: it tells whether there is a further page.
static int load_jobs(struct session *s, struct arena *a, struct job_list *l, struct error *err)
{
	const struct job_filter *f = &l->filter;
	const char *params[FILTER_FIELDS + 3];
	memcpy(params, f->params, sizeof(f->params));
	params[FILTER_FIELDS] = f->cursor_end;
	params[FILTER_FIELDS + 1] = f->cursor_id;
	params[FILTER_FIELDS + 2] = arena_printf(a, "%" PRIu64, f->rows + 1);
	TRY(session_query(s, job_filter_statement(f), params, a, &l->jobs, err));
	bool has_more = l->jobs.n > f->rows;
	if (has_more)
		l->jobs.n = f->rows;
	if (f->is_back)
		reverse(&l->jobs);
	if (l->jobs.n == 0)
		return 0;
	bool has_next = f->is_back ? f->cursor_id != NULL : has_more;
	bool has_previous = f->is_back ? has_more : f->cursor_id != NULL;
	l->next = has_next ? job_cursor(l->jobs.items[l->jobs.n - 1], a) : NULL;
	l->previous = has_previous ? job_cursor(l->jobs.items[0], a) : NULL;
	return 0;
}

static int load_count(struct session *s, struct arena *a, struct job_list *l, struct error *err)
{
	const char *params[FILTER_FIELDS + 1];
	struct rows count;
	memcpy(params, l->filter.params, sizeof(l->filter.params));
	params[FILTER_FIELDS] = arena_printf(a, "%d", JOB_COUNT_MAX);
	TRY(session_query(s, STATEMENT_JOBS_COUNT, params, a, &count, err));
	l->count = count.n ? field_int(count.items[0], "n", -1) : -1;
	return 0;
}

int job_list_load(struct portal *p, struct request *q, uint64_t standard_rows, uint64_t max_rows,
	struct job_list *ret, struct error *err)
{
	*ret = (struct job_list){.count = -1};
	TRY(job_filter_read(q, clock_now_s(), standard_rows, max_rows, &ret->filter, err));
	CLEANUP(session_end) struct session *s = NULL;
	TRY(request_session(p, q, &s, err));
	TRY(load_jobs(s, q->arena, ret, err));
	TRY(load_count(s, q->arena, ret, err));
	TRY(session_query(s, STATEMENT_METRICS, NULL, q->arena, &ret->metrics, err));
	return session_query(s, STATEMENT_CHOICES, NULL, q->arena, &ret->choices, err);
}
