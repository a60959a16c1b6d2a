// SPDX-License-Identifier: Apache-2.0
// Strings: a growable buffer, and checked parsers of numbers (no atoi, no silent overflow).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macro.h"

// All zero is an empty buffer. text is NUL-terminated once anything was added; use strbuf_text()
// to get "" rather than NULL from an empty one.
struct strbuf {
	char *text;
	size_t len;
	size_t room;
};

void strbuf_release(struct strbuf *b);
void strbuf_clear(struct strbuf *b);
void strbuf_add(struct strbuf *b, const void *data, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *strbuf_text(const struct strbuf *b);
char *strbuf_take(struct strbuf *b); // malloc'ed, never NULL; b is empty afterwards

// Whole-string parsers: 0, or -EINVAL (not a number, trailing characters) or -ERANGE. *ret is
// untouched on failure.
int parse_u64(const char *s, uint64_t *ret) MUST_USE;
int parse_i64(const char *s, int64_t *ret) MUST_USE;
int parse_double(const char *s, double *ret) MUST_USE;  // finite, '.' whatever the locale
int parse_bool(const char *s, bool *ret) MUST_USE;      // yes no true false on off 1 0
int parse_bytes(const char *s, uint64_t *ret) MUST_USE; // 512, 64K, 64KiB, 1.5G (powers of 1024)

bool str_eq(const char *a, const char *b); // NULL equals NULL only
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

// Shell-style match of '*' and '?' on the whole string; no recursion, at worst the product of both
// lengths.
bool str_glob(const char *pattern, const char *s);
bool str_is_utf8(const char *s, size_t len);
size_t str_distance(const char *a, const char *b); // edits between them; SIZE_MAX: very long

// Writes fmt to a fixed buffer; false when it was cut. The only sanctioned snprintf.
bool str_format(char *buf, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
