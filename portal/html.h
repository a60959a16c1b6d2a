// SPDX-License-Identifier: Apache-2.0
// HTML writer. Everything that is data goes through an escaping function; the only raw text is a
// string literal of the program, which html_raw() enforces at compile time.
#pragma once

#include "common/macro.h"
#include "common/str.h"

void html_text(struct strbuf *out, const char *s); // escaped; NULL writes nothing
void html_textf(struct strbuf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);  // escaped as a whole
void html_attribute(struct strbuf *out, const char *name, const char *value); // ` name="value"`
void html_attributef(struct strbuf *out, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

// A link's address, built of decoded parts: url_path(&b, 3, (const char *[]){"jobs", a, b}).
void url_path(struct strbuf *out, size_t n, const char *const *segments);
// Appends ?name=value or &name=value, percent-encoded; nothing when value is NULL or "".
void url_query(struct strbuf *out, const char *name, const char *value);

// A literal: the "" "" makes anything else a compile error.
#define html_raw(out, literal) strbuf_puts((out), "" literal "")

// <element class="...">text</element> with both escaped; class NULL: none.
void html_element(
	struct strbuf *out, const char *element, const char *class_name, const char *text);
