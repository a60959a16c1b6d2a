// SPDX-License-Identifier: Apache-2.0
// A row is read field by field; quotes may hold separators and line ends.
#include "common/csv.h"

#include <errno.h>
#include <string.h>

enum { FIELDS_BLOCK = 16 };

void csv_open(struct csv *c, const char *file, struct bytes text, char separator)
{
	const char *begin = (const char *)text.data;

	*c = (struct csv){.file = file,
		.at = begin,
		.end = begin + text.len,
		.line = 1,
		.separator = separator,
		.quote = '"'};
	if (text.len >= 3 && memcmp(begin, "\xef\xbb\xbf", 3) == 0) // a byte order mark
		c->at += 3;
}

// Steps over a line end; true when there is one, or the end.
static bool take_line_end(struct csv *c)
{
	if (c->at == c->end)
		return true;
	if (*c->at == '\r' && (c->at + 1 == c->end || c->at[1] == '\n'))
		c->at++;
	if (c->at < c->end && *c->at != '\n')
		return false;
	if (c->at < c->end)
		c->at++;
	c->line++;
	return true;
}

static int fail(struct csv *c, const char *what, struct error *err)
{
	int line = c->line;
	const char *end = memchr(c->at, '\n', (size_t)(c->end - c->at));

	c->at = end ? end + 1 : c->end;
	c->line++;
	return error_at(err, EINVAL, c->file, line, "%s", what);
}

static int take_quoted(struct csv *c, struct strbuf *ret, struct error *err)
{
	const char *begin = c->at++;
	int line = c->line;

	for (; c->at < c->end; c->at++) {
		if (*c->at == c->quote && (c->at + 1 == c->end || c->at[1] != c->quote)) {
			c->at++;
			return 0;
		}
		c->at += *c->at == c->quote;
		c->line += *c->at == '\n';
		strbuf_putc(ret, *c->at);
	}
	c->at = begin;
	c->line = line;
	return fail(c, "a quote is not closed", err);
}

static int take_field(struct csv *c, struct strbuf *ret, struct error *err)
{
	if (c->at < c->end && *c->at == c->quote) {
		TRY(take_quoted(c, ret, err));
		if (c->at < c->end && *c->at != c->separator && !strchr("\r\n", *c->at))
			return fail(c, "text after a closed quote", err);
	} else {
		while (c->at < c->end && *c->at != c->separator && *c->at != '\n' &&
			!(*c->at == '\r' && (c->at + 1 == c->end || c->at[1] == '\n')))
			strbuf_putc(ret, *c->at++);
	}
	if (ret->len && memchr(ret->text, '\0', ret->len))
		return fail(c, "a NUL byte", err);
	return 0;
}

static void add_field(struct csv_row *row, struct arena *a, const char *text)
{
	if (row->n % FIELDS_BLOCK == 0) {
		const char **more = arena_array(a, row->n + FIELDS_BLOCK, sizeof(*more));

		if (row->n)
			memcpy(more, row->fields, row->n * sizeof(*more));
		row->fields = more;
	}
	row->fields[row->n++] = arena_strdup(a, text);
}

int csv_next(struct csv *c, struct arena *a, struct csv_row *ret, struct error *err)
{
	while (c->at < c->end && (*c->at == '\n' || *c->at == '\r') && take_line_end(c))
		;
	if (c->at == c->end)
		return 0;
	*ret = (struct csv_row){.line = c->line};
	for (;;) {
		CLEANUP(strbuf_release) struct strbuf field = {0};

		TRY(take_field(c, &field, err));
		add_field(ret, a, strbuf_text(&field));
		if (c->at < c->end && *c->at == c->separator) {
			c->at++;
			continue;
		}
		if (!take_line_end(c))
			return fail(c, "a carriage return inside a line", err);
		return 1;
	}
}

bool csv_is_formula(const char *text)
{
	return text[0] && strchr("=+-@\t\r\n", text[0]);
}

void csv_put(struct strbuf *out, const char *field)
{
	bool is_first = out->len == 0 || out->text[out->len - 1] == '\n';

	if (!is_first)
		strbuf_putc(out, ',');
	// A line that begins with nothing would not be seen to have begun.
	if (!field[strcspn(field, ",\"\r\n")] && (!is_first || *field)) {
		strbuf_puts(out, field);
		return;
	}
	strbuf_putc(out, '"');
	for (; *field; field++) {
		if (*field == '"')
			strbuf_putc(out, '"');
		strbuf_putc(out, *field);
	}
	strbuf_putc(out, '"');
}
