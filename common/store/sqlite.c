// SPDX-License-Identifier: Apache-2.0
// The embedded store: one SQLite file in WAL mode, written by any number of processes.
//
// A job's row is called by its place in the order of change, `seq`. A changed job gets the next
// one, so that the file is only ever appended to and changes are read straight along. Numbers are
// given inside the one write transaction that SQLite allows at a time: the order of commits is the
// order of numbers, and who has read up to N has missed nothing before N. AUTOINCREMENT keeps a
// number from coming again after a delete.
#include "common/store/sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/str.h"

enum { DELETE_STEP = 1000 };

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

// Reading

static struct bytes column_bytes(sqlite3_stmt *q, int at)
{
	const void *data = sqlite3_column_blob(q, at);

	return (struct bytes){data, data ? (size_t)sqlite3_column_bytes(q, at) : 0};
}

static const char *column_text(sqlite3_stmt *q, int at)
{
	const unsigned char *text = sqlite3_column_text(q, at);

	return text ? (const char *)text : "";
}

// The row in the order of ITEM_COLUMNS, borrowed from the statement. Returns its seq.
static int64_t row_item(sqlite3_stmt *q, struct store_item *ret)
{
	*ret = (struct store_item){
		.key.cluster = column_text(q, 1),
		.key.raw_id = (uint64_t)sqlite3_column_int64(q, 2),
		.key.submit_s = sqlite3_column_int64(q, 3),
		.resource = column_text(q, 4),
		.job_id = column_text(q, 5),
		.end_s = sqlite3_column_int64(q, 6),
		.summary = column_bytes(q, 7),
		.series = column_bytes(q, 8),
	};
	return sqlite3_column_int64(q, 0);
}

// Starts the lookup of one job; the row, if any, stays until `done`.
static int look_up(
	struct sqlite_store *s, const struct job_key *key, sqlite3_stmt **q, struct error *err)
{
	int rc;

	TRY(sqlite_use(s, GET, q, err));
	bind_text(*q, 1, key->cluster);
	sqlite3_bind_int64(*q, 2, (int64_t)key->raw_id);
	sqlite3_bind_int64(*q, 3, key->submit_s);
	rc = sqlite3_step(*q);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : sqlite_fail(s, "read", err);
}

static int sqlite_get(void *state, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;
	struct store_item item;
	int rc = look_up(state, key, &q, err);

	if (rc <= 0)
		return rc;
	row_item(q, &item);
	store_item_copy(a, &item, ret);
	return 1;
}

static int sqlite_find(void *state, const char *cluster, const char *job_id, struct arena *a,
	struct store_item **ret, size_t *ret_n, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;
	struct store_item *items = NULL;
	size_t n = 0;
	int rc;

	TRY(sqlite_use(state, FIND, &q, err));
	bind_text(q, 1, job_id);
	bind_text(q, 2, cluster);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_item item;

		if ((n & (n - 1)) == 0) { // full at each power of two
			struct store_item *more = arena_array(a, n ? 2 * n : 1, sizeof(*more));

			if (n)
				memcpy(more, items, n * sizeof(*more));
			items = more;
		}
		row_item(q, &item);
		store_item_copy(a, &item, &items[n++]);
	}
	if (rc != SQLITE_DONE)
		return sqlite_fail(state, "read", err);
	*ret = items;
	*ret_n = n;
	return 0;
}

static int last_seq(struct sqlite_store *s, int64_t *ret, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;
	int rc;

	*ret = 0;
	TRY(sqlite_use(s, LAST, &q, err));
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(q, 0);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : sqlite_fail(s, "read", err);
}

// A cursor is "<id of the store>.<seq>". That of another store, or one ahead of this store (it was
// put back from a backup), means that the reader knows something else: from the beginning.
static int read_cursor(struct sqlite_store *s, const char *cursor, int64_t *ret, struct error *err)
{
	const char *dot = strchr(cursor, '.');
	int64_t last;
	int64_t seq;

	*ret = 0;
	if (!*cursor)
		return 0;
	if (!dot || parse_i64(dot + 1, &seq) < 0 || seq < 0)
		return error_set(err, EINVAL, "store: \"%.60s\" is no cursor", cursor);
	TRY(last_seq(s, &last, err));
	if (strlen(s->id) == (size_t)(dot - cursor) &&
		memcmp(s->id, cursor, (size_t)(dot - cursor)) == 0 && seq <= last)
		*ret = seq;
	return 0;
}

static int sqlite_changes(void *state, const struct store_changes_request *r,
	const char **ret_cursor, struct error *err)
{
	struct sqlite_store *s = state;
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;
	int64_t seq;
	int rc;
	int answer = 0;

	TRY(read_cursor(s, r->cursor, &seq, err));
	TRY(sqlite_use(s, r->with_series ? CHANGES_SERIES : CHANGES, &q, err));
	sqlite3_bind_int64(q, 1, seq);
	sqlite3_bind_int64(q, 2, (int64_t)r->limit);
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		struct store_item item;
		int64_t here = row_item(q, &item);

		answer = r->each(r->context, &item, err);
		if (answer != 0)
			break;
		seq = here;
	}
	*ret_cursor = arena_printf(r->arena, "%s.%" PRId64, s->id, seq);
	if (answer != 0)
		return answer < 0 ? answer : 0;
	return rc == SQLITE_DONE ? 0 : sqlite_fail(s, "read", err);
}

// Writing

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool same_item(const struct store_item *a, const struct store_item *b)
{
	return a->end_s == b->end_s && same_text(a->resource, b->resource) &&
	       same_text(a->job_id, b->job_id) && same_bytes(a->summary, b->summary) &&
	       same_bytes(a->series, b->series);
}

static int drop(struct sqlite_store *s, enum sqlite_statement which, int64_t seq, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;

	TRY(sqlite_use(s, which, &q, err));
	sqlite3_bind_int64(q, 1, seq);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : sqlite_fail(s, "write", err);
}

static int add_job(struct sqlite_store *s, const struct store_item *item, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;

	TRY(sqlite_use(s, ADD_JOB, &q, err));
	bind_text(q, 1, item->key.cluster);
	sqlite3_bind_int64(q, 2, (int64_t)item->key.raw_id);
	sqlite3_bind_int64(q, 3, item->key.submit_s);
	bind_text(q, 4, item->resource);
	bind_text(q, 5, item->job_id);
	sqlite3_bind_int64(q, 6, item->end_s);
	sqlite3_bind_blob64(q, 7, item->summary.data, item->summary.len, SQLITE_STATIC);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : sqlite_fail(s, "write", err);
}

static int add_series(struct sqlite_store *s, struct bytes series, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;

	TRY(sqlite_use(s, ADD_SERIES, &q, err));
	sqlite3_bind_int64(q, 1, sqlite3_last_insert_rowid(s->db));
	sqlite3_bind_blob64(q, 2, series.data, series.len, SQLITE_STATIC);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : sqlite_fail(s, "write", err);
}

// Looks whether the job is there: 1 and its seq, 0 absent. *ret_same: nothing would change.
static int find_former(struct sqlite_store *s, const struct store_item *item, int64_t *ret_seq,
	bool *ret_same, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;
	struct store_item former;
	int rc = look_up(s, &item->key, &q, err);

	if (rc <= 0)
		return rc;
	*ret_seq = row_item(q, &former);
	*ret_same = same_item(&former, item);
	return 1;
}

static int put_one(struct sqlite_store *s, const struct store_item *item, struct error *err)
{
	bool same = false;
	int64_t seq;
	int rc = find_former(s, item, &seq, &same, err);

	if (rc < 0 || same)
		return rc < 0 ? rc : 0;
	if (rc > 0) {
		TRY(drop(s, DROP_SERIES, seq, err));
		TRY(drop(s, DROP_JOB, seq, err));
	}
	TRY(add_job(s, item, err));
	return item->series.len ? add_series(s, item->series, err) : 0;
}

static int sqlite_put(void *state, const struct store_item *items, size_t n, struct error *err)
{
	struct sqlite_store *s = state;
	int rc = 0;

	TRY(sqlite_run(s, BEGIN, err));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_one(s, &items[i], err);
	if (rc == 0)
		rc = sqlite_run(s, COMMIT, err);
	if (rc < 0 && !sqlite3_get_autocommit(s->db))
		(void)sqlite_run(s, ROLLBACK, NULL);
	return rc;
}

static int expire(struct sqlite_store *s, enum sqlite_statement which, const char *cluster,
	int64_t end_s, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;

	TRY(sqlite_use(s, which, &q, err));
	sqlite3_bind_int64(q, 1, end_s);
	bind_text(q, 2, cluster);
	sqlite3_bind_int64(q, 3, DELETE_STEP);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : sqlite_fail(s, "write", err);
}

// In steps, so that nobody waits long for the write lock.
static int sqlite_delete_before(
	void *state, const char *cluster, int64_t end_s, uint64_t *ret_n, struct error *err)
{
	struct sqlite_store *s = state;
	int gone;

	do {
		int rc;

		TRY(sqlite_run(s, BEGIN, err));
		rc = expire(s, EXPIRE_SERIES, cluster, end_s, err);
		if (rc == 0)
			rc = expire(s, EXPIRE_JOBS, cluster, end_s, err);
		gone = sqlite3_changes(s->db);
		if (rc == 0)
			rc = sqlite_run(s, COMMIT, err);
		if (rc < 0 && !sqlite3_get_autocommit(s->db))
			(void)sqlite_run(s, ROLLBACK, NULL);
		TRY(rc);
		*ret_n += (uint64_t)gone;
	} while (gone == DELETE_STEP);
	return 0;
}

static int sqlite_get_schema(
	void *state, const char *id, struct arena *a, struct bytes *ret, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;
	struct bytes found;
	int rc;

	TRY(sqlite_use(state, GET_SCHEMA, &q, err));
	bind_text(q, 1, id);
	rc = sqlite3_step(q);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? 0 : sqlite_fail(state, "read", err);
	found = column_bytes(q, 0);
	*ret = (struct bytes){arena_copy(a, found.data, found.len), found.len};
	return 1;
}

static int sqlite_put_schema(void *state, const char *id, struct bytes document, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;

	TRY(sqlite_use(state, PUT_SCHEMA, &q, err));
	bind_text(q, 1, id);
	sqlite3_bind_blob64(q, 2, document.data, document.len, SQLITE_STATIC);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : sqlite_fail(state, "write", err);
}

const struct store_driver sqlite_driver = {
	.scheme = "sqlite:",
	.open = sqlite_open_store,
	.close = sqlite_close_store,
	.put = sqlite_put,
	.get = sqlite_get,
	.find = sqlite_find,
	.changes = sqlite_changes,
	.delete_before = sqlite_delete_before,
	.put_schema = sqlite_put_schema,
	.get_schema = sqlite_get_schema,
};
