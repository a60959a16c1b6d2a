// SPDX-License-Identifier: Apache-2.0
// Escaping of HTML, addresses and CSV; numbers as people read them.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>

#include "portal/csv.h"
#include "portal/html.h"
#include "portal/units.h"

Test(html, text_is_escaped)
{
	CLEANUP(strbuf_release) struct strbuf b = {0};
	html_text(&b, "<script>alert('x' & \"y\")</script>");
	cr_assert_str_eq(strbuf_text(&b),
		"&lt;script&gt;alert(&#39;x&#39; &amp; &quot;y&quot;)&lt;/script&gt;");
}

Test(html, formatted_text_is_escaped_as_a_whole)
{
	CLEANUP(strbuf_release) struct strbuf b = {0};
	html_textf(&b, "%s <%d>", "a&b", 3);
	cr_assert_str_eq(strbuf_text(&b), "a&amp;b &lt;3&gt;");
}

Test(html, an_attribute_cannot_be_left)
{
	CLEANUP(strbuf_release) struct strbuf b = {0};
	html_attribute(&b, "value", "\" onload=\"x");
	cr_assert_str_eq(strbuf_text(&b), " value=\"&quot; onload=&quot;x\"");
}

Test(html, no_text_writes_nothing)
{
	CLEANUP(strbuf_release) struct strbuf b = {0};
	html_text(&b, NULL);
	html_text(&b, "");
	cr_assert(eq(sz, b.len, 0));
}

Test(url, every_byte_that_means_something_is_encoded)
{
	CLEANUP(strbuf_release) struct strbuf b = {0};
	url_path(&b, 2, (const char *[]){"a/b?c#d", "ü%"});
	url_query(&b, "q", "x&y=z +");
	url_query(&b, "empty", "");
	url_query(&b, "next", "1");
	cr_assert_str_eq(strbuf_text(&b), "/a%2Fb%3Fc%23d/%C3%BC%25?q=x%26y%3Dz%20%2B&next=1");
}

Test(csv, quotes_and_formulas)
{
	CLEANUP(strbuf_release) struct strbuf b = {0};
	csv_text(&b, "plain");
	csv_text(&b, "a \"b\", c");
	csv_text(&b, "=cmd|' /C calc'!A0");
	csv_number(&b, 0.1);
	csv_number(&b, NAN);
	csv_end(&b);
	cr_assert_str_eq(
		strbuf_text(&b), "plain,\"a \"\"b\"\", c\",\"'=cmd|' /C calc'!A0\",0.1,\r\n");
}

Test(units, rows)
{
	static const struct {
		double v;
		const char *unit, *number, *shown;
	} rows[] = {
		{0.4321, "ratio", "43.2", "%"},
		{1, "ratio", "100", "%"},
		{0, "ratio", "0", "%"},
		{0.00004, "ratio", "0.0040", "%"},
		{3500000000.0, "B", "3.26", "GiB"},
		{1023, "B", "1023", "B"},
		{1023.9, "B", "1.00", "KiB"},
		{999.9, "W", "1.00", "kW"},
		{1.5e9, "flop/s", "1.50", "Gflop/s"},
		{0.002, "W", "2.00", "mW"},
		{-1500, "W", "-1.50", "kW"},
		{59, "s", "59.0", "s"},
		{3661, "s", "1:01:01", ""},
		{42, "", "42.0", ""},
		{7, NULL, "7.00", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct shown s = unit_show(rows[i].v, rows[i].unit);
		cr_expect_str_eq(s.number, rows[i].number, "%g %s", rows[i].v,
			rows[i].unit ? rows[i].unit : "-");
		cr_expect_str_eq(s.unit, rows[i].shown, "%g", rows[i].v);
	}
}

Test(units, exact_numbers_read_back_equal)
{
	static const double values[] = {
		0.1, 1.0 / 3, 1e300, -2.5e-300, 0, 123456789.123456789, 0.43212339282035828};
	char buf[NUMBER_SIZE];
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		double back;
		cr_assert(zero(int, parse_double(number_exact(values[i], buf), &back)));
		cr_assert(back == values[i]);
	}
	cr_assert_str_eq(number_exact(0.1, buf), "0.1");
}

Test(units, spans_and_counts)
{
	char buf[NUMBER_SIZE];
	cr_assert_str_eq(span_show(11422, buf), "3:10:22");
	cr_assert_str_eq(span_show(86400, buf), "24:00:00");
	cr_assert_str_eq(span_show(180000, buf), "2d 02:00:00");
	cr_assert_str_eq(span_show(INT64_MIN, buf), "-106751991167300d 15:30:08");
	cr_assert_str_eq(count_show(1234567, buf), "1\u202f234\u202f567");
	cr_assert_str_eq(count_show(1234, buf), "1234");
}
