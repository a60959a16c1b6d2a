// SPDX-License-Identifier: Apache-2.0
// The warehouse as the portal sees it: a pool of connections of an unprivileged role, and a fixed
// table of parameterised statements (statements.def). Every request runs in one read-only
// transaction in which the database knows the person; row-level security does the rest.
// postgres.c is the only file of the portal that includes <libpq-fe.h>.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/document/document.h"
#include "common/error.h"

struct warehouse;

enum statement {
#define STATEMENT(name, n_params, sql) STATEMENT_##name,
#include "portal/statements.def"
	STATEMENT_COUNT,
};

struct warehouse_options {
	const char *url;      // libpq keywords or URI
	const char *password; // NULL: the URL's, or none
	unsigned connections; // at most
	unsigned timeout_s;   // of one statement, and of waiting for a connection
};

// Connects when first asked, so that the portal starts and says what is wrong while the database
// is away.
int warehouse_open(
	const struct warehouse_options *o, struct warehouse **ret, struct error *err) MUST_USE;
void warehouse_close(struct warehouse *w); // NULL allowed

struct session; // one transaction of one person

// -EAGAIN: the database is away or all connections are busy.
int session_begin(
	struct warehouse *w, const char *person, struct session **ret, struct error *err) MUST_USE;
void session_end(struct session **s); // for CLEANUP

// Runs a statement; each row is one JSON object (the statement's only column), rows in a.
struct rows {
	struct doc **items;
	size_t n;
};
int session_query(struct session *s, enum statement statement, const char *const *params,
	struct arena *a, struct rows *ret, struct error *err) MUST_USE;
