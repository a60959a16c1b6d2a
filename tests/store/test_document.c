// SPDX-License-Identifier: Apache-2.0
// The tree, its wire forms and the lookup in bytes; libbson is the oracle.
#include <bson/bson.h>
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/document/document.h"

static struct bytes to_bson(const struct doc *d, struct arena *a)
{
	struct error err = {0};
	struct bytes b = {0};

	cr_assert(eq(int, doc_to_bson(d, a, &b, &err), 0), "%s", err.text);
	return b;
}

static bool same(struct bytes a, struct bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

Test(document, path_makes_objects_and_replaces_what_is_none)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);

	cr_assert(eq(ptr, doc_at(d, &a, ""), d));
	doc_put_int(d, &a, "cpu", 3);
	doc_put_double(doc_at(d, &a, "cpu.jobcpus.user"), &a, "avg", 0.5);
	cr_assert(eq(dbl, doc_find(d, "cpu.jobcpus.user.avg")->number, 0.5));
	cr_assert(eq(ptr, doc_at(d, &a, "cpu.jobcpus"), (void *)doc_find(d, "cpu.jobcpus")));
	cr_assert(eq(sz, d->n, 1));
	cr_assert(eq(ptr, (void *)doc_find(d, "cpu.jobcpus.user.avg.x"), NULL));
	cr_assert(eq(ptr, (void *)doc_find(d, "cpu.none"), NULL));
}

Test(document, wide_objects_keep_order_and_replace)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);
	enum { WIDE = 5000 };

	for (int round = 0; round < 2; round++)
		for (int i = 0; i < WIDE; i++)
			doc_put_int(d, &a, arena_printf(&a, "k%d", i * 7919 % WIDE), i + round);
	cr_assert(eq(sz, d->n, WIDE));
	for (int i = 0; i < WIDE; i++) {
		const char *key = arena_printf(&a, "k%d", i * 7919 % WIDE);

		cr_assert(eq(str, (char *)d->keys[i], (char *)key));
		cr_assert(eq(i64, doc_find(d, key)->integer, i + 1));
	}
}

Test(document, a_key_comes_first_and_all_are_found)
{
	CLEANUP(arena_release) struct arena a = {0};

	for (int n = 2; n < 60; n += 19) { // narrow and wide
		struct doc *d = doc_object(&a);

		for (int i = 0; i < n; i++)
			doc_put_int(d, &a, arena_printf(&a, "k%d", i), i);
		doc_put_first(d, &a, "none");
		doc_put_first(d, &a, "k1");
		cr_assert(eq(sz, d->n, (size_t)n));
		cr_assert(eq(str, (char *)d->keys[0], (char *)"k1"));
		cr_assert(eq(str, (char *)d->keys[1], (char *)"k0"));
		for (int i = 0; i < n; i++)
			cr_assert(eq(i64, doc_find(d, arena_printf(&a, "k%d", i))->integer, i));
	}
}

Test(document, array_items_go_by_number)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);
	struct doc *list = doc_array(&a);

	doc_put(d, &a, "all", list);
	doc_put_double(list, &a, NULL, 1.5);
	doc_put_double(list, &a, NULL, NAN);
	doc_put_double(list, &a, NULL, 2.5);
	cr_assert(eq(sz, list->n, 3), "a value that is absent must not move the others");
	cr_assert(eq(int, doc_find(d, "all.1")->kind, DOC_NULL));
	cr_assert(eq(dbl, doc_find(d, "all.2")->number, 2.5));
	cr_assert(eq(ptr, (void *)doc_find(d, "all.3"), NULL));
	cr_assert(eq(ptr, (void *)doc_find(d, "all.x"), NULL));
	cr_assert(eq(ptr, (void *)doc_find(d, "all.99999999999999999999"), NULL));
}

Test(document, what_is_no_number_is_not_put)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);

	doc_put_double(d, &a, "nan", NAN);
	doc_put_double(d, &a, "inf", INFINITY);
	doc_put_double(d, &a, "minus", -INFINITY);
	doc_put_text(d, &a, "none", NULL);
	cr_assert(eq(sz, d->n, 0));
}

Test(document, names_and_text_from_outside_become_legal)
{
	static const struct {
		const char *name, *key;
	} rows[] = {
		{"ib0.1", "ib0-1"},
		{"$set", "-set"},
		{"", "-"},
		{"a$b", "a$b"},
		{"..", "--"},
		{"\xc3\xa9\xff", "\xc3\xa9\xef\xbf\xbd"},
		{"\xed\xa0\x80", // a surrogate
			"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
		{"\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd"},
	};
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct doc *d = doc_object(&a);

		doc_put_text(d, &a, doc_key(&a, rows[i].name), rows[i].name);
		cr_assert(eq(str, (char *)d->keys[0], (char *)rows[i].key));
		cr_assert(eq(int, bson_check(to_bson(d, &a), &err), 0), "%s", err.text);
	}
}

Test(document, illegal_names_are_refused_with_the_place)
{
	static const char *const names[] = {"", "$x", "a.b", "\xff"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		CLEANUP(arena_release) struct arena a = {0};
		struct doc *d = doc_object(&a);
		struct error err = {0};
		struct bytes b;

		doc_put_int(d, &a, names[i], 1);
		cr_assert(lt(int, doc_to_bson(d, &a, &b, &err), 0));
		cr_assert(ne(ptr, strstr(err.text, "field name"), NULL), "%s", err.text);
	}
}

// A tree with every kind, chosen by a generator that always gives the same.
struct dice {
	uint64_t state;
};

static unsigned roll(struct dice *d, unsigned sides)
{
	d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(d->state >> 33) % sides;
}

static void put_random(struct doc *to, struct arena *a, const char *key, struct dice *d, int depth)
{
	static const char *const texts[] = {"", "plain", "\"quoted\\\"", "new\nline\ttab\x01",
		"\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "a/b\x7f"};
	static const double numbers[] = {0, -0.0, 0.1, 1e300, -1e-300, 5e-324,
		1.7976931348623157e308, 3, 123456789012345680.0, 1.0 / 3};
	static const int64_t integers[] = {0, -1, INT32_MAX, INT32_MIN, INT64_C(2147483648),
		INT64_MAX, INT64_MIN, INT64_C(9007199254740993)};
	struct doc *child;
	unsigned n;

	switch (roll(d, depth > 5 ? 5 : to->kind == DOC_ARRAY ? 6 : 7)) {
	case 0:
		doc_put_bool(to, a, key, roll(d, 2));
		return;
	case 1:
		doc_put_int(to, a, key, integers[roll(d, ARRAY_LEN(integers))]);
		return;
	case 2:
		doc_put_double(to, a, key, numbers[roll(d, ARRAY_LEN(numbers))]);
		return;
	case 3:
		doc_put_text(to, a, key, texts[roll(d, ARRAY_LEN(texts))]);
		return;
	case 4:
		doc_put_time(to, a, key, (int64_t)roll(d, 2000000000) * 1000 + roll(d, 1000));
		return;
	case 5:
		child = doc_object(a);
		break;
	default:
		child = doc_array(a);
		break;
	}
	doc_put(to, a, key, child);
	n = roll(d, 12);
	for (unsigned i = 0; i < n; i++)
		put_random(child, a, child->kind == DOC_ARRAY ? NULL : arena_printf(a, "f%u", i), d,
			depth + 1);
}

Test(document, random_trees_are_what_libbson_reads)
{
	struct dice dice = {7};

	for (int round = 0; round < 2000; round++) {
		CLEANUP(arena_release) struct arena a = {0};
		CLEANUP(strbuf_release) struct strbuf ours = {0};
		struct doc *d = doc_object(&a);
		struct doc *back;
		struct error err = {0};
		struct bytes b;
		bson_t oracle;
		char *theirs;

		for (int i = 0; i < 10; i++)
			put_random(d, &a, arena_printf(&a, "top%d", i), &dice, 0);
		b = to_bson(d, &a);
		cr_assert(eq(int, bson_check(b, &err), 0), "%s", err.text);
		cr_assert(bson_init_static(&oracle, b.data, b.len));
		cr_assert(bson_validate(&oracle,
			BSON_VALIDATE_UTF8 | BSON_VALIDATE_DOT_KEYS | BSON_VALIDATE_DOLLAR_KEYS,
			NULL));
		// libbson's text, read by us, is the same document; so is ours.
		theirs = bson_as_relaxed_extended_json(&oracle, NULL);
		cr_assert(eq(int, doc_from_json(theirs, strlen(theirs), &a, &back, &err), 0), "%s",
			err.text);
		cr_assert(same(to_bson(back, &a), b), "%s", theirs);
		bson_free(theirs);
		doc_to_json(d, true, round % 2, &ours);
		cr_assert(eq(int, doc_from_json(ours.text, ours.len, &a, &back, &err), 0), "%s",
			err.text);
		cr_assert(same(to_bson(back, &a), b), "%s", ours.text);
		cr_assert(eq(int, doc_from_bson(b, &a, &back, &err), 0), "%s", err.text);
		cr_assert(same(to_bson(back, &a), b));
	}
}

Test(document, our_text_is_what_libbson_reads)
{
	struct dice dice = {11};

	for (int round = 0; round < 500; round++) {
		CLEANUP(arena_release) struct arena a = {0};
		CLEANUP(strbuf_release) struct strbuf ours = {0};
		struct doc *d = doc_object(&a);
		bson_error_t fault;
		struct bytes b;
		bson_t oracle;

		for (int i = 0; i < 10; i++)
			put_random(d, &a, arena_printf(&a, "top%d", i), &dice, 0);
		b = to_bson(d, &a);
		doc_to_json(d, true, round % 2, &ours);
		cr_assert(bson_init_from_json(&oracle, ours.text, (ssize_t)ours.len, &fault), "%s",
			fault.message);
		cr_assert(same((struct bytes){bson_get_data(&oracle), oracle.len}, b), "%s",
			ours.text);
		bson_destroy(&oracle);
	}
}

static struct doc *summary(struct arena *a)
{
	struct doc *d = doc_object(a);

	doc_put_text(d, a, "_id", "1234-1700000000");
	doc_put_double(doc_at(d, a, "cpu.jobcpus.user"), a, "avg", 0.25);
	doc_put_int(doc_at(d, a, "cpu.jobcpus.user"), a, "cnt", 64);
	doc_put_int(doc_at(d, a, "gpu"), a, "error", 2);
	doc_put_int(doc_at(d, a, "net.ib0"), a, "error", 5);
	doc_put_double(doc_at(d, a, "net.eth0"), a, "avg", 7);
	doc_put_time(d, a, "created", INT64_C(1700000000123));
	doc_put_bool(d, a, "complete", true);
	return d;
}

Test(document, lookup_in_bytes)
{
	static const struct {
		const char *path;
		int found;
		int error;
		enum doc_kind kind;
		double number;
	} rows[] = {
		{"cpu.jobcpus.user.avg", 1, 0, DOC_DOUBLE, 0.25},
		{"cpu.jobcpus.user.cnt", 1, 0, DOC_INT, 64},
		{"cpu.jobcpus.user", 1, 0, DOC_OBJECT, 0},
		{"cpu.jobcpus.user.max", 0, 0, DOC_NULL, 0},
		{"cpu.jobcpus.user.avg.x", 0, 0, DOC_NULL, 0},
		{"gpu.gpu0.avg", 0, 2, DOC_NULL, 0},
		{"gpu", 1, 2, DOC_OBJECT, 0},
		{"gpu.error", 1, 2, DOC_INT, 2},
		{"net.ib0.avg", 0, 5, DOC_NULL, 0},
		{"net.eth0.avg", 1, 0, DOC_DOUBLE, 7},
		{"created", 1, 0, DOC_TIME, 1700000000123},
		{"complete", 1, 0, DOC_BOOL, 0},
		{"nothing", 0, 0, DOC_NULL, 0},
		{"", 1, 0, DOC_OBJECT, 0},
	};
	CLEANUP(arena_release) struct arena a = {0};
	struct bytes b = to_bson(summary(&a), &a);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scalar s = {.kind = DOC_NULL};
		int error = -1;

		cr_assert(eq(int, bson_find(b, rows[i].path, &s, &error), rows[i].found), "%s",
			rows[i].path);
		cr_assert(eq(int, error, rows[i].error), "%s", rows[i].path);
		cr_assert(eq(int, s.kind, rows[i].kind), "%s", rows[i].path);
		cr_assert(eq(dbl, s.number, rows[i].number), "%s", rows[i].path);
	}
}

Test(document, every_cut_and_flipped_byte_is_survived)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct bytes b = to_bson(summary(&a), &a);

	for (size_t i = 0; i < b.len; i++) {
		uint8_t *copy = arena_copy(&a, b.data, b.len);
		struct error err = {0};
		struct scalar s;
		struct doc *d;

		cr_assert(lt(int, bson_check((struct bytes){copy, i}, &err), 0));
		for (int bit = 0; bit < 8; bit++) {
			struct bytes damaged = {copy, b.len};

			copy[i] ^= (uint8_t)(1 << bit);
			if (bson_check(damaged, &err) == 0)
				cr_assert(eq(int, doc_from_bson(damaged, &a, &d, &err), 0), "%s",
					err.text);
			cr_assert(ge(int, bson_find(damaged, "cpu.jobcpus.user.avg", &s, NULL),
				-EBADMSG));
			copy[i] ^= (uint8_t)(1 << bit);
		}
	}
}

// What libbson can write and we do not store.
static void refuse(bson_t *b, const char *words)
{
	struct error err = {0};
	struct bytes bytes = {bson_get_data(b), b->len};

	cr_assert(lt(int, bson_check(bytes, &err), 0), "%s", words);
	cr_assert(ne(ptr, strstr(err.text, words), NULL), "\"%s\" is not in: %s", words, err.text);
	bson_destroy(b);
}

Test(document, what_may_not_be_stored_is_refused)
{
	bson_decimal128_t decimal = {0};
	bson_oid_t oid = {{0}};
	bson_t *inner = BCON_NEW("all", "[", "[", BCON_INT32(1), "]", "]");
	bson_t *deep = bson_new();
	bson_t *list = bson_new();
	bson_t items;

	refuse(BCON_NEW("a", "{", "b", BCON_DOUBLE(NAN), "}"), "a.b: NaN");
	refuse(BCON_NEW("a", BCON_DOUBLE(-INFINITY)), "a: NaN or infinity");
	refuse(inner, "all.0: array inside an array");
	refuse(BCON_NEW("a", BCON_OID(&oid)), "a: type that is not kept");
	refuse(BCON_NEW("a", BCON_DECIMAL128(&decimal)), "type that is not kept");
	refuse(BCON_NEW("a.b", BCON_INT32(1)), "holds '.'");
	refuse(BCON_NEW("$a", BCON_INT32(1)), "starts with '$'");
	refuse(BCON_NEW("", BCON_INT32(1)), "empty field name");
	refuse(BCON_NEW("a", "\xff"), "text is not UTF-8");
	BSON_APPEND_ARRAY_BEGIN(list, "all", &items);
	BSON_APPEND_INT32(&items, "5", 1);
	bson_append_array_end(list, &items);
	refuse(list, "all.5: array item is not called by its number");
	for (int i = 0; i < DOC_DEPTH_MAX; i++) {
		bson_t *above = bson_new();

		BSON_APPEND_DOCUMENT(above, "d", deep);
		bson_destroy(deep);
		deep = above;
	}
	refuse(deep, "nested too deep");
}

Test(document, plain_text_for_browsers)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct doc *d = doc_object(&a);

	doc_put_time(d, &a, "t", INT64_C(1700000000123));
	doc_put_time(d, &a, "s", INT64_C(1700000000000));
	doc_put_time(d, &a, "old", -1);
	doc_put_double(d, &a, "x", 0.1);
	doc_put_double(d, &a, "y", 2);
	doc_put_text(d, &a, "html", "<\"&>");
	doc_to_json(d, false, false, &out);
	cr_assert(eq(str, out.text,
		(char *)"{\"t\":\"2023-11-14T22:13:20.123Z\",\"s\":\"2023-11-14T22:13:20Z\",\"old\":-1,"
			"\"x\":0.1,\"y\":2.0,\"html\":\"<\\\"&>\"}"));
}

Test(document, json_of_others_is_read)
{
	static const struct {
		const char *json, *relaxed;
	} rows[] = {
		{"{\"a\":{\"$numberInt\":\"-7\"}}", "{\"a\":-7}"},
		{"{\"a\":{\"$numberLong\":\"9007199254740993\"}}", "{\"a\":9007199254740993}"},
		{"{\"a\":{\"$numberDouble\":\"2.0\"}}", "{\"a\":2.0}"},
		{"{\"a\":{\"$date\":{\"$numberLong\":\"1700000000123\"}}}",
			"{\"a\":{\"$date\":\"2023-11-14T22:13:20.123Z\"}}"},
		{"{\"a\":{\"$date\":1700000000000}}",
			"{\"a\":{\"$date\":\"2023-11-14T22:13:20Z\"}}"},
		{"{\"a\":{\"$date\":\"2023-11-14T22:13:20.5Z\"}}",
			"{\"a\":{\"$date\":\"2023-11-14T22:13:20.500Z\"}}"},
		{"{\"a\":{\"$date\":\"2023-11-14T23:13:20+01:00\"}}",
			"{\"a\":{\"$date\":\"2023-11-14T22:13:20Z\"}}"},
		{" { \"a\" : [ 1 , 2.5 , null , true ] } ", "{\"a\":[1,2.5,null,true]}"},
		{"{\"a\":\"\\u00e9\"}", "{\"a\":\"\xc3\xa9\"}"},
		{"{\"a\":{\"$date\":{\"$numberLong\":\"-5\"}}}",
			"{\"a\":{\"$date\":{\"$numberLong\":\"-5\"}}}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena a = {0};
		CLEANUP(strbuf_release) struct strbuf out = {0};
		struct error err = {0};
		struct doc *d;

		cr_assert(
			eq(int, doc_from_json(rows[i].json, strlen(rows[i].json), &a, &d, &err), 0),
			"%s: %s", rows[i].json, err.text);
		doc_to_json(d, true, false, &out);
		cr_assert(eq(str, out.text, (char *)rows[i].relaxed));
	}
}

Test(document, json_of_other_programs_is_read_without_what_may_not_be_kept)
{
	static const struct {
		const char *json, *kept;
	} rows[] = {
		{"{\"a\":NaN,\"b\":-Infinity,\"c\":1}", "{\"a\":null,\"b\":null,\"c\":1}"},
		{"{\"a\":{\"$numberDouble\":\"NaN\"},\"c\":1}", "{\"c\":1}"},
		{"{\"a\":[1,{\"$numberDouble\":\"Infinity\"},[2]]}", "{\"a\":[1,null,null]}"},
		{"{\"a\":{\"$oid\":\"0\"},\"b\":{\"$timestamp\":{\"t\":1,\"i\":1}}}", "{}"},
		{"{\"a\":NumberLong(\"5\"),\"b\":NumberLong(-6),\"c\":NumberInt(7)}",
			"{\"a\":5,\"b\":-6,\"c\":7}"},
		{"{\"a\":ISODate(\"2023-11-14T22:13:20Z\"),\"b\":ObjectId(\"x\")}",
			"{\"a\":{\"$date\":\"2023-11-14T22:13:20Z\"},\"b\":null}"},
		{"{\"a.b\":1,\"$c\":2,\"\":\"NaN \\\" NumberLong(5)\"}",
			"{\"a-b\":1,\"-c\":2,\"-\":\"NaN \\\" NumberLong(5)\"}"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena a = {0};
		CLEANUP(strbuf_release) struct strbuf out = {0};
		struct error err = {0};
		struct bytes b;
		struct doc *d;

		cr_assert(eq(int,
				  doc_from_foreign_json(
					  rows[i].json, strlen(rows[i].json), &a, &d, &err),
				  0),
			"%s: %s", rows[i].json, err.text);
		doc_to_json(d, true, false, &out);
		cr_assert(eq(str, out.text, (char *)rows[i].kept));
		cr_assert(eq(int, doc_to_bson(d, &a, &b, &err), 0));
	}
}

Test(document, bson_of_other_programs_is_read_without_what_may_not_be_kept)
{
	bson_oid_t oid;
	bson_t *list = BCON_NEW("0", "[", BCON_INT32(1), "]", "1", BCON_DOUBLE(NAN));
	bson_t *b;
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct error err = {0};
	struct bytes kept;
	struct doc *d;

	bson_oid_init(&oid, NULL);
	b = BCON_NEW("a.b", BCON_DOUBLE(1.5), "c", BCON_DOUBLE(NAN), "d", BCON_OID(&oid), "e",
		BCON_ARRAY(list), "$f", "{", "g", BCON_INT64(5), "}");
	cr_assert(eq(
		int, doc_from_foreign((struct bytes){bson_get_data(b), b->len}, &a, &d, &err), 0));
	doc_to_json(d, true, false, &out);
	cr_assert(eq(str, out.text, (char *)"{\"a-b\":1.5,\"e\":[null,null],\"-f\":{\"g\":5}}"));
	cr_assert(eq(int, doc_to_bson(d, &a, &kept, &err), 0));
	cr_assert(eq(int, bson_check(kept, &err), 0));
	bson_destroy(list);
	bson_destroy(b);
}

Test(document, wrong_json_is_refused_with_words)
{
	static const struct {
		const char *json, *words;
	} rows[] = {
		{"", "line 1"},
		{"{", "line 1"},
		{"{\"a\":\n}", "line 2"},
		{"{\"a\":1,\"a\":2}", "duplicate"},
		{"{\"a\":NaN}", "line 1"},
		{"{\"a\":1e999}", "line 1"},
		{"{\"a\":1}x", "line 1"},
		{"{\"a\":99999999999999999999}", "too big"},
		{"{\"a\":\"\xff\"}", "line 1"},
		{"{\"a\":{\"$numberDouble\":\"NaN\"}}", "no finite number"},
		{"{\"a\":{\"$numberLong\":\"x\"}}", "no integer"},
		{"{\"a\":{\"$date\":\"yesterday\"}}", "no time"},
		{"{\"a\":{\"$oid\":\"0\"}}", "$oid"},
		{"{\"a\":{\"$date\":1,\"b\":2}}", "$date"},
		{"{\"a\":\"\\u0000\"}", "line 1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(arena_release) struct arena a = {0};
		struct error err = {0};
		struct doc *d;

		cr_assert(
			lt(int, doc_from_json(rows[i].json, strlen(rows[i].json), &a, &d, &err), 0),
			"%s", rows[i].json);
		cr_assert(ne(ptr, strstr(err.text, rows[i].words), NULL), "%s: %s", rows[i].json,
			err.text);
	}
}

Test(document, nesting_is_bounded_everywhere)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct doc *d = doc_object(&a);
	struct error err = {0};
	struct doc *back;
	struct bytes b;

	for (int i = 0; i < DOC_DEPTH_MAX; i++)
		strbuf_puts(&text, i ? ".d" : "d");
	doc_at(d, &a, text.text);
	cr_assert(eq(int, doc_to_bson(d, &a, &b, &err), -EINVAL));
	strbuf_clear(&text);
	for (int i = 0; i < 1000; i++)
		strbuf_puts(&text, "{\"d\":");
	strbuf_puts(&text, "1");
	for (int i = 0; i < 1000; i++)
		strbuf_putc(&text, '}');
	cr_assert(eq(int, doc_from_json(text.text, text.len, &a, &back, &err), -EINVAL));
	cr_assert(ne(ptr, strstr(err.text, "too deep"), NULL), "%s", err.text);
}
