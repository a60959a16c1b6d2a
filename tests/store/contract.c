// SPDX-License-Identifier: Apache-2.0
// The contract of common/store/store.h, run against every backend. TEST_STORE is the URL; each test
// has a database, or file, of its own: "%s" in it becomes the test's name.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"
#include "support.h"

static bool is_sqlite(void)
{
	return str_starts(getenv("TEST_STORE"), "sqlite:");
}

// The stand-ins for MongoDB are slow: sizes follow the backend.
static int scaled(int sqlite, int other)
{
	return is_sqlite() ? sqlite : other;
}

static const char *url_of(const char *test)
{
	static char url[2000]; // one test a process
	const char *form = getenv("TEST_STORE");
	const char *at = form ? strstr(form, "@@") : NULL;

	cr_assert(at != NULL, "TEST_STORE must be a URL with @@ for the test's name");
	cr_assert(str_format(url, sizeof(url), "%.*s%s%s", (int)(at - form), form, test, at + 2));
	return url;
}

static void expect_same(const struct store_item *a, const struct store_item *b)
{
	cr_assert(eq(int, job_key_compare(&a->key, &b->key), 0));
	cr_assert(eq(str, (char *)a->resource, (char *)b->resource));
	cr_assert(eq(str, (char *)a->job_id, (char *)b->job_id));
	cr_assert(eq(i64, a->end_s, b->end_s));
	cr_assert(same_bytes(a->summary, b->summary), "the summary is not what was put");
	cr_assert(same_bytes(a->series, b->series), "the series are not what was put");
}

static int get(struct store *s, const struct job_key *key, struct arena *a, struct store_item *ret)
{
	struct error err = {0};
	int rc = store_get(s, key, a, ret, &err);

	cr_assert(ge(int, rc, 0), "%s", err.text);
	return rc;
}

Test(contract, what_is_put_is_got)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("got"));
	struct store_item with = sample_item(
		&a, &(struct sample){.raw_id = 7, .submit_s = 10, .end_s = 99, .has_series = true});
	struct store_item without =
		sample_item(&a, &(struct sample){.raw_id = 8, .submit_s = 10, .job_id = "6_2"});
	struct store_item back;

	cr_assert(eq(int, get(s, &with.key, &a, &back), 0));
	put(s, &with, 1);
	put(s, &without, 1);
	cr_assert(eq(int, get(s, &with.key, &a, &back), 1));
	expect_same(&with, &back);
	cr_assert(eq(int, get(s, &without.key, &a, &back), 1));
	expect_same(&without, &back);
	cr_assert(eq(int, get(s, &(struct job_key){"emmy", 7, 11}, &a, &back), 0));
	cr_assert(eq(int, get(s, &(struct job_key){"meggie", 7, 10}, &a, &back), 0));
	store_close(s);
	s = open_store(url_of("got"));
	cr_assert(eq(int, get(s, &with.key, &a, &back), 1));
	expect_same(&with, &back);
	store_close(s);
}

Test(contract, a_changed_end_time_replaces_the_former_document)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("replaced"));
	struct sample job = {.raw_id = 7, .submit_s = 10, .has_series = true};
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct store_item *found;
	struct store_item back;
	struct error err = {0};
	const char *cursor = "";
	size_t n;

	put_sample(s, &job);
	job.end_s = 500;
	job.version = 1;
	put_sample(s, &job);
	cr_assert(eq(int, get(s, &(struct job_key){"emmy", 7, 10}, &a, &back), 1));
	cr_assert(eq(i64, back.end_s, 500));
	cr_assert(eq(i64, version_of(back.summary), 1));
	cr_assert(eq(i64, version_of(back.series), 1));
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 1));
	cr_assert(eq(sz, c->n_series, 1));
	cr_assert(eq(int, store_find(s, NULL, "7", &a, &found, &n, &err), 0));
	cr_assert(eq(sz, n, 1));
	// Accounting may also take an end time back.
	job.end_s = 0;
	job.has_series = false;
	put_sample(s, &job);
	cr_assert(eq(int, get(s, &(struct job_key){"emmy", 7, 10}, &a, &back), 1));
	cr_assert(eq(i64, back.end_s, JOB_RUNNING));
	cr_assert(eq(sz, back.series.len, 0));
	store_close(s);
}

Test(contract, series_that_a_job_has_no_more_go)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("noseries"));
	struct sample job = {.raw_id = 7, .submit_s = 10, .end_s = 20, .has_series = true};
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct store_item back;
	const char *cursor = "";

	put_sample(s, &job);
	take_changes(s, &cursor, 0, true, &a, c);
	job.has_series = false; // the summary stays byte for byte
	put_sample(s, &job);
	cr_assert(eq(int, get(s, &(struct job_key){"emmy", 7, 10}, &a, &back), 1));
	cr_assert(eq(sz, back.series.len, 0));
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 1), "it is a change");
	store_close(s);
}

Test(contract, a_typed_id_finds_all_runs_on_all_clusters)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("find"));
	const struct sample jobs[] = {
		{.raw_id = 7, .submit_s = 10, .end_s = 20, .job_id = "7"},
		{.raw_id = 7, .submit_s = 30, .end_s = 40, .job_id = "7"}, // a requeue
		{.cluster = "meggie", .raw_id = 7, .submit_s = 20, .end_s = 50, .job_id = "7"},
		{.raw_id = 8, .submit_s = 10, .end_s = 20, .job_id = "7_1"},
		{.raw_id = 70, .submit_s = 10, .end_s = 20, .job_id = "70"},
	};
	struct store_item *found;
	struct error err = {0};
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		put_sample(s, &jobs[i]);
	cr_assert(eq(int, store_find(s, NULL, "7", &a, &found, &n, &err), 0), "%s", err.text);
	cr_assert(eq(sz, n, 3));
	for (size_t i = 0; i < n; i++)
		cr_assert(eq(i64, found[i].key.submit_s, 30 - 10 * (int64_t)i), "newest first");
	cr_assert(eq(str, (char *)found[1].key.cluster, (char *)"meggie"));
	cr_assert(gt(sz, found[1].summary.len, 0));
	cr_assert(eq(int, store_find(s, "emmy", "7", &a, &found, &n, &err), 0), "%s", err.text);
	cr_assert(eq(sz, n, 2));
	cr_assert(eq(int, store_find(s, NULL, "7_1", &a, &found, &n, &err), 0), "%s", err.text);
	cr_assert(eq(sz, n, 1));
	cr_assert(eq(int, store_find(s, NULL, "9", &a, &found, &n, &err), 0), "%s", err.text);
	cr_assert(eq(sz, n, 0));
	cr_assert(eq(int, store_find(s, NULL, "\xff' OR 1", &a, &found, &n, &err), 0));
	cr_assert(eq(sz, n, 0));
	store_close(s);
}

Test(contract, changes_come_in_order_in_portions_and_once)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("changes"));
	struct store_item items[45]; // more than one bulk
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";
	size_t seen = 0;

	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 0));
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i] = sample_item(&a, &(struct sample){.raw_id = 100 - i,
						   .submit_s = 1,
						   .end_s = 2,
						   .cluster = i % 3 ? "emmy" : "meggie",
						   .has_series = i % 2});
	put(s, items, ARRAY_LEN(items));
	do {
		take_changes(s, &cursor, 7, true, &a, c);
		cr_assert(le(sz, c->n, 7));
		for (size_t i = 0; i < c->n; i++)
			cr_assert(eq(u64, c->raw_ids[i], 100 - (seen + i)));
		seen += c->n;
	} while (c->n > 0);
	cr_assert(eq(sz, seen, ARRAY_LEN(items)));
	put_sample(s, &(struct sample){.raw_id = 90, .submit_s = 1, .end_s = 2, .version = 5});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	cr_assert(eq(u64, c->raw_ids[0], 90));
	cr_assert(eq(i64, c->versions[0], 5));
	cr_assert(eq(sz, c->n_series, 0));
	store_close(s);
}

Test(contract, equal_documents_keep_their_place)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("equal"));
	struct sample job = {.raw_id = 7, .submit_s = 10, .end_s = 20, .has_series = true};
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";

	put_sample(s, &job);
	put_sample(s, &(struct sample){.raw_id = 8, .submit_s = 10, .end_s = 20});
	take_changes(s, &cursor, 0, false, &a, c);
	put_sample(s, &job);
	put_sample(s, &(struct sample){.raw_id = 8, .submit_s = 10, .end_s = 20});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 0));
	job.version = 1;
	put_sample(s, &job);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	job.job_id = "5_2"; // accounting learnt more; the document says the same
	put_sample(s, &job);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	store_close(s);
}

Test(contract, of_equal_keys_the_last_counts)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("last"));
	struct store_item items[6];
	struct store_item back;

	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		items[i] = sample_item(&a, &(struct sample){.raw_id = 7,
						   .submit_s = 10,
						   .end_s = 20 + (int64_t)(i / 2),
						   .version = (int64_t)i,
						   .has_series = true});
	put(s, items, ARRAY_LEN(items));
	cr_assert(eq(int, get(s, &items[0].key, &a, &back), 1));
	expect_same(&items[5], &back);
	store_close(s);
}

Test(contract, who_takes_documents_may_stop)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("stop"));
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct error err = {0};
	const char *cursor = "";

	for (uint64_t i = 0; i < 5; i++)
		put_sample(s, &(struct sample){.raw_id = i, .submit_s = 10, .end_s = 20});
	*c = (struct changes){.stop_after = 2, .stop_with = -ECANCELED};
	cr_assert(eq(int, store_changes(s, "", 0, false, take_change, c, &a, &cursor, &err),
		-ECANCELED));
	cr_assert(eq(str, err.text, (char *)"enough"));
	*c = (struct changes){.stop_after = 1, .stop_with = 1};
	cr_assert(
		eq(int, store_changes(s, cursor, 0, false, take_change, c, &a, &cursor, &err), 0));
	cr_assert(eq(u64, c->raw_ids[0], 2));
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 2));
	cr_assert(eq(u64, c->raw_ids[0], 3));
	store_close(s);
}

Test(contract, a_strange_cursor_never_skips)
{
	static const char *const garbage[] = {
		"x", "1", ".", ".x", "a.-1", "a.99999999999999999999"};
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("cursor"));
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct error err = {0};
	const char *cursor;

	put_sample(s, &(struct sample){.raw_id = 1, .submit_s = 10, .end_s = 20});
	for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
		cr_assert(eq(int,
				  store_changes(s, garbage[i], 0, false, take_change, c, &a,
					  &cursor, &err),
				  -EINVAL),
			"%s", garbage[i]);
		cr_assert(ne(ptr, strstr(err.text, "no cursor"), NULL));
	}
	cursor = "0123456789abcdef.1"; // of another store
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	// Ahead of this store: a backup was put back.
	cursor = arena_printf(&a, "%.*s.1000000", (int)strcspn(cursor, "."), cursor);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	store_close(s);
}

Test(contract, old_jobs_are_deleted_and_running_ones_stay)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("delete"));
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct store_item back;
	struct error err = {0};
	const char *cursor = "";
	uint64_t n;

	for (uint64_t i = 0; i < 10; i++)
		put_sample(s, &(struct sample){.raw_id = i,
				      .submit_s = 10,
				      .end_s = 100 + (int64_t)i,
				      .cluster = i % 2 ? "emmy" : "meggie",
				      .has_series = true});
	put_sample(s, &(struct sample){.raw_id = 20, .submit_s = 10});
	cr_assert(eq(int, store_delete_before(s, "emmy", 105, &n, &err), 0), "%s", err.text);
	cr_assert(eq(u64, n, 2));
	cr_assert(eq(int, store_delete_before(s, NULL, 105, &n, &err), 0), "%s", err.text);
	cr_assert(eq(u64, n, 3));
	cr_assert(eq(int, store_delete_before(s, NULL, 105, &n, &err), 0), "%s", err.text);
	cr_assert(eq(u64, n, 0));
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 6));
	cr_assert(eq(sz, c->n_series, 5));
	cr_assert(eq(int, get(s, &(struct job_key){"meggie", 4, 10}, &a, &back), 0));
	// What is deleted may come again, and is a change then.
	put_sample(s, &(struct sample){.raw_id = 4, .submit_s = 10, .end_s = 104});
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 1));
	store_close(s);
}

Test(contract, numbers_do_not_come_again_after_a_delete)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("again"));
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct error err = {0};
	const char *cursor = "";
	uint64_t n;

	put_sample(s, &(struct sample){.raw_id = 1, .submit_s = 10, .end_s = 20});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(int, store_delete_before(s, NULL, 100, &n, &err), 0), "%s", err.text);
	store_close(s);
	s = open_store(url_of("again"));
	put_sample(s, &(struct sample){.raw_id = 2, .submit_s = 10, .end_s = 20});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	cr_assert(eq(u64, c->raw_ids[0], 2));
	store_close(s);
}

Test(contract, descriptions_are_kept_beside_the_jobs)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("schema"));
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct error err = {0};
	const char *cursor = "";
	struct bytes back;

	cr_assert(eq(int, store_get_schema(s, "summary-1.0.6", &a, &back, &err), 0));
	for (int64_t version = 1; version <= 2; version++) {
		struct doc *d = doc_object(&a);
		struct bytes b;

		doc_put_text(d, &a, "_id", "summary-1.0.6");
		doc_put_int(doc_at(d, &a, "definitions.*"), &a, "version", version);
		cr_assert(eq(int, doc_to_bson(d, &a, &b, &err), 0), "%s", err.text);
		cr_assert(eq(int, store_put_schema(s, b, &err), 0), "%s", err.text);
		cr_assert(eq(int, store_get_schema(s, "summary-1.0.6", &a, &back, &err), 1));
		cr_assert(same_bytes(b, back), "not what was put");
	}
	cr_assert(eq(int, store_get_schema(s, "timeseries-4", &a, &back, &err), 0));
	cr_assert(lt(int, store_put_schema(s, (struct bytes){0}, &err), 0));
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 0), "they are no jobs");
	store_close(s);
}

Test(contract, big_documents)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("big"));
	struct store_item item = sample_item(
		&a, &(struct sample){.raw_id = 1, .submit_s = 10, .end_s = 20, .size = 9000000});
	struct store_item back;

	put(s, &item, 1);
	cr_assert(eq(int, get(s, &item.key, &a, &back), 1));
	expect_same(&item, &back);
	store_close(s);
}

// Not among them: a nested "_id", which FerretDB moves to the front.
Test(contract, hostile_names_and_texts)
{
	static const char *const names[] = {"sda.1", "$where", "", "a b",
		"\xc3\xa9\xf0\x9f\x98\x80", "'; DROP TABLE job; --", "\xff\xfe", "__proto__", "0",
		"a\nb", "constructor"};
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("hostile"));
	struct doc *d = doc_object(&a);
	struct error err = {0};
	struct store_item item = sample_item(&a, &(struct sample){.raw_id = 1,
							 .submit_s = 10,
							 .end_s = 20,
							 .cluster = "\xc3\xbc' ; --",
							 .job_id = "1' OR '1'='1"});
	struct store_item back;
	struct store_item *found;
	size_t n;

	doc_put_text(d, &a, "_id", "1-20");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct doc *device = doc_at(d, &a, "block");

		doc_put_text(device, &a, doc_key(&a, names[i]), names[i]);
	}
	cr_assert(eq(int, doc_to_bson(d, &a, &item.summary, &err), 0), "%s", err.text);
	put(s, &item, 1);
	cr_assert(eq(int, get(s, &item.key, &a, &back), 1));
	expect_same(&item, &back);
	cr_assert(eq(int, store_find(s, item.key.cluster, item.job_id, &a, &found, &n, &err), 0));
	cr_assert(eq(sz, n, 1));
	store_close(s);
}

// One wrong item among good ones: nothing is written, and the words say which and why.
static void refuse(struct store *s, const struct store_item *wrong, const char *words)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_item items[2] = {
		sample_item(&a, &(struct sample){.raw_id = 900, .submit_s = 1, .end_s = 2}),
		*wrong};
	struct error err = {0};
	struct store_item back;

	cr_assert(lt(int, store_put(s, items, 2, &err), 0), "%s", words);
	cr_assert(ne(ptr, strstr(err.text, words), NULL), "\"%s\" is not in: %s", words, err.text);
	cr_assert(
		eq(int, get(s, &items[0].key, &a, &back), 0), "%s: nothing must be written", words);
}

static struct bytes patched(struct arena *a, struct bytes b, double from, double to)
{
	uint8_t *copy = arena_copy(a, b.data, b.len);
	uint8_t *at = memmem(copy, b.len, &from, sizeof(from));

	cr_assert(ne(ptr, at, NULL));
	memcpy(at, &to, sizeof(to));
	return (struct bytes){copy, b.len};
}

Test(contract, what_may_not_be_stored_is_refused)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("refused"));
	const struct sample sample = {.raw_id = 7, .submit_s = 1, .end_s = 2, .has_series = true};
	const struct store_item good = sample_item(&a, &sample);
	struct store_item other =
		sample_item(&a, &(struct sample){.raw_id = 8, .has_series = true});
	struct store_item bad = good;
	struct doc *d = doc_object(&a);
	struct error err = {0};

	bad.summary = patched(&a, good.summary, 0.25, NAN);
	refuse(s, &bad, "emmy/7/1: document: cpu.jobcpus.user.avg: NaN or infinity");
	bad.summary = patched(&a, good.summary, 0.25, INFINITY);
	refuse(s, &bad, "NaN or infinity");
	bad.summary = (struct bytes){good.summary.data, good.summary.len - 1};
	refuse(s, &bad, "damaged BSON");
	bad = good;
	bad.series = other.series;
	refuse(s, &bad, "differ in _id");
	bad = good;
	doc_put_int(d, &a, "x", 1);
	doc_put_text(d, &a, "_id", "7-2");
	cr_assert(eq(int, doc_to_bson(d, &a, &bad.summary, &err), 0));
	refuse(s, &bad, "the first field of the summary is no text _id");
	d = doc_object(&a);
	doc_put_text(d, &a, "_id", "7-2");
	doc_put_int(doc_at(d, &a, "jobsight.store"), &a, "order", 1);
	cr_assert(eq(int, doc_to_bson(d, &a, &bad.summary, &err), 0));
	refuse(s, &bad, "store");
	bad = good;
	bad.job_id = "";
	refuse(s, &bad, "no name");
	bad = good;
	bad.key.cluster = "\xff";
	refuse(s, &bad, "no name");
	bad = good;
	bad.end_s = -5;
	refuse(s, &bad, "out of range");
	put(s, &good, 1);
	store_close(s);
}

Test(contract, reading_only)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("reading"));
	struct store_item item = sample_item(&a, &(struct sample){.raw_id = 7, .end_s = 9});
	struct store_item back;
	struct store *reader = NULL;
	struct error err = {0};
	uint64_t n;

	put(s, &item, 1);
	cr_assert(eq(int, store_open(url_of("reading"), NULL, true, &reader, &err), 0), "%s",
		err.text);
	cr_assert(eq(int, get(reader, &item.key, &a, &back), 1));
	cr_assert(eq(int, store_put(reader, &item, 1, &err), -EROFS));
	cr_assert(eq(int, store_delete_before(reader, NULL, 1, &n, &err), -EROFS));
	store_close(reader);
	store_close(s);
}

// A child that writes and reports; what it acknowledges must be there.

static _Noreturn void write_jobs(const char *url, uint64_t first, int n, int report)
{
	struct store *s = open_store(url);

	for (int i = 0; i < n; i++) {
		CLEANUP(arena_release) struct arena a = {0};
		struct store_item items[2];

		for (int64_t v = 0; v < 2; v++) {
			items[v] = sample_item(&a, &(struct sample){.raw_id = first + (uint64_t)i,
							   .submit_s = 1,
							   .end_s = v ? 50 : 0,
							   .version = v,
							   .size = 3000,
							   .has_series = true});
			put(s, &items[v], 1);
		}
		if (report >= 0 && write(report, "x", 1) != 1)
			break;
	}
	store_close(s);
	_exit(0);
}

static pid_t start_writer(const char *url, uint64_t first, int n, int report)
{
	pid_t pid = fork();

	cr_assert(ge(int, pid, 0));
	if (pid == 0)
		write_jobs(url, first, n, report);
	return pid;
}

Test(contract, writers_at_once_and_a_reader_who_misses_nothing)
{
	enum { WRITERS = 4, MOST = 300 };
	CLEANUP(arena_release) struct arena a = {0};
	const char *url = url_of("writers");
	struct store *s;
	struct changes *c = arena_alloc(&a, sizeof(*c));
	int64_t seen[WRITERS][MOST];
	const int each = scaled(MOST, 6);
	const char *cursor = "";
	pid_t pids[WRITERS];
	int running = WRITERS;
	size_t last = 1;

	memset(seen, 0xff, sizeof(seen));
	for (int w = 0; w < WRITERS; w++)
		pids[w] = start_writer(url, 1000 * (uint64_t)w, each, -1);
	s = open_store(url); // after fork, as store.h asks
	while (running > 0 || last > 0) {
		if (running > 0)
			nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
		take_changes(s, &cursor, 50, false, &a, c);
		last = c->n;
		for (size_t i = 0; i < c->n; i++)
			seen[c->raw_ids[i] / 1000][c->raw_ids[i] % 1000] = c->versions[i];
		for (int w = 0; w < WRITERS; w++) {
			int status;

			if (pids[w] == 0 || waitpid(pids[w], &status, WNOHANG) <= 0)
				continue;
			cr_assert(eq(int, status, 0), "a writer failed");
			pids[w] = 0;
			running--;
			last = 1; // look once more after the last one
		}
	}
	for (int w = 0; w < WRITERS; w++)
		for (int i = 0; i < each; i++)
			cr_assert(eq(i64, seen[w][i], 1), "job %d of writer %d was missed", i, w);
	store_close(s);
}

// Both documents of each acknowledged job are there in the last version. The job at which the
// writer was killed may be in any version, but has no summary without its series.
static void expect_acknowledged(const char *url, uint64_t first, int acknowledged)
{
	struct store *s = open_store(url);

	for (int i = 0; i <= acknowledged; i++) {
		CLEANUP(arena_release) struct arena a = {0};
		struct store_item back = {0};
		int rc = get(s, &(struct job_key){"emmy", first + (uint64_t)i, 1}, &a, &back);

		if (i == acknowledged && rc == 0)
			continue;
		cr_assert(eq(int, rc, 1), "an acknowledged job is lost");
		cr_assert(gt(sz, back.series.len, 0), "a summary without its series");
		if (i < acknowledged || is_sqlite())
			cr_assert(eq(i64, version_of(back.series), version_of(back.summary)));
		if (i < acknowledged)
			cr_assert(eq(i64, version_of(back.summary), 1));
	}
	store_close(s);
}

Test(contract, a_writer_killed_at_any_instant)
{
	const char *url = url_of("killed");
	const int rounds = scaled(30, 5);

	for (int round = 0; round < rounds; round++) {
		const uint64_t first = 1000 * (uint64_t)round;
		int pipes[2];
		pid_t pid;
		int acknowledged = 0;
		char x;

		cr_assert(eq(int, pipe(pipes), 0));
		pid = start_writer(url, first, 100, pipes[1]);
		close(pipes[1]);
		// After a few jobs, at an instant that differs from round to round.
		while (acknowledged < 1 + round % 3 && read(pipes[0], &x, 1) == 1)
			acknowledged++;
		nanosleep(&(struct timespec){.tv_nsec = round * 7919 % 1000 * 3000}, NULL);
		kill(pid, SIGKILL);
		while (read(pipes[0], &x, 1) == 1)
			acknowledged++;
		close(pipes[0]);
		waitpid(pid, NULL, 0);
		expect_acknowledged(url, first, acknowledged);
		// Once more gives what one clean run gives.
		pid = start_writer(url, first, acknowledged + 1, -1);
		waitpid(pid, NULL, 0);
		expect_acknowledged(url, first, acknowledged + 1);
	}
}
