// SPDX-License-Identifier: Apache-2.0
// A MySQL or MariaDB server, read only. maria.c is the one file that includes its client library.
//
// Failures: -EHOSTDOWN the server is away or refuses a query, -EINVAL the description of the
// place is wrong, others from the file of the password. No text holds a password.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/map.h"

struct maria;
struct maria_rows;

// "host=H port=P socket=PATH user=U database=D password_file=FILE ca_file=FILE": all may be left
// out. The password comes from its file (mode 0600) or JOBSIGHT_SLURMDB_PASSWORD. Texts come as
// the bytes that were stored.
int maria_open(const char *spec, struct maria **ret, struct error *err) MUST_USE;
void maria_close(struct maria *m); // NULL allowed

// Text that may be part of the name of a table, between backquotes and quotes.
bool maria_is_name(const char *text);
// The columns of a table as keys, in a; none: there is no such table, or no right to read it.
int maria_columns(struct maria *m, const char *table, struct arena *a, struct map *ret,
	struct error *err) MUST_USE;

// One statement, its parameters '?' are these numbers. All rows are fetched before it returns.
int maria_query(struct maria *m, const char *sql, const int64_t *numbers, size_t n,
	struct maria_rows **ret, struct error *err) MUST_USE;
// 1 and the texts of the next row, NULL for NULL, that hold until the next call; 0 at the end.
int maria_next(struct maria_rows *r, const char *const **ret, struct error *err) MUST_USE;
void maria_rows_free(struct maria_rows *r); // NULL allowed

static inline void maria_rows_cleanup(struct maria_rows **r)
{
	maria_rows_free(*r);
}
