// SPDX-License-Identifier: Apache-2.0
// CSV as in RFC 4180, read and written.
#pragma once

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/str.h"

struct csv {
	const char *file; // for the words of errors
	const char *at, *end;
	int line;
	char separator;
	char quote; // '"'; who needs another sets it after csv_open
};

struct csv_row {
	const char **fields; // in the arena, NUL-terminated
	size_t n;
	int line; // where it begins
};

void csv_open(struct csv *c, const char *file, struct bytes text, char separator);

// The next row; an empty line is none. 1, 0 at the end, -EINVAL: a quote is not closed, text follows a
// closed one, or a NUL. After an error the next row is that of the next line.
int csv_next(struct csv *c, struct arena *a, struct csv_row *ret, struct error *err) MUST_USE;

// Appends a field; quoted where needed, and with a comma before it unless a line begins.
void csv_put(struct strbuf *out, const char *field);
// A spreadsheet would reckon this: who writes text of others puts an apostrophe before it.
bool csv_is_formula(const char *text);
