// SPDX-License-Identifier: Apache-2.0
// The order of change in MongoDB when writers overlap, sleep or die. The backend's own parts are
// used to stop a writer in the middle. TEST_STORE as for the contract.
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/store/mongo.h"
#include "support.h"

static struct mongo_store *inside(const char *url)
{
	struct error err = {0};
	void *s = NULL;

	cr_assert(eq(int, mongo_open(url, NULL, false, &s, &err), 0), "%s", err.text);
	return s;
}

// What a writer does between taking and giving back its ticket: the job's summary gets the number.
static void write_late(struct mongo_store *m, const char *id, int64_t order)
{
	AUTO_COLLECTION *c = mongo_collection(m, SUMMARY_PREFIX, "remmy");
	AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8(id));
	AUTO_BSON *change = BCON_NEW("$set", "{", "jobsight.store.order", BCON_INT64(order), "}");
	bson_error_t fault;

	cr_assert(mongoc_collection_update_one(c, which, change, NULL, NULL, &fault), "%s",
		fault.message);
}

static void age(struct mongo_store *m, const struct mongo_ticket *t)
{
	AUTO_COLLECTION *c = mongoc_database_get_collection(m->database, "jobsight_tickets");
	AUTO_BSON *which = BCON_NEW("_id", BCON_INT64(t->from));
	AUTO_BSON *change = BCON_NEW("$set", "{", "at", BCON_INT64(1000), "}");
	bson_error_t fault;

	cr_assert(mongoc_collection_update_one(c, which, change, NULL, NULL, &fault), "%s",
		fault.message);
}

static struct mongo_ticket take(struct mongo_store *m, int64_t n)
{
	struct mongo_ticket t;
	struct error err = {0};

	cr_assert(eq(int, mongo_ticket_take(m, n, &t, &err), 0), "%s", err.text);
	return t;
}

static int back(struct mongo_store *m, const struct mongo_ticket *t)
{
	struct error err = {0};
	int rc = mongo_ticket_give(m, t, &err);

	cr_assert(ge(int, rc, 0), "%s", err.text);
	return rc;
}

Test(mongo_order, a_slow_writer_is_not_missed_and_holds_nobody_up)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *url = url_of("slow");
	struct store *s = open_store(url);
	struct mongo_store *m = inside(url);
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct mongo_ticket slow;
	const char *cursor = "";

	for (uint64_t i = 1; i <= 3; i++)
		put_sample(s, &(struct sample){.raw_id = i, .end_s = 9});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 3));
	slow = take(m, 2);
	put_sample(s, &(struct sample){.raw_id = 4, .end_s = 9});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1), "the fast writer's job comes at once");
	cr_assert(strchr(strchr(cursor, '.') + 1, '.') != NULL, "no window in %s", cursor);
	write_late(m, "1-9", slow.from);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1), "the first half of the slow writer");
	cr_assert(eq(u64, c->raw_ids[0], 1));
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 0), "and not again");
	write_late(m, "2-9", slow.from + 1);
	cr_assert(eq(int, back(m, &slow), 1));
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1), "the second half");
	cr_assert(eq(u64, c->raw_ids[0], 2));
	cr_assert(eq(ptr, strchr(strchr(cursor, '.') + 1, '.'), NULL), "window left: %s", cursor);
	mongo_close(m);
	store_close(s);
}

Test(mongo_order, small_portions_over_an_open_window)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *url = url_of("portions");
	struct store *s = open_store(url);
	struct mongo_store *m = inside(url);
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";
	bool seen[20] = {false};
	struct mongo_ticket slow;

	for (uint64_t i = 1; i <= 3; i++)
		put_sample(s, &(struct sample){.raw_id = i, .end_s = 9});
	slow = take(m, 3);
	for (uint64_t i = 4; i <= 12; i++)
		put_sample(s, &(struct sample){.raw_id = i, .end_s = 9});
	for (int round = 0; round < 40; round++) {
		take_changes(s, &cursor, 2, false, &a, c);
		cr_assert(le(sz, c->n, 2));
		for (size_t i = 0; i < c->n; i++)
			seen[c->raw_ids[i]] = true;
		if (round == 3)
			write_late(m, "1-9", slow.from + 1);
		if (round == 8)
			cr_assert(eq(int, back(m, &slow), 1));
	}
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 0));
	for (int i = 1; i <= 12; i++)
		cr_assert(seen[i], "job %d was missed", i);
	mongo_close(m);
	store_close(s);
}

Test(mongo_order, a_dead_writer_is_found_out_and_a_sleeper_told)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *url = url_of("dead");
	struct store *s = open_store(url);
	struct mongo_store *m = inside(url);
	struct changes *c = arena_alloc(&a, sizeof(*c));
	struct mongo_ticket dead;
	const char *cursor = "";

	dead = take(m, 5);
	put_sample(s, &(struct sample){.raw_id = 1, .end_s = 9});
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(strchr(strchr(cursor, '.') + 1, '.') != NULL);
	age(m, &dead);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(ptr, strchr(strchr(cursor, '.') + 1, '.'), NULL), "window left: %s", cursor);
	cr_assert(eq(int, back(m, &dead), 0), "it must write again");
	mongo_close(m);
	store_close(s);
}

// A number that was removed long ago must not be had again by a writer who slept over it.
Test(mongo_order, numbers_never_come_twice)
{
	const char *url = url_of("twice");
	struct mongo_store *m = inside(url);
	int64_t last = 0;

	for (int i = 0; i < 150; i++) {
		struct mongo_ticket t = take(m, BULK_MAX);

		cr_assert(gt(i64, t.from, last));
		last = t.from + t.n - 1;
		cr_assert(eq(int, back(m, &t), 1));
	}
	mongo_close(m);
}

// SUPReMM's own documents in the same collection are left alone, and replaced when we make theirs.
Test(mongo_order, documents_of_others_are_no_harm)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *url = url_of("others");
	struct store *s = open_store(url);
	struct mongo_store *m = inside(url);
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";
	struct store_item back_item;
	struct error err = {0};

	{
		AUTO_COLLECTION *of = mongo_collection(m, SUMMARY_PREFIX, "remmy");
		AUTO_BSON *theirs = BCON_NEW("_id", "1-9", "acct", "{", "id", BCON_INT32(1), "}");

		cr_assert(mongoc_collection_insert_one(of, theirs, NULL, NULL, NULL));
	}
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 0));
	put_sample(s, &(struct sample){.raw_id = 1, .end_s = 9, .version = 3});
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 1));
	cr_assert(eq(int, store_get(s, &(struct job_key){"emmy", 1, 0}, &a, &back_item, &err), 1));
	cr_assert(eq(i64, version_of(back_item.summary), 3));
	mongo_close(m);
	store_close(s);
}

// Two runs of a job that end in the same second have one _id: the second is refused, not lost
// silently, and the others of its batch are written.
Test(mongo_order, two_runs_with_one_id)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("oneid"));
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";
	struct error err = {0};
	struct store_item items[] = {
		sample_item(&a, &(struct sample){.raw_id = 1, .submit_s = 5, .end_s = 9}),
		sample_item(&a, &(struct sample){.raw_id = 2, .submit_s = 5, .end_s = 9}),
	};

	put_sample(s, &(struct sample){.raw_id = 1, .submit_s = 1, .end_s = 9});
	cr_assert(eq(int, store_put(s, items, 2, &err), -EEXIST));
	cr_assert(strstr(err.text, "emmy/1/5") != NULL, "%s", err.text);
	take_changes(s, &cursor, 0, true, &a, c);
	cr_assert(eq(sz, c->n, 2));
	store_close(s);
}

Test(mongo_order, what_mongodb_cannot_keep_is_named)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("toobig"));
	struct error err = {0};
	struct store_item item = sample_item(
		&a, &(struct sample){.raw_id = 1, .end_s = 9, .size = 17 * 1024 * 1024});

	cr_assert(eq(int, store_put(s, &item, 1, &err), -E2BIG));
	cr_assert(strstr(err.text, "16 MiB") != NULL, "%s", err.text);
	store_close(s);
}
