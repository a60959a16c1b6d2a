// SPDX-License-Identifier: Apache-2.0
// The warehouse's server. postgres.c is the only file of this folder that knows libpq.
//
// Failures: -EHOSTDOWN the server is away or going down, -EACCES it refuses us, -EINVAL the
// connection text is wrong, -EDOM it refuses the data (a value out of range, a constraint), -EIO
// anything else. No text holds a password.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/str.h"

struct postgres;
struct postgres_rows;

struct postgres_value { // one parameter; all zero is NULL
	const char *text;
	struct bytes bytes; // when data is set: sent as it is
};

// url: libpq keywords or URI; password NULL: none.
int postgres_open(
	const char *url, const char *password, struct postgres **ret, struct error *err) MUST_USE;
void postgres_close(struct postgres *p); // NULL allowed
// What a command line says: -EINVAL where it holds a password; NULL is none.
int postgres_check_url(const char *url, struct error *err) MUST_USE;

// Any number of statements without parameters; what they return is dropped.
int postgres_script(struct postgres *p, const char *sql, struct error *err) MUST_USE;
// One statement. ret_rows may be NULL.
int postgres_query(struct postgres *p, const char *sql, const struct postgres_value *values,
	size_t n, struct postgres_rows **ret_rows, struct error *err) MUST_USE;
// COPY ... FROM STDIN with all of its data.
int postgres_copy(struct postgres *p, const char *sql, const void *data, size_t len,
	struct error *err) MUST_USE;
// The same in pieces: start, add as often as needed, end. What the server has against the data it may
// say at the end. A copy that is not ended ends with its transaction, by postgres_rollback.
int postgres_copy_start(struct postgres *p, const char *sql, struct error *err) MUST_USE;
int postgres_copy_add(struct postgres *p, const void *data, size_t len, struct error *err) MUST_USE;
int postgres_copy_end(struct postgres *p, struct error *err) MUST_USE;
// COPY ... TO STDOUT: appends all of its data.
int postgres_copy_out(
	struct postgres *p, const char *sql, struct strbuf *out, struct error *err) MUST_USE;
// Ends a transaction, if there is one; a dead connection has none.
void postgres_rollback(struct postgres *p);

// A value that is an array: text by text, from an empty strbuf on, then its end.
void postgres_array_add(struct strbuf *array, const char *text);
const char *postgres_array_end(struct strbuf *array);

void postgres_rows_free(struct postgres_rows *r); // NULL allowed
size_t postgres_rows_count(const struct postgres_rows *r);
const char *postgres_text(const struct postgres_rows *r, size_t row, size_t column); // NULL: null
int64_t postgres_int(const struct postgres_rows *r, size_t row, size_t column);      // null: 0

static inline void postgres_rows_cleanup(struct postgres_rows **r)
{
	postgres_rows_free(*r);
}
