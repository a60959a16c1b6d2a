// SPDX-License-Identifier: Apache-2.0
// The contract of common/store/store.h, run against every backend: what is put is got (see also
// contract_faults.c).
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "common/str.h"
#include "support.h"

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
