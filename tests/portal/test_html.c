// SPDX-License-Identifier: Apache-2.0
// Escaping of HTML, addresses and CSV; numbers as people read them.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// units.tsv: value, unit, text. The pages' test reads it, too, for portal/web/units.js.
Test(units, as_in_the_table)
{
	FILE *table = fopen(UNITS_TABLE, "re");
	char line[200];
	size_t n = 0;

	cr_assert(table != NULL, "%s", UNITS_TABLE);
	for (; fgets(line, sizeof(line), table); n++) {
		char *unit = strchr(line, '\t');
		char *text = unit ? strchr(unit + 1, '\t') : NULL;
		char shown[100];

		cr_assert(text != NULL, "%s", line);
		*unit++ = *text++ = '\0';
		text[strcspn(text, "\n")] = '\0';
		struct shown s = unit_show(strtod(line, NULL), unit);
		str_format(shown, sizeof(shown), "%s%s%s", s.number, s.unit[0] ? " " : "", s.unit);
		cr_expect_str_eq(shown, text, "%s of %s", line, unit);
	}
	fclose(table);
	cr_assert(n >= 30);
	cr_assert_str_eq(unit_show(7.25, NULL).number, "7.25");
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
