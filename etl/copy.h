// SPDX-License-Identifier: Apache-2.0
// PostgreSQL's binary COPY format, built in memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/str.h"

void copy_start(struct strbuf *b);
void copy_row(struct strbuf *b, size_t n_fields);
void copy_end(struct strbuf *b);

void copy_null(struct strbuf *b);
void copy_bool(struct strbuf *b, bool v);
void copy_int(struct strbuf *b, int32_t v);
void copy_bigint(struct strbuf *b, int64_t v);
void copy_real(struct strbuf *b, float v);
void copy_double(struct strbuf *b, double v);
void copy_text(struct strbuf *b, const char *text); // NULL: null
void copy_bytes(struct strbuf *b, const void *data, size_t len);
void copy_time(struct strbuf *b, int64_t unix_s); // timestamptz
void copy_infinity(struct strbuf *b);             // timestamptz 'infinity'
// text[]; texts follow each other, each with its NUL
void copy_texts(struct strbuf *b, const char *texts, size_t n);
