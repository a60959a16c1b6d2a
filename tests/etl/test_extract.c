// SPDX-License-Identifier: Apache-2.0
// Documents to rows: every type of field at its edges, reasons of absent values, and the bytes of the
// COPY format as PostgreSQL's manual gives them.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "common/document/document.h"
#include "etl/copy.h"
#include "etl/extract.h"

static const char *paths[] = {"a.x.avg", "b.x.avg"};
static const struct column real_column = {
	.name = "share", .from = paths, .n_from = 2, .scale = 0.5};
static const struct column double_column = {
	.name = "total", .from = &paths[1], .n_from = 1, .scale = 1, .is_double = true};

// One extraction, and its row taken apart again.
struct attempt {
	struct arena arena;
	struct strbuf row, names;
	struct defect defect;
	int rc;
};

static void attempt_release(struct attempt *t)
{
	arena_release(&t->arena);
	strbuf_release(&t->row);
	strbuf_release(&t->names);
}

#define ATTEMPT CLEANUP(attempt_release) struct attempt

// acct and rest are JSON members put besides those that every fit document has.
static void extract(struct attempt *t, const char *acct, const char *rest, int64_t end_s)
{
	struct extract_column filled[] = {{&real_column, "jobsight.coverage.m.time", 0, false},
		{&double_column, "jobsight.coverage.n.time", 2, true}};
	const struct extract x = {filled, ARRAY_LEN(filled), 3};
	struct store_item item = {.key = {"c", 7, 1000000000}, .end_s = end_s};
	struct error err = {0};
	struct doc *d = NULL;
	const char *json = arena_printf(&t->arena,
		"{\"_id\": \"7-1\", \"acct\": {\"id\": \"7\", \"nodes\": 1, \"ncpus\": 2, "
		"\"end_time\": 1000000100%s}, \"jobsight\": {\"cluster\": \"c\", \"raw_id\": 7, "
		"\"submit\": 1000000000, \"coverage\": {\"m\": {\"time\": 0.999}, \"n\": "
		"{\"time\": 1.2}}}%s}",
		acct, rest);

	cr_assert(
		eq(int, doc_from_json(json, strlen(json), &t->arena, &d, &err), 0), "%s", err.text);
	cr_assert(eq(int, doc_to_bson(d, &t->arena, &item.summary, &err), 0), "%s", err.text);
	extract_column_names(&x, &t->names);
	t->rc = extract_row(extractor_new(&x, &t->arena), 1, &item, &t->row, &t->defect);
}

static uint64_t number(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

// The field of a row by the name of its column; data NULL: null.
static struct bytes field(struct attempt *t, const char *name)
{
	const char *at = t->names.text;
	const uint8_t *p = (const uint8_t *)t->row.text + 2;

	cr_assert(eq(int, t->rc, 0), "%s %s", t->defect.field, t->defect.reason);
	for (size_t n; (n = strcspn(at, ", \"")); at += n, at += strspn(at, ", \"")) {
		uint32_t len = (uint32_t)number(p, 4);
		struct bytes value = {
			len == UINT32_MAX ? NULL : p + 4, len == UINT32_MAX ? 0 : len};

		if (n == strlen(name) && memcmp(at, name, n) == 0)
			return value;
		p += 4 + value.len;
	}
	cr_fatal("no column %s", name);
}

static int64_t integer(struct attempt *t, const char *name)
{
	struct bytes b = field(t, name);
	uint64_t v = number(b.data, b.len);

	return b.len == 4 ? (int32_t)v : (int64_t)v;
}

Test(copy, format)
{
	static const uint8_t wanted[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0" // header
					"\0\3"                               // three fields
					"\0\0\0\4\xff\xff\xff\xfe"           // -2
					"\xff\xff\xff\xff"                   // null
					"\0\0\0\x1d\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1"
					"\0\0\0\5hello"
					"\xff\xff";
	CLEANUP(strbuf_release) struct strbuf b = {0};

	copy_start(&b);
	copy_row(&b, 3);
	copy_int(&b, -2);
	copy_null(&b);
	copy_texts(&b, "hello", 1);
	copy_end(&b);
	cr_assert(eq(sz, b.len, sizeof(wanted) - 1));
	cr_assert(eq(int, memcmp(b.text, wanted, b.len), 0));
}

Test(copy, times)
{
	static const uint8_t wanted[] =
		"\0\0\0\x8\0\0\0\0\0\0\0\0"                 // 2000-01-01
		"\0\0\0\x8\xff\xff\xff\xff\xff\xf0\xbd\xc0" // a second before
		"\0\0\0\x8\x7f\xff\xff\xff\xff\xff\xff\xff";
	CLEANUP(strbuf_release) struct strbuf b = {0};

	copy_time(&b, 946684800);
	copy_time(&b, 946684799);
	copy_infinity(&b);
	cr_assert(eq(int, memcmp(b.text, wanted, b.len), 0));
}

Test(extract, least_document)
{
	ATTEMPT t = {0};

	extract(&t, "", "", 1000000100);
	cr_assert(eq(i64, integer(&t, "raw_id"), 7));
	cr_assert(eq(i64, integer(&t, "cores"), 2));
	cr_assert(eq(i64, integer(&t, "gpus"), 0));
	cr_assert(eq(i64, integer(&t, "end_t"), (1000000100 - INT64_C(946684800)) * 1000000));
	cr_assert(zero(ptr, (void *)field(&t, "start_t").data));
	cr_assert(zero(ptr, (void *)field(&t, "hosts").data));
	cr_assert(zero(ptr, (void *)field(&t, "share").data));
}

Test(extract, running_job_ends_never)
{
	ATTEMPT t = {0};

	extract(&t, "", "", JOB_RUNNING);
	cr_assert(eq(i64, integer(&t, "end_t"), INT64_MAX));
}

Test(extract, optional_fields)
{
	static const struct {
		const char *acct, *column;
		int64_t wanted; // -1: null
	} cases[] = {
		{", \"timelimit\": 3600", "limit_s", 3600},
		{", \"timelimit\": \"90\"", "limit_s", 90},
		{", \"timelimit\": \"1-00:00:00\"", "limit_s", 86400},
		{", \"timelimit\": \"UNLIMITED\"", "limit_s", -1},
		{", \"timelimit\": 5000000000", "limit_s", -1},
		{", \"timelimit\": -1", "limit_s", -1},
		{", \"exit_code\": \"2:0\"", "exit_code", 2},
		{", \"exit_code\": \"0:15\"", "exit_signal", 15},
		{", \"exit_code\": 3", "exit_code", 3},
		{", \"exit_code\": 3", "exit_signal", -1},
		{", \"exit_code\": \"nonsense\"", "exit_code", -1},
		{", \"exit_code\": \":\"", "exit_signal", -1},
		{", \"gpus\": 4.0", "gpus", 4},
		{", \"gpus\": \"4\"", "gpus", 4},
		{", \"reqmem\": \"4Gn\"", "requested_memory_bytes", -1},
		{", \"reqmem\": 99999999999", "requested_memory_bytes", 99999999999},
		{", \"local_job_id\": 5, \"local_job_array_index\": -1", "array_job", -1},
		{", \"local_job_id\": 5, \"local_job_array_index\": 0", "array_job", 5},
		{", \"local_job_id\": 5, \"local_job_array_index\": 0", "array_task", 0},
		{", \"start_time\": 0", "start_t", -1},
		{", \"eligible\": null", "eligible_t", -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ATTEMPT t = {0};

		extract(&t, cases[i].acct, "", 1000000100);
		if (cases[i].wanted < 0)
			cr_expect(zero(ptr, (void *)field(&t, cases[i].column).data), "%s",
				cases[i].acct);
		else
			cr_expect(eq(i64, integer(&t, cases[i].column), cases[i].wanted), "%s",
				cases[i].acct);
	}
}

Test(extract, unfit)
{
	static const struct {
		const char *acct, *field;
	} cases[] = {
		{", \"start_time\": 631151999", "acct.start_time"},
		{", \"start_time\": 4102444801", "acct.end_time"},
		{", \"start_time\": 1.5", "acct.start_time"},
		{", \"start_time\": 1000000101", "acct.end_time"},
		{", \"eligible\": -5", "acct.eligible"},
		{", \"gpus\": 2147483648", "acct.gpus"},
		{", \"gpus\": 0.5", "acct.gpus"},
		{", \"gpus\": {\"a\": 1}", "acct.gpus"},
		{", \"account\": 1.5", "acct.account"},
		{", \"host_list\": [\"a\", null]", "acct.host_list"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ATTEMPT t = {0};

		strbuf_puts(&t.row, "before");
		extract(&t, cases[i].acct, "", 1000000100);
		cr_expect(eq(int, t.rc, -22), "%s", cases[i].acct);
		cr_expect(eq(str, t.defect.field, (char *)cases[i].field), "%s: %s", cases[i].acct,
			t.defect.reason);
		cr_expect(eq(str, t.row.text, (char *)"before"));
	}
}

Test(extract, reasons)
{
	static const struct {
		const char *rest;
		int share, total; // reasons
	} cases[] = {
		{", \"a\": {\"x\": {\"avg\": 1}}, \"b\": {\"x\": {\"avg\": 1e300}}", 0, 0},
		{", \"b\": {\"x\": {\"avg\": 1e300}}", REASON_OUT_OF_RANGE, 0},
		{", \"a\": {\"error\": 3}, \"b\": {\"x\": {\"avg\": 0}}", 0, 0},
		{", \"a\": {\"error\": 3}, \"b\": {\"error\": 4}", 3, 4},
		{", \"a\": {\"error\": 3, \"x\": {\"error\": 5}}", 5, REASON_ABSENT},
		{", \"a\": {\"x\": {\"avg\": \"1\"}}", REASON_NOT_NUMBER, REASON_ABSENT},
		{", \"a\": {\"x\": {\"avg\": {\"error\": 6}}}", 6, REASON_ABSENT},
		{", \"a\": {\"error\": 700}, \"b\": {\"error\": -1}", REASON_OTHER, REASON_OTHER},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ATTEMPT t = {0};
		struct bytes quality;

		extract(&t, "", cases[i].rest, 1000000100);
		quality = field(&t, "quality");
		cr_assert(eq(sz, quality.len, 3));
		cr_expect(eq(int, quality.data[0], cases[i].share), "%s", cases[i].rest);
		cr_expect(eq(int, quality.data[1], REASON_NOT_ASKED));
		cr_expect(eq(int, quality.data[2], cases[i].total), "%s", cases[i].rest);
		cr_expect(eq(int, !field(&t, "share").data, cases[i].share != 0));
		cr_expect(eq(int, !field(&t, "total").data, cases[i].total != 0));
	}
}

// SUPReMM has one number for "no node" and "not all": what the document covers tells them apart.
Test(extract, no_node_had_the_metric)
{
	static const struct {
		const char *coverage;
		int reason;
	} cases[] = {{"jobsight.coverage.m.time", REASON_NOT_ALL_NODES},
		{"jobsight.coverage.other.time", REASON_NO_METRIC}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ATTEMPT t = {0};
		struct extract_column column = {&real_column, cases[i].coverage, 0, false};
		const struct extract x = {&column, 1, 1};
		struct store_item item = {.key = {"c", 7, 1000000000}, .end_s = 1000000100};
		const char *json = "{\"_id\": \"7-1\", \"acct\": {\"id\": \"7\", \"nodes\": 2, "
				   "\"ncpus\": 2, \"end_time\": 1000000100}, \"jobsight\": {"
				   "\"cluster\": \"c\", \"raw_id\": 7, \"submit\": 1000000000, "
				   "\"coverage\": {\"m\": {\"nodes\": 1, \"time\": 0.5}}}, "
				   "\"a\": {\"x\": {\"error\": 4}}}";
		struct error err = {0};
		struct doc *d = NULL;

		cr_assert(eq(int, doc_from_json(json, strlen(json), &t.arena, &d, &err), 0));
		cr_assert(eq(int, doc_to_bson(d, &t.arena, &item.summary, &err), 0));
		extract_column_names(&x, &t.names);
		cr_assert(eq(int,
			extract_row(extractor_new(&x, &t.arena), 1, &item, &t.row, &t.defect), 0));
		cr_assert(eq(int, field(&t, "quality").data[0], cases[i].reason));
	}
}

Test(extract, coverage)
{
	ATTEMPT t = {0};
	struct bytes coverage;

	extract(&t, "", "", 1000000100);
	coverage = field(&t, "coverage");
	cr_assert(eq(sz, coverage.len, 3));
	if (!coverage.data)
		return;
	cr_assert(eq(int, coverage.data[0], 99));
	cr_assert(eq(int, coverage.data[1], COVERAGE_UNKNOWN));
	cr_assert(eq(int, coverage.data[2], 100));
}
