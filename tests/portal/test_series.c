// SPDX-License-Identifier: Apache-2.0
// Time-series documents, whole and damaged; what is drawn of them; what only staff may see.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "portal/field.h"
#include "portal/redact.h"
#include "portal/series.h"
#include "portal/svg.h"

static struct series_set read(struct arena *a, const char *json)
{
	struct doc *d;
	struct series_set set;
	cr_assert(zero(int, doc_from_json(json, strlen(json), a, &d, NULL)));
	series_read(d, a, &set);
	return set;
}

Test(series, a_whole_document)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct series_set s = read(&a,
		"{\"_id\":\"x\",\"hosts\":{\"0\":\"a\",\"1\":\"b\"},\"version\":4,\"cpu\":{\"times\":"
		"[10,20,30,100],\"hosts\":{\"1\":{\"all\":[1,2,null,4],\"max\":[9,9,9,9]},"
		"\"0\":{\"all\":[3,2.5,1,0]}}}}");
	cr_assert(eq(sz, s.n, 1));
	const struct series_data *d = series_find(&s, "cpu");
	cr_assert(eq(sz, d->n_lines, 2));
	cr_assert(eq(sz, d->lines[0].host, 0));
	cr_assert(eq(i64, d->step, 10));
	cr_assert(series_gap_before(d, 3));
	cr_assert(not(series_gap_before(d, 2)));
	struct series_summary one = series_line_summary(d, &d->lines[1]);
	cr_assert(eq(sz, one.n, 3));
	cr_assert(epsilon_eq(dbl, one.mean, 7.0 / 3, 1e-12));
	cr_assert(eq(dbl, one.max, 9));
	struct series_band b = series_band(d, &a);
	cr_assert(eq(dbl, b.low[0], 1));
	cr_assert(eq(dbl, b.high[0], 3));
	cr_assert(eq(dbl, b.mean[2], 1));
}

Test(series, what_makes_no_sense_is_left_out)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct series_set s = read(&a,
		"{\"hosts\":{\"0\":\"a\",\"x\":\"b\",\"2\":5,\"99999999\":\"far\"},"
		"\"none\":{\"times\":[],\"hosts\":{\"0\":{\"all\":[]}}},"
		"\"back\":{\"times\":[5,4],\"hosts\":{\"0\":{\"all\":[1,2]}}},"
		"\"text\":{\"times\":[\"5\"],\"hosts\":{\"0\":{\"all\":[1]}}},"
		"\"short\":{\"times\":[1,2],\"hosts\":{\"0\":{\"all\":[1]}}},"
		"\"nobody\":{\"times\":[1],\"hosts\":{\"2\":{\"all\":[1]},\"7\":{\"all\":[1]}}},"
		"\"good\":{\"times\":[1],\"hosts\":{\"0\":{\"all\":[1],\"min\":[1,2]}}},"
		"\"odd\":[1,2]}");
	cr_assert(eq(sz, s.n, 1));
	cr_assert_str_eq(s.items[0].key, "good");
	cr_assert_null(s.items[0].lines[0].min);
	struct series_set nothing;
	series_read(NULL, &a, &nothing);
	cr_assert(eq(sz, nothing.n, 0));
}

static unsigned count(const char *text, char c)
{
	unsigned n = 0;
	for (; *text; text++)
		n += *text == c;
	return n;
}

Test(svg, a_gap_stays_open)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct series_set s = read(&a, "{\"hosts\":{\"0\":\"a\"},\"x\":{\"times\":[1,2,3,4,5,50],"
				       "\"hosts\":{\"0\":{\"all\":[1,2,null,4,5,6]}}}}");
	svg_series(&out, &s.items[0], &a);
	cr_assert(eq(uint, count(strbuf_text(&out), 'M'), 3));
	cr_assert_null(strstr(strbuf_text(&out), "nan"));
}

Test(svg, a_share_stays_inside)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	svg_share(&out, 7, "<x>");
	svg_share(&out, NAN, "y");
	cr_assert(strstr(strbuf_text(&out), "width=\"100.00\"") != NULL);
	cr_assert(strstr(strbuf_text(&out), "&lt;x&gt;") != NULL);
	cr_assert_null(strstr(strbuf_text(&out), "nan"));
}

Test(redact, what_is_for_staff_goes)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct output outputs[] = {{.document = "power.node"}, {.document = "gpu.*.secret"}};
	struct series series = {.document = "watts"};
	struct metric m = {.name = "power",
		.audience = AUDIENCE_STAFF,
		.outputs = outputs,
		.n_outputs = ARRAY_LEN(outputs),
		.series = &series};
	struct catalogue c = {.metrics = &m, .n = 1};
	static const char text[] =
		"{\"power\":{\"node\":{\"avg\":1},\"cpu\":2},"
		"\"gpu\":{\"g0\":{\"secret\":1,\"open\":2},\"g1\":{\"secret\":3}},"
		"\"watts\":{\"times\":[1]}}";
	struct doc *d;
	cr_assert(zero(int, doc_from_json(text, strlen(text), &a, &d, NULL)));
	struct rows nobody = {0};
	redact_documents(&c, &nobody, d, d);
	CLEANUP(strbuf_release) struct strbuf out = {0};
	doc_to_json(d, false, false, &out);
	cr_assert_str_eq(strbuf_text(&out),
		"{\"power\":{\"cpu\":2},\"gpu\":{\"g0\":{\"open\":2},\"g1\":{}}}");
}

Test(field, of_the_wrong_kind_is_absent)
{
	CLEANUP(arena_release) struct arena a = {0};
	static const char text[] =
		"{\"t\":\"x\",\"n\":1.5,\"i\":3,\"z\":null,\"a.b\":4,\"big\":1e300}";
	struct doc *d;
	cr_assert(zero(int, doc_from_json(text, strlen(text), &a, &d, NULL)));
	cr_assert_str_eq(field_text(d, "n"), "");
	cr_assert(isnan(field_number(d, "t")));
	cr_assert(eq(i64, field_int(d, "i", 9), 3));
	cr_assert(eq(i64, field_int(d, "a.b", 9), 4));
	cr_assert(eq(i64, field_int(d, "big", 9), 9));
	cr_assert(eq(i64, field_int(d, "absent", 9), 9));
	cr_assert(not(field_is_there(d, "z")));
	cr_assert(field_is_there(d, "t"));
}
