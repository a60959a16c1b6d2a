// SPDX-License-Identifier: Apache-2.0
// MongoDB: the order of change among any number of writers and readers, with no clock and no
// transaction.
//
// A writer takes a ticket, a run of numbers, before it writes, and gives it back when all is
// written. Tickets are documents whose _id is their first number; each begins where the last one
// ends, so the uniqueness of _id hands a number out once and in order. A reader who looks at the
// tickets first knows which numbers may still come: those of the open ones. It goes on past them and
// remembers them in its cursor (mongo_changes.c).
//
// A ticket that stays open longer than anything takes belongs to a dead writer and is closed by
// others. If the writer was only asleep it finds that out when it gives the ticket back, and writes
// again with a new one. So a wrong clock costs work, never a document.
#include <errno.h>
#include <time.h>

#include "common/clock.h"
#include "common/store/mongo.h"

#define LEASE_MS INT64_C(600000)

// Closed tickets are removed when they are this many numbers old.
#define HORIZON INT64_C(2000)

enum { TAKE_TRIES = 2000 };

static int64_t now_ms(void)
{
	return clock_now_ns() / 1000000;
}

static mongoc_collection_t *tickets_of(const struct mongo_store *s)
{
	return mongoc_database_get_collection(s->database, "jobsight_tickets");
}

static int64_t field(const bson_t *b, const char *name)
{
	bson_iter_t i;

	return bson_iter_init_find(&i, b, name) ? bson_iter_as_int64(&i) : 0;
}

// The number after the last one taken.
static int next_number(
	struct mongo_store *s, mongoc_collection_t *c, int64_t *ret, struct error *err)
{
	AUTO_BSON *all = bson_new();
	AUTO_BSON *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(-1), "}", "limit", BCON_INT64(1));
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(c, all, opts, NULL);
	bson_error_t fault;
	const bson_t *b;

	*ret = 1;
	if (mongoc_cursor_next(cursor, &b))
		*ret = field(b, "_id") + field(b, "n");
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}

// Another writer took the number: wait a little, each a different while.
static void back_off(int try)
{
	int64_t step = clock_monotonic_ns() % 1000;
	int64_t ns = 200000 + step * 1000 * (try < 10 ? try + 1 : 10);

	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

// 1: ours, 0: another took the number, or may have taken and lost it: a writer who was asleep
// between looking and inserting could get a number a second time, once the first ticket is removed.
// That is so long ago then that the newest ticket is beyond the horizon.
static int try_take(
	struct mongo_store *s, mongoc_collection_t *c, struct mongo_ticket *t, struct error *err)
{
	AUTO_BSON *ticket = BCON_NEW("_id", BCON_INT64(t->from), "n", BCON_INT64(t->n), "at",
		BCON_INT64(now_ms()), "open", BCON_BOOL(true));
	AUTO_BSON *which = BCON_NEW("_id", BCON_INT64(t->from));
	bson_error_t fault;
	int64_t next;

	if (!mongoc_collection_insert_one(c, ticket, NULL, NULL, &fault))
		return fault.code == MONGOC_ERROR_DUPLICATE_KEY
		               ? 0
		               : mongo_fail(s, "write to", &fault, err);
	TRY(next_number(s, c, &next, err));
	if (next - t->from <= HORIZON)
		return 1;
	if (!mongoc_collection_delete_one(c, which, NULL, NULL, &fault))
		return mongo_fail(s, "write to", &fault, err);
	return 0;
}

int mongo_ticket_take(struct mongo_store *s, int64_t n, struct mongo_ticket *ret, struct error *err)
{
	AUTO_COLLECTION *c = tickets_of(s);

	for (int try = 0; try < TAKE_TRIES; try++) {
		int rc;

		*ret = (struct mongo_ticket){.n = n};
		TRY(next_number(s, c, &ret->from, err));
		rc = try_take(s, c, ret, err);
		if (rc != 0)
			return rc < 0 ? rc : 0;
		back_off(try);
	}
	return error_set(err, EBUSY, "store: mongodb://%s: no ticket to be had", s->shown);
}

// Sets open to false where it is true: 1 done, 0 it was not.
static int close_ticket(
	struct mongo_store *s, mongoc_collection_t *c, int64_t from, struct error *err)
{
	AUTO_BSON *which = BCON_NEW("_id", BCON_INT64(from), "open", BCON_BOOL(true));
	AUTO_BSON *change = BCON_NEW("$set", "{", "open", BCON_BOOL(false), "}");
	AUTO_BSON *reply = bson_new();
	bson_error_t fault;
	bson_t answer;
	bool is_done = mongoc_collection_update_one(c, which, change, NULL, &answer, &fault);
	int64_t matched = field(&answer, "matchedCount");

	bson_destroy(&answer);
	if (!is_done)
		return mongo_fail(s, "write to", &fault, err);
	return matched > 0;
}

int mongo_ticket_give(struct mongo_store *s, const struct mongo_ticket *t, struct error *err)
{
	AUTO_COLLECTION *c = tickets_of(s);
	// The newest ticket stays in any case: the next number follows from it.
	AUTO_BSON *done = BCON_NEW(
		"_id", "{", "$lt", BCON_INT64(t->from - HORIZON), "}", "open", BCON_BOOL(false));
	int rc = close_ticket(s, c, t->from, err);

	if (rc > 0)
		(void)mongoc_collection_delete_many(c, done, NULL, NULL, NULL);
	return rc;
}

// The name of this database's contents, made by the first who writes.
static int store_id(struct mongo_store *s, struct arena *a, const char **ret, struct error *err)
{
	AUTO_COLLECTION *c = mongoc_database_get_collection(s->database, "jobsight");
	AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8("store"));

	*ret = "none";
	for (int try = 0; try < 2; try++) {
		AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(c, which, NULL, NULL);
		AUTO_BSON *fresh = NULL;
		bson_error_t fault;
		bson_iter_t i;
		const bson_t *b;
		bson_oid_t oid;
		char text[25];

		if (mongoc_cursor_next(cursor, &b) && bson_iter_init_find(&i, b, "id") &&
			BSON_ITER_HOLDS_UTF8(&i)) {
			*ret = arena_strdup(a, bson_iter_utf8(&i, NULL));
			return 0;
		}
		if (mongoc_cursor_error(cursor, &fault))
			return mongo_fail(s, "read", &fault, err);
		if (s->read_only)
			return 0;
		bson_oid_init(&oid, NULL);
		bson_oid_to_string(&oid, text);
		fresh = BCON_NEW("_id", BCON_UTF8("store"), "id", BCON_UTF8(text));
		if (!mongoc_collection_insert_one(c, fresh, NULL, NULL, &fault) &&
			fault.code != MONGOC_ERROR_DUPLICATE_KEY)
			return mongo_fail(s, "write to", &fault, err);
	}
	return 0;
}

static int note_open(struct mongo_store *s, mongoc_collection_t *c, const bson_t *b,
	struct arena *a, struct mongo_tickets *ret, struct error *err)
{
	struct mongo_ticket t = {field(b, "_id"), field(b, "n")};
	struct mongo_ticket *more;

	if (t.from > ret->last || t.n < 1 || t.n > BULK_MAX)
		return 0;
	if (!s->read_only && now_ms() - field(b, "at") > LEASE_MS) {
		int rc = close_ticket(s, c, t.from, err);

		return rc < 0 ? rc : 0;
	}
	more = arena_array(a, ret->n_open + 1, sizeof(*more));
	for (size_t i = 0; i < ret->n_open; i++)
		more[i] = ret->open[i];
	more[ret->n_open++] = t;
	ret->open = more;
	return 0;
}

// The last number first, then what is open: a ticket up to that number which is closed by then has
// all its documents in place.
int mongo_tickets_read(
	struct mongo_store *s, struct arena *a, struct mongo_tickets *ret, struct error *err)
{
	AUTO_COLLECTION *c = tickets_of(s);
	AUTO_BSON *open = BCON_NEW("open", BCON_BOOL(true));
	AUTO_CURSOR *cursor = NULL;
	bson_error_t fault;
	const bson_t *b;

	*ret = (struct mongo_tickets){0};
	TRY(store_id(s, a, &ret->store_id, err));
	TRY(next_number(s, c, &ret->last, err));
	ret->last--;
	cursor = mongoc_collection_find_with_opts(c, open, NULL, NULL);
	while (mongoc_cursor_next(cursor, &b))
		TRY(note_open(s, c, b, a, ret, err));
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}
