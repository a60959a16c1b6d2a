// SPDX-License-Identifier: Apache-2.0
// A tree to JSON text: plain for browsers, or MongoDB's relaxed Extended JSON, which keeps times
// apart from text. Numbers are the shortest text that reads back as the same double.
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/document/document.h"

struct writer {
	struct strbuf *out;
	bool extended, pretty;
};

static void write_text(struct strbuf *out, const char *text)
{
	static const char short_escape[0x20] = {
		['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
	const char *from = text;

	strbuf_putc(out, '"');
	for (const char *c = text; *c; c++) {
		unsigned char u = (unsigned char)*c;

		if (u >= 0x20 && u != '"' && u != '\\' && u != 0x7f)
			continue;
		strbuf_add(out, from, (size_t)(c - from));
		from = c + 1;
		if (u == '"' || u == '\\')
			strbuf_printf(out, "\\%c", u);
		else if (u < 0x20 && short_escape[u])
			strbuf_printf(out, "\\%c", short_escape[u]);
		else
			strbuf_printf(out, "\\u%04x", u);
	}
	strbuf_puts(out, from);
	strbuf_putc(out, '"');
}

static void write_double(struct strbuf *out, double v)
{
	char text[40];
	double back;

	for (int precision = 15; precision <= 17; precision++) {
		(void)str_format(text, sizeof(text), "%.*g", precision, v);
		// The decimal sign may be a locale's.
		for (char *c = text; *c; c++)
			if (!strchr("+-0123456789e", *c))
				*c = '.';
		if (parse_double(text, &back) == 0 && back == v)
			break;
	}
	strbuf_puts(out, text);
	if (!strpbrk(text, ".e"))
		strbuf_puts(out, ".0"); // so that it reads back as a double
}

static void write_time(const struct writer *w, int64_t ms)
{
	int64_t s = ms / 1000 - (ms % 1000 < 0);
	int rest = (int)(ms - s * 1000);
	struct civil c = civil_from_unix(s);
	bool has_text = s >= 0 && c.year <= 9999; // what Extended JSON writes as ISO text

	if (w->extended)
		strbuf_puts(w->out, "{\"$date\":");
	if (has_text) {
		strbuf_printf(w->out, "\"%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day,
			c.hour, c.minute, c.second);
		if (rest)
			strbuf_printf(w->out, ".%03d", rest);
		strbuf_puts(w->out, "Z\"");
	} else if (w->extended) {
		strbuf_printf(w->out, "{\"$numberLong\":\"%" PRId64 "\"}", ms);
	} else {
		strbuf_printf(w->out, "%" PRId64, ms);
	}
	if (w->extended)
		strbuf_putc(w->out, '}');
}

static void new_line(const struct writer *w, int depth)
{
	if (!w->pretty)
		return;
	strbuf_putc(w->out, '\n');
	for (int i = 0; i < depth; i++)
		strbuf_puts(w->out, "  ");
}

static void write_value(const struct writer *w, const struct doc *d, int depth);

static void write_container(const struct writer *w, const struct doc *d, int depth)
{
	bool is_object = d->kind == DOC_OBJECT;

	strbuf_putc(w->out, is_object ? '{' : '[');
	for (size_t i = 0; i < d->n; i++) {
		if (i > 0)
			strbuf_putc(w->out, ',');
		// An array of scalars stays on one line.
		if (is_object || d->items[i]->kind >= DOC_OBJECT)
			new_line(w, depth + 1);
		else if (w->pretty && i > 0)
			strbuf_putc(w->out, ' ');
		if (is_object) {
			write_text(w->out, d->keys[i]);
			strbuf_puts(w->out, w->pretty ? ": " : ":");
		}
		write_value(w, d->items[i], depth + 1);
	}
	if (d->n > 0 && (is_object || d->items[d->n - 1]->kind >= DOC_OBJECT))
		new_line(w, depth);
	strbuf_putc(w->out, is_object ? '}' : ']');
}

static void write_value( // NOLINT(misc-no-recursion): no deeper than the tree
	const struct writer *w, const struct doc *d, int depth)
{
	switch (d->kind) {
	case DOC_NULL:
		strbuf_puts(w->out, "null");
		break;
	case DOC_BOOL:
		strbuf_puts(w->out, d->boolean ? "true" : "false");
		break;
	case DOC_INT:
		strbuf_printf(w->out, "%" PRId64, d->integer);
		break;
	case DOC_DOUBLE:
		write_double(w->out, d->number);
		break;
	case DOC_TEXT:
		write_text(w->out, d->text);
		break;
	case DOC_TIME:
		write_time(w, d->integer);
		break;
	case DOC_OBJECT:
	case DOC_ARRAY:
		write_container(w, d, depth);
		break;
	}
}

void doc_to_json(const struct doc *d, bool extended, bool pretty, struct strbuf *out)
{
	struct writer w = {out, extended, pretty};

	write_value(&w, d, 0);
}
