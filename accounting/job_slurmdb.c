// SPDX-License-Identifier: Apache-2.0
// Jobs from slurmdbd's database, without ever reading a table whole after the first import. Slurm
// has no index on mod_time, so what may have changed is found by those it has:
//   new       by primary key behind the last one seen, and a little before it, for rows with lower
//             numbers may be committed later
//   changed   by time_end: what ended since the last import, with an overlap
//   again     by primary key: what is open in the warehouse, and what is in quarantine
// Pages are lists of numbers; jobs and steps of a page are read in the order of these.
#include "accounting/job_slurmdb.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/job_record.h"
#include "common/macro.h"
#include "common/memory.h"

enum { PAGE_ROWS = 2000, BEHIND = 1000 };

enum pass { PASS_NEW, PASS_CHANGED, PASS_AGAIN, PASS_DONE };

struct reader {
	struct import_request copy;
	struct maria *maria;
	struct arena arena;   // of the step
	struct arena page;    // of the page
	struct arena scratch; // of the record at hand
	struct slurmdb_names names;
	struct wckey_form form;
	const char *job_sql, *step_sql; // up to and without WHERE; step_sql NULL: no steps
	enum pass pass;
	int64_t started;                    // by the database's clock
	int64_t last;                       // greatest number seen
	int64_t known;                      // the same before this run
	int64_t since;                      // all that changed before was seen
	int64_t changed_end, changed_index; // last of the pages of PASS_CHANGED
	size_t n_again;                     // given so far
	struct maria_rows *jobs, *steps;    // of the page
	const char *const *step;            // read and not yet given; NULL: none
	int64_t job, job_before;            // the last two given
	int64_t steps_of;                   // the job of this page whose steps may follow
};

static int ask(struct reader *r, const char *sql, const int64_t *numbers, size_t n,
	struct maria_rows **ret, struct error *err)
{
	return maria_query(r->maria, sql, numbers, n, ret, err);
}

// ---- pages ----

// Where a page ends by time. One absurd end does not stop the others: no later one can follow.
static int64_t end_of(const char *text)
{
	int64_t end = 0;

	return !text || parse_i64(text, &end) == 0 ? end : INT64_MAX;
}

// The numbers of a page as SQL: "IN (1,2,3)".
static int list_page(struct reader *r, const char *sql, const int64_t *numbers, size_t n,
	struct strbuf *ret, size_t *ret_n, struct error *err)
{
	CLEANUP(maria_rows_cleanup) struct maria_rows *rows = NULL;
	const char *const *row = NULL;
	int rc;

	*ret_n = 0;
	TRY(ask(r, sql, numbers, n, &rows, err));
	while ((rc = maria_next(rows, &row, err)) > 0 && row) {
		int64_t index = 0;

		if (!row[0] || parse_i64(row[0], &index) < 0)
			return error_set(err, EBADMSG, "slurmdb: a row without job_db_inx");
		r->changed_end = end_of(row[1]);
		r->changed_index = index;
		if (index > r->last)
			r->last = index;
		strbuf_printf(ret, "%s%" PRId64, (*ret_n)++ ? "," : "IN (", index);
	}
	strbuf_putc(ret, ')');
	return rc;
}

static int page_new(struct reader *r, struct strbuf *ret, size_t *ret_n, struct error *err)
{
	int64_t behind = r->changed_index; // where the last page ended
	const int64_t numbers[] = {behind, r->copy.since_s, r->copy.since_s, PAGE_ROWS};
	const char *sql = arena_printf(&r->page,
		"SELECT t.job_db_inx, t.time_end FROM `%s_job_table` t WHERE t.job_db_inx > ? AND "
		"(? = 0 OR t.time_end = 0 OR t.time_end >= ?) ORDER BY t.job_db_inx LIMIT ?",
		r->copy.cluster);

	return list_page(r, sql, numbers, ARRAY_LEN(numbers), ret, ret_n, err);
}

static int page_changed(struct reader *r, struct strbuf *ret, size_t *ret_n, struct error *err)
{
	int64_t since = r->since - r->copy.settings->import_overlap;
	const int64_t numbers[] = {
		r->changed_end, r->changed_end, r->changed_index, since, r->known, PAGE_ROWS};
	const char *sql = arena_printf(&r->page,
		"SELECT t.job_db_inx, t.time_end FROM `%s_job_table` t WHERE t.time_end >= ? AND "
		"(t.time_end > ? OR t.job_db_inx > ?) AND t.mod_time >= ? AND t.job_db_inx <= ? "
		"ORDER BY t.time_end, t.job_db_inx LIMIT ?",
		r->copy.cluster);

	return list_page(r, sql, numbers, ARRAY_LEN(numbers), ret, ret_n, err);
}

static int page_again(struct reader *r, struct strbuf *ret, size_t *ret_n, struct error *err)
{
	(void)err;
	for (*ret_n = 0; *ret_n < PAGE_ROWS && r->n_again < r->copy.n_again; r->n_again++)
		strbuf_printf(
			ret, "%s%" PRId64, (*ret_n)++ ? "," : "IN (", r->copy.again[r->n_again]);
	strbuf_putc(ret, ')');
	return 0;
}

// What begins a pass, and whether there is anything to do in it.
static bool begin_pass(struct reader *r)
{
	r->changed_end = 0;
	r->changed_index = 0;
	switch (r->pass) {
	case PASS_NEW:
		r->changed_index = r->known > BEHIND ? r->known - BEHIND : -1;
		return true;
	case PASS_CHANGED:
		r->changed_end = r->since - r->copy.settings->import_overlap;
		return r->since > 0 && r->known > 0;
	case PASS_AGAIN:
		return r->copy.n_again > 0;
	case PASS_DONE:
		break;
	}
	return false;
}

static int read_page(struct reader *r, const char *in, struct error *err)
{
	int rc;

	TRY(ask(r,
		arena_printf(
			&r->page, "%s WHERE t.job_db_inx %s ORDER BY t.job_db_inx", r->job_sql, in),
		NULL, 0, &r->jobs, err));
	if (!r->step_sql)
		return 0;
	TRY(ask(r,
		arena_printf(&r->page, "%s WHERE s.job_db_inx %s ORDER BY s.job_db_inx, s.id_step",
			r->step_sql, in),
		NULL, 0, &r->steps, err));
	rc = maria_next(r->steps, &r->step, err);
	if (rc <= 0)
		r->step = NULL;
	return rc < 0 ? rc : 0;
}

static void drop_page(struct reader *r)
{
	maria_rows_free(r->jobs);
	maria_rows_free(r->steps);
	r->jobs = NULL;
	r->steps = NULL;
	r->step = NULL;
	r->steps_of = -1;
	arena_reset(&r->page);
}

static int next_page(struct reader *r, struct error *err)
{
	static int (*const pages[])(
		struct reader * r, struct strbuf * ret, size_t * ret_n, struct error * err) = {
		[PASS_NEW] = page_new, [PASS_CHANGED] = page_changed, [PASS_AGAIN] = page_again};

	drop_page(r);
	while (r->pass != PASS_DONE) {
		CLEANUP(strbuf_release) struct strbuf in = {0};
		size_t n = 0;

		TRY(pages[r->pass](r, &in, &n, err));
		if (n)
			return read_page(r, strbuf_text(&in), err);
		do
			r->pass++;
		while (r->pass != PASS_DONE && !begin_pass(r));
	}
	return 0;
}

// ---- records ----

static int64_t number(const char *text)
{
	int64_t v = 0;

	return text && parse_i64(text, &v) == 0 ? v : -1;
}

// Steps of jobs that were not given are passed over. 1: a step of the last job.
static int next_step(struct reader *r, struct record *ret, struct error *err)
{
	while (r->step) {
		int64_t job = number(r->step[0]);
		bool is_given = false;
		int rc;

		if (job > r->steps_of)
			return 0;
		arena_reset(&r->scratch);
		if (job == r->steps_of)
			is_given = step_put(r->step + 1, &r->names, &r->scratch, ret);
		rc = maria_next(r->steps, &r->step, err);
		if (rc <= 0)
			r->step = NULL;
		TRY(rc);
		if (is_given)
			return 1;
	}
	return 0;
}

// 1: the job of these texts; 0: it makes no sense and was put aside.
static int give_job(struct reader *r, const char *const *texts, struct record *ret)
{
	const struct accounting_request q = {.cluster = r->copy.cluster};
	struct slurmdb_row row;
	struct error why = {0};
	struct job job;
	const char *key;

	arena_reset(&r->scratch);
	for (size_t i = 0; i < FIELD_COUNT; i++)
		row.text[i] = texts[i];
	key = arena_strdup(&r->scratch, texts[FIELD_INDEX]);
	if (slurmdb_row_job(&row, &r->names, &q, &r->scratch, &job, &why) < 0) {
		problem_record(r->copy.problems, E_J0009, key, "%s", why.text);
		return 0;
	}
	if (!job_record(&job, key, &r->form, r->copy.problems, &r->scratch, ret))
		return 0;
	r->job_before = r->job;
	r->job = number(key);
	r->steps_of = r->job;
	record_int(ret, AT_job_source_index, r->job);
	job_extra_put(texts + FIELD_COUNT, &r->names, &r->scratch, ret);
	return 1;
}

static int slurmdb_next(void *state, struct record *ret, struct error *err)
{
	struct reader *r = state;

	while (r->pass != PASS_DONE) {
		const char *const *texts = NULL;
		int rc = next_step(r, ret, err);

		if (rc)
			return rc;
		rc = r->jobs ? maria_next(r->jobs, &texts, err) : 0;
		TRY(rc);
		if (rc == 0) {
			TRY(next_page(r, err));
			continue;
		}
		if (give_job(r, texts, ret))
			return 1;
	}
	return 0;
}

// "LAST SINCE". In the midst of a run the time is still that of the last complete one.
static const char *slurmdb_place(void *state, struct arena *a)
{
	const struct reader *r = state;
	int64_t last = r->pass == PASS_NEW ? r->job_before : r->last;

	if (last < r->known)
		last = r->known;
	return arena_printf(a, "%" PRId64 " %" PRId64, last,
		r->pass == PASS_DONE || !r->since ? r->started : r->since);
}

// ---- opening ----

static void slurmdb_close(void *state)
{
	struct reader *r = state;

	drop_page(r);
	maria_close(r->maria);
	slurmdb_names_release(&r->names);
	arena_release(&r->arena);
	arena_release(&r->page);
	arena_release(&r->scratch);
	free(r);
}

static int make_queries(struct reader *r, struct error *err)
{
	CLEANUP(map_release) struct map columns = {0};
	CLEANUP(strbuf_release) struct strbuf jobs = {0};
	CLEANUP(strbuf_release) struct strbuf steps = {0};
	const char *cluster = r->copy.cluster;

	TRY(slurmdb_columns(r->maria, cluster, &r->arena, &columns, err));
	if (!map_get(&columns, "mod_time"))
		return error_set(err, ENOENT,
			"slurmdb: the table %s_job_table has no column mod_time", cluster);
	strbuf_puts(&jobs, "SELECT ");
	TRY(slurmdb_select(&columns, cluster, false, &r->arena, &jobs, err));
	job_extra_select(&columns, cluster, &r->arena, &jobs);
	slurmdb_from(cluster, &jobs);
	r->job_sql = arena_strdup(&r->arena, strbuf_text(&jobs));
	if (!r->copy.settings->import_steps)
		return 0;
	TRY(step_select(r->maria, cluster, &r->arena, &steps, err));
	r->step_sql = arena_strdup(&r->arena, strbuf_text(&steps));
	return 0;
}

static int read_clock(struct reader *r, struct error *err)
{
	CLEANUP(maria_rows_cleanup) struct maria_rows *rows = NULL;
	const char *const *row = NULL;

	TRY(ask(r, "SELECT UNIX_TIMESTAMP()", NULL, 0, &rows, err));
	if (maria_next(rows, &row, err) <= 0 || !row || number(row[0]) < 0)
		return error_set(err, EBADMSG, "slurmdb: it does not say what time it is");
	r->started = number(row[0]);
	return 0;
}

static int parse_place(struct reader *r, struct error *err)
{
	const char *place = r->copy.place;
	size_t len = strcspn(place, " ");

	if (!*place)
		return 0;
	if (!place[len] || parse_i64(arena_strndup(&r->arena, place, len), &r->known) < 0 ||
		parse_i64(place + len + 1, &r->since) < 0)
		return error_set(err, EINVAL, "import_cursor: '%.60s' is no place", place);
	return 0;
}

static int begin(struct reader *r, struct error *err)
{
	TRY(wckey_form_parse(r->copy.settings->import_wckey, &r->arena, &r->form, err));
	TRY(maria_open(r->copy.spec, &r->maria, err));
	TRY(make_queries(r, err));
	TRY(slurmdb_names_load(r->maria, &r->arena, &r->names, err));
	TRY(read_clock(r, err));
	TRY(parse_place(r, err));
	r->last = r->known;
	r->job = -1;
	r->job_before = -1;
	(void)begin_pass(r);
	return 0;
}

static int slurmdb_open(const struct import_request *request, void **ret_state, struct error *err)
{
	struct reader *r = memory_alloc(1, sizeof(*r));
	int rc;

	r->copy = *request;
	rc = begin(r, err);
	if (rc < 0) {
		slurmdb_close(r);
		return rc;
	}
	*ret_state = r;
	return 0;
}

const struct connector job_slurmdb = {
	.category = CATEGORY_JOB,
	.name = "slurmdb",
	.settings = "slurmdb:[NAME=VALUE ...], slurmdbd's own database; see docs/accounting.md",
	.open = slurmdb_open,
	.next = slurmdb_next,
	.place = slurmdb_place,
	.close = slurmdb_close,
};
