// SPDX-License-Identifier: Apache-2.0
// The embedded store: one SQLite file in WAL mode, written by any number of processes.
//
// A job's row is called by its place in the order of change, `seq`. A changed job gets the next
// one, so that the file is only ever appended to and changes are read straight along. Numbers are
// given inside the one write transaction that SQLite allows at a time: the order of commits is the
// order of numbers, and who has read up to N has missed nothing before N. AUTOINCREMENT keeps a
// number from coming again after a delete.
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>

#include "common/memory.h"
#include "common/store/driver.h"
#include "common/str.h"

enum { BUSY_TIMEOUT_MS = 60000, OPEN_RETRIES = 600, DELETE_STEP = 1000 };

#define APPLICATION_ID 0x4a6f6273 // "Jobs"

#define ITEM_COLUMNS \
	"j.seq, j.cluster, j.raw_id, j.submit_s, j.resource, j.job_id, j.end_s, j.summary"
#define WITH_SERIES "SELECT " ITEM_COLUMNS ", s.document FROM job j LEFT JOIN series s USING (seq)"
#define SUMMARIES   "SELECT " ITEM_COLUMNS ", NULL FROM job j"
#define CHANGED                                                                           \
	" WHERE seq > ?1 AND seq <= (SELECT seq FROM sqlite_sequence WHERE name = 'job')" \
	" ORDER BY seq LIMIT ?2"

enum statement {
	BEGIN,
	COMMIT,
	ROLLBACK,
	GET,
	FIND,
	CHANGES,
	CHANGES_SERIES,
	LAST,
	DROP_SERIES,
	DROP_JOB,
	ADD_JOB,
	ADD_SERIES,
	EXPIRE_SERIES,
	EXPIRE_JOBS,
	GET_SCHEMA,
	PUT_SCHEMA,
	STATEMENTS,
};

static const char *const statement_texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[GET] = WITH_SERIES " WHERE cluster = ?1 AND raw_id = ?2 AND submit_s = ?3",
	[FIND] = SUMMARIES " WHERE job_id = ?1 AND (?2 IS NULL OR cluster = ?2)"
			   " ORDER BY submit_s DESC, raw_id DESC, cluster",
	[CHANGES] = SUMMARIES CHANGED,
	[CHANGES_SERIES] = WITH_SERIES CHANGED,
	[LAST] = "SELECT seq FROM sqlite_sequence WHERE name = 'job'",
	[DROP_SERIES] = "DELETE FROM series WHERE seq = ?1",
	[DROP_JOB] = "DELETE FROM job WHERE seq = ?1",
	[ADD_JOB] = "INSERT INTO job (cluster, raw_id, submit_s, resource, job_id, end_s, summary)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[ADD_SERIES] = "INSERT INTO series (seq, document) VALUES (?1, ?2)",
	[EXPIRE_SERIES] = "DELETE FROM series WHERE seq IN (SELECT seq FROM job WHERE end_s > 0"
			  " AND end_s < ?1 AND (?2 IS NULL OR cluster = ?2)"
			  " ORDER BY seq LIMIT ?3)",
	[EXPIRE_JOBS] = "DELETE FROM job WHERE seq IN (SELECT seq FROM job WHERE end_s > 0"
			" AND end_s < ?1 AND (?2 IS NULL OR cluster = ?2) ORDER BY seq LIMIT ?3)",
	[GET_SCHEMA] = "SELECT document FROM schema WHERE id = ?1",
	[PUT_SCHEMA] = "INSERT OR REPLACE INTO schema (id, document) VALUES (?1, ?2)",
};

// Step N leads from schema version N to N+1; none is ever changed once released.
static const char *const migrations[] = {
	"CREATE TABLE store (id TEXT NOT NULL);"
	"INSERT INTO store VALUES (lower(hex(randomblob(8))));"
	"CREATE TABLE job ("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" cluster TEXT NOT NULL, raw_id INTEGER NOT NULL, submit_s INTEGER NOT NULL,"
	" resource TEXT NOT NULL, job_id TEXT NOT NULL, end_s INTEGER NOT NULL,"
	" summary BLOB NOT NULL, UNIQUE (cluster, raw_id, submit_s));"
	"CREATE INDEX job_by_id ON job (job_id, cluster);"
	"CREATE INDEX job_by_end ON job (end_s, cluster);"
	"CREATE TABLE series (seq INTEGER PRIMARY KEY, document BLOB NOT NULL);",
	"CREATE TABLE schema (id TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;",
};

struct sqlite_store {
	sqlite3 *db;
	char *file;
	char *id; // of this file, for cursors
	sqlite3_stmt *statements[STATEMENTS];
};

// Why SQLite says no, as errno and in words that help.
static const struct {
	int sqlite;
	int code;
	const char *words; // NULL: SQLite's own
} failures[] = {
	{SQLITE_BUSY, EBUSY, "another program holds it for too long"},
	{SQLITE_LOCKED, EBUSY, NULL},
	{SQLITE_CORRUPT, EBADMSG,
		"the file is damaged; restore a backup, or move it away and "
		"summarize again"},
	{SQLITE_NOTADB, EBADMSG, "not a document store (no SQLite file)"},
	{SQLITE_FULL, ENOSPC, NULL},
	{SQLITE_CANTOPEN, ENOENT, NULL},
	{SQLITE_READONLY, EACCES, NULL},
	{SQLITE_PERM, EACCES, NULL},
	{SQLITE_NOMEM, ENOMEM, NULL},
	{SQLITE_TOOBIG, E2BIG, NULL},
};

static int fail(const struct sqlite_store *s, const char *doing, struct error *err)
{
	int sqlite = s->db ? sqlite3_errcode(s->db) : SQLITE_NOMEM;
	const char *words = s->db ? sqlite3_errmsg(s->db) : "out of memory";
	int system = s->db ? sqlite3_system_errno(s->db) : 0;
	int code = EIO;

	for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
		if (failures[i].sqlite != (sqlite & 0xff))
			continue;
		code = failures[i].code;
		words = failures[i].words ? failures[i].words : words;
	}
	if ((sqlite & 0xff) == SQLITE_CANTOPEN && system)
		return error_set(
			err, system, "store: cannot %s %s: %s", doing, s->file, strerror(system));
	return error_set(err, code, "store: cannot %s %s: %s", doing, s->file, words);
}

static int execute(const struct sqlite_store *s, const char *sql, struct error *err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(s, "set up", err);
	return 0;
}

static int read_integer(
	const struct sqlite_store *s, const char *sql, int64_t *ret, struct error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return rc == SQLITE_ROW ? 0 : fail(s, "open", err);
}

// A statement ready to be bound; the caller resets it by `done` whatever happens.
static int statement(
	struct sqlite_store *s, enum statement which, sqlite3_stmt **ret, struct error *err)
{
	if (!s->statements[which] &&
		sqlite3_prepare_v3(s->db, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[which], NULL) != SQLITE_OK)
		return fail(s, "use", err);
	*ret = s->statements[which];
	return 0;
}

static void done(sqlite3_stmt **q)
{
	if (!*q)
		return;
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
}

static int run(struct sqlite_store *s, enum statement which, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;

	TRY(statement(s, which, &q, err));
	return sqlite3_step(q) == SQLITE_DONE ? 0 : fail(s, "write", err);
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
	if (text)
		sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

// Opening and creating

static int set_wal(const struct sqlite_store *s, struct error *err)
{
	// The busy timeout does not hold for the change of the journal mode.
	for (int i = 0; i < OPEN_RETRIES; i++) {
		int rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if (rc == SQLITE_OK)
			return 0;
		if ((rc & 0xff) != SQLITE_BUSY)
			break;
		sqlite3_sleep(20);
	}
	return fail(s, "create", err);
}

static int migrate(struct sqlite_store *s, struct error *err)
{
	int64_t version = 0;

	TRY(read_integer(s, "PRAGMA user_version", &version, err));
	for (size_t i = (size_t)version; i < ARRAY_LEN(migrations); i++) {
		char *end = sqlite3_mprintf("PRAGMA user_version = %d", (int)i + 1);
		int rc = execute(s, migrations[i], err);

		if (rc == 0)
			rc = execute(s, end, err);
		sqlite3_free(end);
		TRY(rc);
	}
	return 0;
}

static int create(struct sqlite_store *s, bool is_empty, struct error *err)
{
	int rc;

	if (is_empty) {
		// A summary is about 5 kB: larger pages hold some of them without overflow.
		TRY(execute(s, "PRAGMA page_size = 16384", err));
		TRY(set_wal(s, err));
	}
	TRY(run(s, BEGIN, err));
	rc = migrate(s, err);
	if (rc == 0 && is_empty) {
		char *mark = sqlite3_mprintf("PRAGMA application_id = %d", APPLICATION_ID);

		rc = execute(s, mark, err);
		sqlite3_free(mark);
	}
	if (rc == 0)
		rc = run(s, COMMIT, err);
	if (rc < 0)
		(void)run(s, ROLLBACK, NULL);
	return rc;
}

static int check_version(struct sqlite_store *s, bool read_only, struct error *err)
{
	const int64_t newest = ARRAY_LEN(migrations);
	int64_t application = 0;
	int64_t version = 0;
	int64_t objects = 0;

	TRY(read_integer(s, "PRAGMA application_id", &application, err));
	TRY(read_integer(s, "PRAGMA user_version", &version, err));
	TRY(read_integer(s, "SELECT count(*) FROM sqlite_schema", &objects, err));
	if (application != APPLICATION_ID && (objects > 0 || version != 0))
		return error_set(err, EBADMSG,
			"store: %s is an SQLite file, but not a document store", s->file);
	if (version > newest)
		return error_set(err, EPROTONOSUPPORT,
			"store: %s was written by a newer Jobsight (schema %" PRId64
			", this one knows %" PRId64 ")",
			s->file, version, newest);
	if (version == newest)
		return 0;
	if (read_only)
		return error_set(err, EBADMSG,
			"store: %s has an old schema (%" PRId64
			"); a program that writes must open it first",
			s->file, version);
	return create(s, objects == 0, err);
}

static int read_id(struct sqlite_store *s, struct error *err)
{
	sqlite3_stmt *q = NULL;
	int rc = sqlite3_prepare_v2(s->db, "SELECT id FROM store", -1, &q, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(q);
	if (rc == SQLITE_ROW && sqlite3_column_text(q, 0))
		s->id = sqlite3_mprintf("%s", sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	return s->id ? 0 : fail(s, "open", err);
}

static int set_up(struct sqlite_store *s, bool read_only, struct error *err)
{
	int keep = 1;

	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	// The WAL's files stay, so that a reader without rights on the folder can open.
	sqlite3_file_control(s->db, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	TRY(execute(s,
		"PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;"
		"PRAGMA journal_size_limit = 67108864; PRAGMA trusted_schema = OFF;"
		"PRAGMA cache_size = -65536",
		err));
	TRY(check_version(s, read_only, err));
	return read_id(s, err);
}

static void sqlite_close_store(void *state)
{
	struct sqlite_store *s = state;

	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	sqlite3_free(s->id);
	free(s->file);
	free(s);
}

static int sqlite_open_store(
	const char *url, const char *password, bool read_only, void **ret, struct error *err)
{
	const char *file = url + strlen("sqlite:");
	int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	struct sqlite_store *s;
	int rc = 0;

	(void)password;
	if (!*file)
		return error_set(err, EINVAL, "store: sqlite: names no file");
	s = memory_alloc(1, sizeof(*s));
	s->file = strdup(file);
	if (sqlite3_open_v2(file, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		rc = fail(s, "open", err);
	if (rc == 0)
		rc = set_up(s, read_only, err);
	if (rc < 0) {
		sqlite_close_store(s);
		return rc;
	}
	*ret = s;
	return 0;
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

	TRY(statement(s, GET, q, err));
	bind_text(*q, 1, key->cluster);
	sqlite3_bind_int64(*q, 2, (int64_t)key->raw_id);
	sqlite3_bind_int64(*q, 3, key->submit_s);
	rc = sqlite3_step(*q);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : fail(s, "read", err);
}

static int sqlite_get(void *state, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;
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
	CLEANUP(done) sqlite3_stmt *q = NULL;
	struct store_item *items = NULL;
	size_t n = 0;
	int rc;

	TRY(statement(state, FIND, &q, err));
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
		return fail(state, "read", err);
	*ret = items;
	*ret_n = n;
	return 0;
}

static int last_seq(struct sqlite_store *s, int64_t *ret, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;
	int rc;

	*ret = 0;
	TRY(statement(s, LAST, &q, err));
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int64(q, 0);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : fail(s, "read", err);
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
	CLEANUP(done) sqlite3_stmt *q = NULL;
	int64_t seq;
	int rc;
	int answer = 0;

	TRY(read_cursor(s, r->cursor, &seq, err));
	TRY(statement(s, r->with_series ? CHANGES_SERIES : CHANGES, &q, err));
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
	return rc == SQLITE_DONE ? 0 : fail(s, "read", err);
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

static int drop(struct sqlite_store *s, enum statement which, int64_t seq, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;

	TRY(statement(s, which, &q, err));
	sqlite3_bind_int64(q, 1, seq);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : fail(s, "write", err);
}

static int add_job(struct sqlite_store *s, const struct store_item *item, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;

	TRY(statement(s, ADD_JOB, &q, err));
	bind_text(q, 1, item->key.cluster);
	sqlite3_bind_int64(q, 2, (int64_t)item->key.raw_id);
	sqlite3_bind_int64(q, 3, item->key.submit_s);
	bind_text(q, 4, item->resource);
	bind_text(q, 5, item->job_id);
	sqlite3_bind_int64(q, 6, item->end_s);
	sqlite3_bind_blob64(q, 7, item->summary.data, item->summary.len, SQLITE_STATIC);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : fail(s, "write", err);
}

static int add_series(struct sqlite_store *s, struct bytes series, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;

	TRY(statement(s, ADD_SERIES, &q, err));
	sqlite3_bind_int64(q, 1, sqlite3_last_insert_rowid(s->db));
	sqlite3_bind_blob64(q, 2, series.data, series.len, SQLITE_STATIC);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : fail(s, "write", err);
}

// Looks whether the job is there: 1 and its seq, 0 absent. *ret_same: nothing would change.
static int find_former(struct sqlite_store *s, const struct store_item *item, int64_t *ret_seq,
	bool *ret_same, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;
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

	TRY(run(s, BEGIN, err));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_one(s, &items[i], err);
	if (rc == 0)
		rc = run(s, COMMIT, err);
	if (rc < 0 && !sqlite3_get_autocommit(s->db))
		(void)run(s, ROLLBACK, NULL);
	return rc;
}

static int expire(struct sqlite_store *s, enum statement which, const char *cluster, int64_t end_s,
	struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;

	TRY(statement(s, which, &q, err));
	sqlite3_bind_int64(q, 1, end_s);
	bind_text(q, 2, cluster);
	sqlite3_bind_int64(q, 3, DELETE_STEP);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : fail(s, "write", err);
}

// In steps, so that nobody waits long for the write lock.
static int sqlite_delete_before(
	void *state, const char *cluster, int64_t end_s, uint64_t *ret_n, struct error *err)
{
	struct sqlite_store *s = state;
	int gone;

	do {
		int rc;

		TRY(run(s, BEGIN, err));
		rc = expire(s, EXPIRE_SERIES, cluster, end_s, err);
		if (rc == 0)
			rc = expire(s, EXPIRE_JOBS, cluster, end_s, err);
		gone = sqlite3_changes(s->db);
		if (rc == 0)
			rc = run(s, COMMIT, err);
		if (rc < 0 && !sqlite3_get_autocommit(s->db))
			(void)run(s, ROLLBACK, NULL);
		TRY(rc);
		*ret_n += (uint64_t)gone;
	} while (gone == DELETE_STEP);
	return 0;
}

static int sqlite_get_schema(
	void *state, const char *id, struct arena *a, struct bytes *ret, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;
	struct bytes found;
	int rc;

	TRY(statement(state, GET_SCHEMA, &q, err));
	bind_text(q, 1, id);
	rc = sqlite3_step(q);
	if (rc != SQLITE_ROW)
		return rc == SQLITE_DONE ? 0 : fail(state, "read", err);
	found = column_bytes(q, 0);
	*ret = (struct bytes){arena_copy(a, found.data, found.len), found.len};
	return 1;
}

static int sqlite_put_schema(void *state, const char *id, struct bytes document, struct error *err)
{
	CLEANUP(done) sqlite3_stmt *q = NULL;

	TRY(statement(state, PUT_SCHEMA, &q, err));
	bind_text(q, 1, id);
	sqlite3_bind_blob64(q, 2, document.data, document.len, SQLITE_STATIC);
	return sqlite3_step(q) == SQLITE_DONE ? 0 : fail(state, "write", err);
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
