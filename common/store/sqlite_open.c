// SPDX-License-Identifier: Apache-2.0
// The embedded store: opening and creating the file, its schema, and the statements of all.
#include "common/store/sqlite.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/memory.h"
#include "common/str.h"

enum { BUSY_TIMEOUT_MS = 60000, OPEN_RETRIES = 600 };

#define APPLICATION_ID 0x4a6f6273 // "Jobs"

#define ITEM_COLUMNS \
	"j.seq, j.cluster, j.raw_id, j.submit_s, j.resource, j.job_id, j.end_s, j.summary"
#define WITH_SERIES "SELECT " ITEM_COLUMNS ", s.document FROM job j LEFT JOIN series s USING (seq)"
#define SUMMARIES   "SELECT " ITEM_COLUMNS ", NULL FROM job j"
#define CHANGED                                                                           \
	" WHERE seq > ?1 AND seq <= (SELECT seq FROM sqlite_sequence WHERE name = 'job')" \
	" ORDER BY seq LIMIT ?2"

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

int sqlite_fail(const struct sqlite_store *s, const char *doing, struct error *err)
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
		return sqlite_fail(s, "set up", err);
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
	return rc == SQLITE_ROW ? 0 : sqlite_fail(s, "open", err);
}

int sqlite_use(
	struct sqlite_store *s, enum sqlite_statement which, sqlite3_stmt **ret, struct error *err)
{
	if (!s->statements[which] &&
		sqlite3_prepare_v3(s->db, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
			&s->statements[which], NULL) != SQLITE_OK)
		return sqlite_fail(s, "use", err);
	*ret = s->statements[which];
	return 0;
}

void sqlite_done(sqlite3_stmt **q)
{
	if (!*q)
		return;
	sqlite3_reset(*q);
	sqlite3_clear_bindings(*q);
}

int sqlite_run(struct sqlite_store *s, enum sqlite_statement which, struct error *err)
{
	CLEANUP(sqlite_done) sqlite3_stmt *q = NULL;

	TRY(sqlite_use(s, which, &q, err));
	return sqlite3_step(q) == SQLITE_DONE ? 0 : sqlite_fail(s, "write", err);
}

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
	return sqlite_fail(s, "create", err);
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
	TRY(sqlite_run(s, BEGIN, err));
	rc = migrate(s, err);
	if (rc == 0 && is_empty) {
		char *mark = sqlite3_mprintf("PRAGMA application_id = %d", APPLICATION_ID);

		rc = execute(s, mark, err);
		sqlite3_free(mark);
	}
	if (rc == 0)
		rc = sqlite_run(s, COMMIT, err);
	if (rc < 0)
		(void)sqlite_run(s, ROLLBACK, NULL);
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
	return s->id ? 0 : sqlite_fail(s, "open", err);
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
		"PRAGMA cache_size = -16384",
		err));
	TRY(check_version(s, read_only, err));
	return read_id(s, err);
}

void sqlite_close_store(void *state)
{
	struct sqlite_store *s = state;

	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	sqlite3_free(s->id);
	free(s->file);
	free(s);
}

int sqlite_open_store(
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
		rc = sqlite_fail(s, "open", err);
	if (rc == 0)
		rc = set_up(s, read_only, err);
	if (rc < 0) {
		sqlite_close_store(s);
		return rc;
	}
	*ret = s;
	return 0;
}
