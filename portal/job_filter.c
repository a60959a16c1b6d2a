// SPDX-License-Identifier: Apache-2.0
// Reads and writes the filter of job lists.
#include "portal/job_filter.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "portal/field.h"
#include "portal/html.h"

const struct job_period job_periods[] = {
	{"", "any time", 0},
	{"1d", "last 24 hours", 86400},
	{"7d", "last 7 days", 7 * 86400},
	{"30d", "last 30 days", 30 * 86400},
	{"90d", "last 90 days", 90 * 86400},
	{"365d", "last year", 365 * 86400},
};
const size_t n_job_periods = ARRAY_LEN(job_periods);

static const char *const text_fields[] = {
	[FILTER_CLUSTER] = "cluster",
	[FILTER_USER] = "user",
	[FILTER_ACCOUNT] = "account",
	[FILTER_PARTITION] = "partition",
	[FILTER_STATE] = "state",
	[FILTER_TEXT] = "text",
};

// What people paste has blanks around it.
static const char *trimmed(struct arena *a, const char *s)
{
	if (!s)
		return NULL;
	s += strspn(s, " ");
	size_t len = strlen(s);
	while (len > 0 && s[len - 1] == ' ')
		len--;
	return len ? arena_strndup(a, s, len) : NULL;
}

static const char *seconds_text(struct arena *a, int64_t s)
{
	return arena_printf(a, "%" PRId64, s);
}

static int read_instant(const struct request *q, const char *name, const char **typed,
	const char **param, struct error *err)
{
	const char *text = trimmed(q->arena, request_query(q, name));
	int64_t s;
	if (!text)
		return 0;
	if (parse_time(text, NULL, &s) < 0)
		return error_set(err, EINVAL,
			"%s is not a date or time like 2026-11-21 or "
			"2026-11-21T03:32",
			name);
	*typed = text;
	*param = seconds_text(q->arena, s);
	return 0;
}

static int read_period(
	const struct request *q, int64_t now_s, struct job_filter *f, struct error *err)
{
	TRY(read_instant(q, "from", &f->from, &f->params[FILTER_SINCE], err));
	TRY(read_instant(q, "until", &f->until, &f->params[FILTER_UNTIL], err));
	const char *period = request_query(q, "period");
	f->period = "";
	if (!period)
		return 0;
	for (size_t i = 0; i < n_job_periods; i++) {
		if (str_eq(period, job_periods[i].name)) {
			f->period = job_periods[i].name;
			f->params[FILTER_SINCE] =
				seconds_text(q->arena, now_s - job_periods[i].seconds);
			return 0;
		}
	}
	return error_set(err, EINVAL, "period must be 1d, 7d, 30d, 90d or 365d");
}

// "1789000000.42" or "r.42".
static int read_cursor(const struct request *q, struct job_filter *f, struct error *err)
{
	const char *older = request_query(q, "after");
	const char *newer = request_query(q, "before");
	const char *text = older ? older : newer;
	if (!text)
		return 0;
	f->is_back = !older;
	const char *dot = strchr(text, '.');
	uint64_t end;
	uint64_t id;
	const char *first = dot ? arena_strndup(q->arena, text, (size_t)(dot - text)) : "";
	bool is_running = str_eq(first, "r");
	if (!dot || parse_u64(dot + 1, &id) < 0 || id > INT64_MAX ||
		(!is_running && (parse_u64(first, &end) < 0 || end > UINT32_MAX * 64ULL)))
		return error_set(err, EINVAL, "the page mark in the address is not one of ours");
	f->cursor_end = is_running ? NULL : first;
	f->cursor_id = dot + 1;
	return 0;
}

int job_filter_read(const struct request *q, int64_t now_s, uint64_t standard_rows,
	uint64_t max_rows, struct job_filter *ret, struct error *err)
{
	*ret = (struct job_filter){0};
	for (size_t i = 0; i < ARRAY_LEN(text_fields); i++)
		ret->params[i] = trimmed(q->arena, request_query(q, text_fields[i]));
	TRY(read_period(q, now_s, ret, err));
	TRY(read_cursor(q, ret, err));
	const char *order = request_query(q, "order");
	if (order && !str_eq(order, "oldest") && !str_eq(order, "newest"))
		return error_set(err, EINVAL, "order must be newest or oldest");
	ret->is_oldest_first = str_eq(order, "oldest");
	TRY(request_query_count(q, "rows", 1, max_rows, standard_rows, &ret->rows, err));
	for (size_t i = FILTER_USER; i < FILTER_FIELDS; i++)
		ret->is_filtered = ret->is_filtered || ret->params[i];
	return 0;
}

void job_filter_query(const struct job_filter *f, struct strbuf *url)
{
	for (size_t i = 0; i < ARRAY_LEN(text_fields); i++)
		url_query(url, text_fields[i], f->params[i]);
	url_query(url, "period", f->period);
	url_query(url, "from", f->from);
	url_query(url, "until", f->until);
	url_query(url, "order", f->is_oldest_first ? "oldest" : NULL);
}

enum statement job_filter_statement(const struct job_filter *f)
{
	return f->is_oldest_first == f->is_back ? STATEMENT_JOBS_OLDER : STATEMENT_JOBS_NEWER;
}

const char *job_cursor(const struct doc *row, struct arena *a)
{
	int64_t end = field_int(row, "end", -1);
	int64_t id = field_int(row, "job_id", 0);
	return end < 0 ? arena_printf(a, "r.%" PRId64, id)
	               : arena_printf(a, "%" PRId64 ".%" PRId64, end, id);
}
