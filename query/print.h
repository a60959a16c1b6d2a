// SPDX-License-Identifier: Apache-2.0
// Answers as text: a table for people, CSV and JSON for programs.
#pragma once

#include "common/str.h"
#include "query/answer.h"

typedef void answer_printer(
	const struct question *q, const struct answer *answer, struct strbuf *out);
typedef void words_printer(const struct words *lists, size_t n, struct strbuf *out);

struct format {
	const char *name;
	answer_printer *put_answer;
	words_printer *put_words;
};

const struct format *format_find(const char *name); // NULL: there is none

// A table with as much room as its longest cells need. right: columns of numbers, a bit each.
void put_table(const char *const *cells, size_t n_rows, size_t n_columns, unsigned right,
	struct strbuf *out);
