// SPDX-License-Identifier: Apache-2.0
// The embedded store: what opening (sqlite_open.c) and the driver (sqlite.c) share.
#pragma once

#include <sqlite3.h>

#include "common/error.h"
#include "common/store/driver.h"

enum sqlite_statement {
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

struct sqlite_store {
	sqlite3 *db;
	char *file;
	char *id; // of this file, for cursors
	sqlite3_stmt *statements[STATEMENTS];
};

int sqlite_open_store(
	const char *url, const char *password, bool read_only, void **ret, struct error *err);
void sqlite_close_store(void *state);

// What went wrong last, in words that help: "cannot <doing> <file>".
int sqlite_fail(const struct sqlite_store *s, const char *doing, struct error *err);

// A statement ready to be bound; the caller resets it by `sqlite_done` whatever happens.
int sqlite_use(struct sqlite_store *s, enum sqlite_statement which, sqlite3_stmt **ret,
	struct error *err) MUST_USE;
void sqlite_done(sqlite3_stmt **q);
int sqlite_run(struct sqlite_store *s, enum sqlite_statement which, struct error *err);
