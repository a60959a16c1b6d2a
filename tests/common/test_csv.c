// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>

#include "common/csv.h"

static struct arena memory;

static void release(void)
{
	arena_release(&memory);
}

TestSuite(csv, .fini = release);

static struct csv open_text(const char *text)
{
	struct csv c;

	csv_open(&c, "f.csv", (struct bytes){(const uint8_t *)text, strlen(text)}, ',');
	return c;
}

// All rows as one text: fields between [], rows with their line.
static const char *rows_of(const char *text)
{
	struct csv c = open_text(text);
	struct csv_row row;
	struct error err = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	int rc;

	while ((rc = csv_next(&c, &memory, &row, &err)) != 0) {
		if (rc < 0) {
			strbuf_printf(&out, "{%s}", err.text);
			continue;
		}
		strbuf_printf(&out, "%d:", row.line);
		for (size_t i = 0; i < row.n; i++)
			strbuf_printf(&out, "[%s]", row.fields[i]);
	}
	return arena_strdup(&memory, strbuf_text(&out));
}

struct csv_case {
	const char *text, *rows;
};

Test(csv, rows_and_fields)
{
	static const struct csv_case cases[] = {
		{"", ""},
		{"\n\r\n\n", ""},
		{"a", "1:[a]"},
		{"a,b\n", "1:[a][b]"},
		{"a,\n", "1:[a][]"},
		{",\r\n,", "1:[][]2:[][]"},
		{"\xef\xbb\xbf"
		 "a\r\nb\r\n",
			"1:[a]2:[b]"},
		{"\"a,b\",c", "1:[a,b][c]"},
		{"\"say \"\"no\"\"\",\"\"\n", "1:[say \"no\"][]"},
		{"\"two\nlines\",x\ny\n", "1:[two\nlines][x]3:[y]"},
		{"a b , c", "1:[a b ][ c]"},
		{"a\"b", "1:[a\"b]"},
		{"\n\n\nx", "4:[x]"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		cr_expect(eq(str, rows_of(cases[i].text), cases[i].rows), "case %zu", i);
}

Test(csv, a_wrong_line_costs_itself_alone)
{
	cr_expect(eq(str, rows_of("a\n\"open\nb\n"), "1:[a]{f.csv:2: a quote is not closed}3:[b]"));
	cr_expect(eq(str, rows_of("\"a\"b,c\nd\n"), "{f.csv:1: text after a closed quote}2:[d]"));
	cr_expect(eq(
		str, rows_of("\"a\"\rb\nd\n"), "{f.csv:1: a carriage return inside a line}2:[d]"));
}

Test(csv, many_fields)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct csv_row row = {0};
	struct error err = {0};
	struct csv c;

	for (int i = 0; i < 1000; i++)
		strbuf_printf(&text, "%s%d", i ? "," : "", i);
	c = open_text(text.text);
	cr_assert(eq(int, csv_next(&c, &memory, &row, &err), 1));
	cr_assert(eq(sz, row.n, 1000));
	cr_assert(eq(str, row.fields[999], "999"));
}

Test(csv, what_is_put_is_read)
{
	static const char *const fields[] = {
		"", "plain", "", "a,b", "say \"no\"", "two\r\nlines", " "};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct csv_row row = {0};
	struct error err = {0};
	struct csv c;

	for (int line = 0; line < 2; line++) {
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			csv_put(&text, fields[i]);
		strbuf_putc(&text, '\n');
	}
	c = open_text(text.text);
	for (int line = 0; line < 2; line++) {
		cr_assert(eq(int, csv_next(&c, &memory, &row, &err), 1));
		cr_assert(eq(sz, row.n, ARRAY_LEN(fields)));
		for (size_t i = 0; i < row.n; i++)
			cr_expect(eq(str, row.fields[i], fields[i]));
	}
	cr_assert(eq(int, csv_next(&c, &memory, &row, &err), 0));
}
