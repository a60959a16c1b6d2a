// SPDX-License-Identifier: Apache-2.0
// Writes HTML and addresses with escaping by default.
#include "portal/html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(struct strbuf *out, const char *s)
{
	if (!s)
		return;
	for (;;) {
		size_t plain = strcspn(s, "&<>\"'");
		strbuf_add(out, s, plain);
		s += plain;
		if (*s == '\0')
			return;
		strbuf_puts(out, entity(*s++));
	}
}

static void text_v(struct strbuf *out, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
static void text_v(struct strbuf *out, const char *fmt, va_list ap)
{
	AUTO_FREE char *text = NULL;
	if (vasprintf(&text, fmt, ap) < 0) {
		text = NULL;
		return;
	}
	html_text(out, text);
}

void html_textf(struct strbuf *out, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	text_v(out, fmt, ap);
	va_end(ap);
}

void html_attribute(struct strbuf *out, const char *name, const char *value)
{
	strbuf_putc(out, ' ');
	strbuf_puts(out, name);
	strbuf_puts(out, "=\"");
	html_text(out, value);
	strbuf_putc(out, '"');
}

void html_attributef(struct strbuf *out, const char *name, const char *fmt, ...)
{
	strbuf_putc(out, ' ');
	strbuf_puts(out, name);
	strbuf_puts(out, "=\"");
	va_list ap;
	va_start(ap, fmt);
	text_v(out, fmt, ap);
	va_end(ap);
	strbuf_putc(out, '"');
}

static void percent(struct strbuf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	for (; *s; s++) {
		if (strchr(plain, *s))
			strbuf_putc(out, *s);
		else
			strbuf_printf(out, "%%%02X", (unsigned char)*s);
	}
}

void url_path(struct strbuf *out, size_t n, const char *const *segments)
{
	for (size_t i = 0; i < n; i++) {
		strbuf_putc(out, '/');
		percent(out, segments[i]);
	}
}

void url_query(struct strbuf *out, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	strbuf_putc(out, strchr(strbuf_text(out), '?') ? '&' : '?');
	percent(out, name);
	strbuf_putc(out, '=');
	percent(out, value);
}

void html_element(struct strbuf *out, const char *element, const char *class_name, const char *text)
{
	strbuf_printf(out, "<%s", element);
	if (class_name)
		html_attribute(out, "class", class_name);
	strbuf_putc(out, '>');
	html_text(out, text);
	strbuf_printf(out, "</%s>", element);
}
