// SPDX-License-Identifier: Apache-2.0
// Reading slurmdbd's database: columns are probed, so that those of every release will do; jobs
// are read in pages by their primary key, each page a short read-only query of its own.
#include "common/accounting/slurmdb.h"

#include <errno.h>
#include <inttypes.h>

#include "common/accounting/slurmdb_query.h"
#include "common/memory.h"
#include "common/str.h"

#define PAGE_ROWS 5000

struct slurmdb {
	struct accounting_request request;
	struct maria *maria;
	struct maria_rows *page; // NULL: none was asked for yet
	struct strbuf sql;
	struct arena arena; // of the session
	struct arena scratch;
	struct slurmdb_names names;
	int64_t after; // job_db_inx of the last row
	size_t rows;   // of the page, read so far
};

// What was never eligible is left out, as sacct does: jobs cancelled while held, and records whose
// end came before their begin, which slurmdbd fills in a moment later.
static const char page_order[] =
	" WHERE t.deleted = 0 AND t.job_db_inx > ? AND t.time_eligible <> 0"
	" AND (? = 0 OR t.time_end = 0 OR t.time_end >= ?)"
	" AND (? = 0 OR t.time_start < ? OR t.time_end <> 0)"
	" ORDER BY t.job_db_inx LIMIT ?";

static void slurmdb_close(void *state)
{
	struct slurmdb *s = state;
	if (s == NULL)
		return;
	maria_rows_free(s->page);
	maria_close(s->maria);
	slurmdb_names_release(&s->names);
	strbuf_release(&s->sql);
	arena_release(&s->arena);
	arena_release(&s->scratch);
	free(s);
}

static int open_session(struct slurmdb *s, struct error *err)
{
	CLEANUP(map_release) struct map columns = {0};
	const struct accounting_request *q = &s->request;
	TRY(maria_open(q->spec, &s->maria, err));
	TRY(slurmdb_columns(s->maria, q->cluster, &s->arena, &columns, err));
	TRY(slurmdb_names_load(s->maria, &s->arena, &s->names, err));
	strbuf_puts(&s->sql, "SELECT ");
	TRY(slurmdb_select(&columns, q->cluster, q->with_scripts, &s->arena, &s->sql, err));
	slurmdb_from(q->cluster, &s->sql);
	strbuf_puts(&s->sql, page_order);
	return 0;
}

static int slurmdb_open(const struct accounting_request *r, void **ret_state, struct error *err)
{
	struct slurmdb *s = memory_alloc(1, sizeof(*s));
	s->request = *r;
	s->after = -1;
	int rc = open_session(s, err);
	if (rc < 0) {
		slurmdb_close(s);
		return rc;
	}
	*ret_state = s;
	return 0;
}

static int next_page(struct slurmdb *s, struct error *err)
{
	int64_t limits[] = {s->after, s->request.since_s, s->request.since_s, s->request.until_s,
		s->request.until_s, PAGE_ROWS};
	maria_rows_free(s->page);
	s->page = NULL;
	s->rows = 0;
	return maria_query(
		s->maria, strbuf_text(&s->sql), limits, ARRAY_LEN(limits), &s->page, err);
}

// 1, 0 at the end.
static int next_row(struct slurmdb *s, struct slurmdb_row *ret, struct error *err)
{
	for (;;) {
		const char *const *texts = NULL;
		int rc = s->page ? maria_next(s->page, &texts, err) : 0;
		TRY(rc);
		if (rc == 0) {
			if (s->page && s->rows < PAGE_ROWS)
				return 0;
			TRY(next_page(s, err));
			continue;
		}
		s->rows++;
		arena_reset(&s->scratch);
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			ret->text[f] = texts[f];
		if (ret->text[FIELD_INDEX] == NULL ||
			parse_i64(ret->text[FIELD_INDEX], &s->after) < 0)
			return error_set(err, EBADMSG, "slurmdb: a row without job_db_inx");
		return 1;
	}
}

static int slurmdb_next(void *state, struct arena *a, struct job *ret,
	void (*bad)(void *context, const struct error *why), void *context, struct error *err)
{
	struct slurmdb *s = state;
	for (;;) {
		struct slurmdb_row row;
		struct job job;
		struct error why = {0};
		int rc = next_row(s, &row, err);
		if (rc <= 0)
			return rc;
		if (slurmdb_row_job(&row, &s->names, &s->request, &s->scratch, &job, &why) < 0) {
			(void)error_prefix(&why, "slurmdb");
			bad(context, &why);
			continue;
		}
		if (!accounting_is_asked(&s->request, &job))
			continue;
		job_copy(a, &job, ret);
		return 1;
	}
}

const struct accounting_source slurmdb_source = {
	.name = "slurmdb",
	.is_whole_alone = true,
	.open = slurmdb_open,
	.next = slurmdb_next,
	.close = slurmdb_close,
};
