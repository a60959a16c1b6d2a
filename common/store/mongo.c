// SPDX-License-Identifier: Apache-2.0
// The MongoDB backend: put, get, find, delete. Only commands that MongoDB and its stand-ins share.
//
// Nothing here is a transaction, so the order of writes keeps the collections sound at every
// instant: series, summary, then what the job was stored as before. A writer that dies in between
// leaves a former document, which the next put of that job removes; reading takes the newest.
#include "common/store/mongo.h"

#include <errno.h>
#include <string.h>

#include "common/document/document.h"

#define DOCUMENT_MAX (16u * 1024 * 1024)

enum { PUT_TRIES = 5 };

// What is to be done for one item.
struct plan {
	const struct store_item *item;
	const char *id; // of the document
	char key[KEY_TEXT_SIZE];
	char hash[HASH_TEXT_SIZE], series_hash[HASH_TEXT_SIZE];
	bool is_left_out; // it cannot be stored, or nothing would change
	bool same_summary, same_series;
	bool has_series_there;
	struct former *former;
};

struct former { // an _id that the job had before
	const char *id;
	struct former *next;
};

struct chunk {
	struct mongo_store *store;
	const char *resource;
	struct plan plans[BULK_MAX];
	size_t n;
	struct arena arena;
	struct error first; // of items that could not be stored
};

static const char *text_id(const bson_t *b)
{
	bson_iter_t i;

	if (!bson_iter_init_find(&i, b, "_id") || !BSON_ITER_HOLDS_UTF8(&i))
		return "";
	return bson_iter_utf8(&i, NULL);
}

static void append_texts(bson_t *to, const struct chunk *c, bool keys)
{
	bson_t in;
	bson_t list;

	BSON_APPEND_DOCUMENT_BEGIN(to, keys ? "jobsight.store.key" : "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
	for (size_t i = 0; i < c->n; i++) {
		char buf[16];
		const char *number;

		bson_uint32_to_string((uint32_t)i, &number, buf, sizeof(buf));
		bson_append_utf8(&list, number, -1, keys ? c->plans[i].key : c->plans[i].id, -1);
	}
	bson_append_array_end(&in, &list);
	bson_append_document_end(to, &in);
}

// {$or: [{_id: {$in: ids}}, {key: {$in: keys}}]}
static bson_t *former_filter(const struct chunk *c)
{
	bson_t *filter = bson_new();
	bson_t list;

	BSON_APPEND_ARRAY_BEGIN(filter, "$or", &list);
	for (int i = 0; i < 2; i++) {
		bson_t part;

		bson_append_document_begin(&list, i ? "1" : "0", 1, &part);
		append_texts(&part, c, i == 1);
		bson_append_document_end(&list, &part);
	}
	bson_append_array_end(filter, &list);
	return filter;
}

static void leave_out(struct chunk *c, struct plan *p, int code, const char *why)
{
	p->is_left_out = true;
	if (!c->first.code)
		error_set(&c->first, code, "store: job %s: %s", p->key, why);
}

static void note_summary(struct chunk *c, struct plan *p, const bson_t *b)
{
	const char *id = text_id(b);
	struct mongo_stamp stamp;
	bool is_ours = mongo_read_stamp(b, &stamp);

	if (str_eq(id, p->id)) {
		if (is_ours && !str_eq(stamp.key_text, p->key))
			leave_out(c, p, EEXIST, "another run of the job has the same _id");
		p->same_summary = is_ours && str_eq(stamp.hash, p->hash);
	} else if (is_ours && str_eq(stamp.key_text, p->key)) {
		struct former *f = arena_alloc(&c->arena, sizeof(*f));

		*f = (struct former){arena_strdup(&c->arena, id), p->former};
		p->former = f;
	}
}

static void note_series(struct chunk *c, struct plan *p, const bson_t *b)
{
	struct mongo_stamp stamp;

	(void)c;
	if (!str_eq(text_id(b), p->id))
		return;
	p->has_series_there = true;
	p->same_series = mongo_read_stamp(b, &stamp) && str_eq(stamp.hash, p->series_hash);
}

typedef void note(struct chunk *c, struct plan *p, const bson_t *b);

static int read_there(
	struct chunk *c, const char *prefix, const bson_t *filter, note *each, struct error *err)
{
	AUTO_COLLECTION *from = mongo_collection(c->store, prefix, c->resource);
	AUTO_BSON *opts = BCON_NEW("projection", "{", "jobsight.store", BCON_INT32(1), "}");
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(from, filter, opts, NULL);
	bson_error_t fault;
	const bson_t *b;

	while (mongoc_cursor_next(cursor, &b))
		for (size_t i = 0; i < c->n; i++)
			each(c, &c->plans[i], b);
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(c->store, "read", &fault, err) : 0;
}

// Looks what is stored already and leaves out what would not change it.
static int compare(struct chunk *c, struct error *err)
{
	AUTO_BSON *former = former_filter(c);
	AUTO_BSON *ids = bson_new();

	append_texts(ids, c, false);
	TRY(read_there(c, SUMMARY_PREFIX, former, note_summary, err));
	TRY(read_there(c, SERIES_PREFIX, ids, note_series, err));
	for (size_t i = 0; i < c->n; i++) {
		struct plan *p = &c->plans[i];
		bool same = p->item->series.len ? p->same_series : !p->has_series_there;

		if (p->same_summary && same && !p->former)
			p->is_left_out = true;
	}
	return 0;
}

static mongoc_bulk_operation_t *new_bulk(mongoc_collection_t *to)
{
	AUTO_BSON *opts = BCON_NEW("ordered", BCON_BOOL(false));

	return mongoc_collection_create_bulk_operation_with_opts(to, opts);
}

static int run_bulk(const struct chunk *c, mongoc_bulk_operation_t *bulk, struct error *err)
{
	bson_error_t fault;
	bson_t reply;
	uint32_t is_done = mongoc_bulk_operation_execute(bulk, &reply, &fault);

	bson_destroy(&reply);
	return is_done ? 0 : mongo_fail(c->store, "write to", &fault, err);
}

// Writes the summaries (order: their first number) or the series (order 0).
static int write_documents(struct chunk *c, int64_t order, struct error *err)
{
	AUTO_COLLECTION *to =
		mongo_collection(c->store, order ? SUMMARY_PREFIX : SERIES_PREFIX, c->resource);
	AUTO_BULK *bulk = new_bulk(to);
	AUTO_BSON *upsert = BCON_NEW("upsert", BCON_BOOL(true));
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct plan *p = &c->plans[i];
		const struct store_item *item = p->item;
		struct mongo_stamp stamp = {.key = item->key,
			.key_text = p->key,
			.job_id = item->job_id,
			.hash = order ? p->hash : p->series_hash,
			.end_s = item->end_s,
			.order = order ? order + (int64_t)i : 0};
		AUTO_BSON *which = NULL;
		AUTO_BSON *document = NULL;
		bson_error_t fault;

		if (p->is_left_out || (!order && !item->series.len))
			continue;
		document = mongo_wrap(order ? item->summary : item->series, &stamp);
		which = BCON_NEW("_id", BCON_UTF8(p->id));
		if (!mongoc_bulk_operation_replace_one_with_opts(
			    bulk, which, document, upsert, &fault))
			return mongo_fail(c->store, "write to", &fault, err);
		n++;
	}
	return n > 0 ? run_bulk(c, bulk, err) : 0;
}

// Removes what the jobs were stored as before, and series that a job has no more.
static int remove_former(struct chunk *c, bool series, struct error *err)
{
	AUTO_COLLECTION *from =
		mongo_collection(c->store, series ? SERIES_PREFIX : SUMMARY_PREFIX, c->resource);
	AUTO_BULK *bulk = new_bulk(from);
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct plan *p = &c->plans[i];
		bool without = series && p->has_series_there && !p->item->series.len;

		for (const struct former *f = p->former; f && !p->is_left_out; f = f->next, n++) {
			AUTO_BSON *which = BCON_NEW(
				"_id", BCON_UTF8(f->id), "jobsight.store.key", BCON_UTF8(p->key));

			mongoc_bulk_operation_remove_one(bulk, which);
		}
		if (without && !p->is_left_out) {
			AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8(p->id));

			mongoc_bulk_operation_remove_one(bulk, which);
			n++;
		}
	}
	return n > 0 ? run_bulk(c, bulk, err) : 0;
}

static int write_all(struct chunk *c, int64_t order, struct error *err)
{
	TRY(write_documents(c, 0, err));
	TRY(write_documents(c, order, err));
	TRY(remove_former(c, false, err));
	return remove_former(c, true, err);
}

// Whatever happens the ticket is given back, so that no reader waits for it. One that was declared
// dead meanwhile means: once more, with numbers that readers have not passed.
static int write_with_ticket(struct chunk *c, struct error *err)
{
	for (int i = 0; i < PUT_TRIES; i++) {
		struct mongo_ticket ticket;
		int rc;
		int given;

		TRY(mongo_ticket_take(c->store, (int64_t)c->n, &ticket, err));
		rc = write_all(c, ticket.from, err);
		given = mongo_ticket_give(c->store, &ticket, rc < 0 ? NULL : err);
		if (rc < 0 || given != 0)
			return rc < 0 ? rc : given < 0 ? given : 0;
	}
	return error_set(
		err, EBUSY, "store: mongodb://%s: writing takes too long", c->store->shown);
}

static void add_plan(struct chunk *c, const struct store_item *item)
{
	struct plan *p = &c->plans[c->n++];
	struct scalar id;

	*p = (struct plan){.item = item, .id = ""};
	if (bson_find(item->summary, "_id", &id, NULL) > 0)
		p->id = id.text;
	mongo_key_text(&item->key, p->key);
	mongo_hash(item, item->summary, p->hash);
	mongo_hash(item, item->series, p->series_hash);
	if (item->summary.len > DOCUMENT_MAX - 1024 || item->series.len > DOCUMENT_MAX - 1024)
		leave_out(c, p, E2BIG, "larger than the 16 MiB that MongoDB keeps");
}

// As many items of one resource as go into a bulk. *ret_next is where the rest starts. Of equal
// keys, and of equal _ids, only the first comes along: the later one must be written later.
static void gather(struct chunk *c, const struct store_item *items, size_t n, size_t *ret_next)
{
	size_t i = 0;

	c->resource = items[0].resource;
	for (; i < n && c->n < BULK_MAX && str_eq(items[i].resource, c->resource); i++) {
		add_plan(c, &items[i]);
		for (size_t k = 0; k + 1 < c->n; k++)
			if (str_eq(c->plans[k].key, c->plans[c->n - 1].key) ||
				str_eq(c->plans[k].id, c->plans[c->n - 1].id)) {
				c->n--;
				*ret_next = i;
				return;
			}
	}
	*ret_next = i;
}

static bool has_work(const struct chunk *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->plans[i].is_left_out)
			return true;
	return false;
}

static int put_chunk(struct mongo_store *s, const struct store_item *items, size_t n,
	size_t *ret_next, struct error *first, struct error *err)
{
	struct chunk c = {.store = s};
	int rc;

	gather(&c, items, n, ret_next);
	rc = mongo_prepare(s, c.resource, err);
	if (rc == 0)
		rc = compare(&c, err);
	if (rc == 0 && has_work(&c))
		rc = write_with_ticket(&c, err);
	if (c.first.code && !first->code)
		*first = c.first;
	arena_release(&c.arena);
	return rc;
}

static int mongo_put(void *state, const struct store_item *items, size_t n, struct error *err)
{
	struct error first = {0};
	size_t next = 0;

	for (size_t i = 0; i < n; i += next) {
		int rc = -EEXIST;

		// Two who insert the same job at once: one is refused, and finds it there then.
		for (int try = 0; try < PUT_TRIES && rc == -EEXIST; try++)
			rc = put_chunk(state, items + i, n - i, &next, &first, err);
		TRY(rc);
	}
	if (!first.code)
		return 0;
	return error_set(err, -first.code, "%s", first.text);
}

// Reading

static int read_series(struct mongo_store *s, const char *resource, const char *id, struct arena *a,
	struct bytes *ret, struct error *err)
{
	AUTO_COLLECTION *from = mongo_collection(s, SERIES_PREFIX, resource);
	AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8(id));
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(from, which, NULL, NULL);
	bson_error_t fault;
	const bson_t *b;

	*ret = (struct bytes){0};
	if (mongoc_cursor_next(cursor, &b))
		*ret = mongo_unwrap(b, a);
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}

int mongo_item(struct mongo_store *s, const char *resource, const bson_t *b, bool with_series,
	struct arena *a, struct store_item *ret, struct error *err)
{
	struct mongo_stamp stamp;

	if (!mongo_read_stamp(b, &stamp))
		return error_set(err, EBADMSG, "store: mongodb://%s: document %s is damaged",
			s->shown, text_id(b));
	*ret = (struct store_item){
		.key = {arena_strdup(a, stamp.key.cluster), stamp.key.raw_id, stamp.key.submit_s},
		.resource = arena_strdup(a, resource),
		.job_id = arena_strdup(a, stamp.job_id),
		.end_s = stamp.end_s,
		.summary = mongo_unwrap(b, a),
	};
	return with_series ? read_series(s, resource, text_id(b), a, &ret->series, err) : 0;
}

static int get_from(struct mongo_store *s, const char *resource, const char *key, int64_t *best,
	struct arena *a, struct store_item *ret, struct error *err)
{
	AUTO_COLLECTION *from = mongo_collection(s, SUMMARY_PREFIX, resource);
	AUTO_BSON *which = BCON_NEW("jobsight.store.key", BCON_UTF8(key));
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(from, which, NULL, NULL);
	bson_error_t fault;
	const bson_t *b;

	while (mongoc_cursor_next(cursor, &b)) {
		struct mongo_stamp stamp;

		if (!mongo_read_stamp(b, &stamp) || stamp.order <= *best)
			continue;
		TRY(mongo_item(s, resource, b, true, a, ret, err));
		*best = stamp.order;
	}
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}

static int mongo_get(void *state, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	const char **resources;
	char text[KEY_TEXT_SIZE];
	int64_t best = 0;
	size_t n;

	mongo_key_text(key, text);
	TRY(mongo_resources(state, a, &resources, &n, err));
	for (size_t i = 0; i < n; i++)
		TRY(get_from(state, resources[i], text, &best, a, ret, err));
	return best > 0 ? 1 : mongo_supremm_get(state, key, a, ret, err);
}

struct found {
	struct store_item *items;
	int64_t *orders;
	size_t n, room;
};

// Adds the job, or puts it in the place of an older document of the same job.
static void add_found(
	struct found *f, struct arena *a, const struct store_item *item, int64_t order)
{
	size_t i = 0;

	while (i < f->n && job_key_compare(&f->items[i].key, &item->key) != 0)
		i++;
	if (i < f->n && f->orders[i] >= order)
		return;
	if (i == f->room) {
		struct found more = {.n = f->n, .room = f->room ? 2 * f->room : 4};

		more.items = arena_array(a, more.room, sizeof(*more.items));
		more.orders = arena_array(a, more.room, sizeof(*more.orders));
		for (size_t k = 0; k < f->n; k++) {
			more.items[k] = f->items[k];
			more.orders[k] = f->orders[k];
		}
		*f = more;
	}
	f->items[i] = *item;
	f->orders[i] = order;
	f->n += i == f->n;
}

static int find_in(struct mongo_store *s, const char *resource, const bson_t *which,
	struct found *f, struct arena *a, struct error *err)
{
	AUTO_COLLECTION *from = mongo_collection(s, SUMMARY_PREFIX, resource);
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(from, which, NULL, NULL);
	bson_error_t fault;
	const bson_t *b;

	while (mongoc_cursor_next(cursor, &b)) {
		struct mongo_stamp stamp;
		struct store_item item;

		if (!mongo_read_stamp(b, &stamp))
			continue;
		TRY(mongo_item(s, resource, b, false, a, &item, err));
		add_found(f, a, &item, stamp.order);
	}
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}

struct adopted {
	struct found *found;
	struct arena *arena;
};

static int add_adopted(void *context, const struct store_item *item, struct error *err)
{
	const struct adopted *to = context;
	struct store_item copy;

	(void)err;
	store_item_copy(to->arena, item, &copy);
	add_found(to->found, to->arena, &copy, 0); // ours are newer, whatever they say
	return 0;
}

static int newest_submit_first(const void *x, const void *y)
{
	const struct job_key *a = &((const struct store_item *)x)->key;
	const struct job_key *b = &((const struct store_item *)y)->key;

	if (a->submit_s != b->submit_s)
		return a->submit_s > b->submit_s ? -1 : 1;
	if (a->raw_id != b->raw_id)
		return a->raw_id > b->raw_id ? -1 : 1;
	return strcmp(a->cluster, b->cluster);
}

static int mongo_find(void *state, const char *cluster, const char *job_id, struct arena *a,
	struct store_item **ret, size_t *ret_n, struct error *err)
{
	AUTO_BSON *which = BCON_NEW("jobsight.store.id", BCON_UTF8(job_id));
	struct found f = {0};
	struct adopted adopted = {&f, a};
	const char **resources;
	size_t n;

	if (cluster)
		BSON_APPEND_UTF8(which, "jobsight.store.cluster", cluster);
	TRY(mongo_resources(state, a, &resources, &n, err));
	for (size_t i = 0; i < n; i++)
		TRY(find_in(state, resources[i], which, &f, a, err));
	TRY(mongo_supremm_find(state, cluster, job_id, add_adopted, &adopted, err));
	if (f.n > 1)
		qsort(f.items, f.n, sizeof(*f.items), newest_submit_first);
	*ret = f.items;
	*ret_n = f.n;
	return 0;
}

// Deleting: summaries first, so that none is left without its series.

static int delete_from(struct mongo_store *s, const char *prefix, const char *resource,
	const bson_t *which, uint64_t *ret_n, struct error *err)
{
	AUTO_COLLECTION *from = mongo_collection(s, prefix, resource);
	bson_error_t fault;
	bson_iter_t i;
	bson_t reply;
	bool is_done = mongoc_collection_delete_many(from, which, NULL, &reply, &fault);

	if (is_done && bson_iter_init_find(&i, &reply, "deletedCount"))
		*ret_n += (uint64_t)bson_iter_as_int64(&i);
	bson_destroy(&reply);
	return is_done ? 0 : mongo_fail(s, "delete from", &fault, err);
}

static int mongo_delete_before(
	void *state, const char *cluster, int64_t end_s, uint64_t *ret_n, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	AUTO_BSON *which = BCON_NEW(
		"jobsight.store.end", "{", "$gt", BCON_INT64(0), "$lt", BCON_INT64(end_s), "}");
	const char **resources;
	uint64_t series = 0;
	size_t n;

	if (cluster)
		BSON_APPEND_UTF8(which, "jobsight.store.cluster", cluster);
	TRY(mongo_resources(state, &a, &resources, &n, err));
	for (size_t i = 0; i < n; i++) {
		TRY(delete_from(state, SUMMARY_PREFIX, resources[i], which, ret_n, err));
		TRY(delete_from(state, SERIES_PREFIX, resources[i], which, &series, err));
	}
	return 0;
}

#define MONGO_DRIVER(url_scheme)                                                      \
	{                                                                             \
		.scheme = (url_scheme), .open = mongo_open, .close = mongo_close,     \
		.adopt = mongo_adopt, .resources = mongo_resources, .put = mongo_put, \
		.get = mongo_get, .find = mongo_find, .changes = mongo_changes,       \
		.delete_before = mongo_delete_before, .put_schema = mongo_put_schema, \
		.get_schema = mongo_get_schema,                                       \
	}

const struct store_driver mongo_driver = MONGO_DRIVER("mongodb://");
const struct store_driver mongos_driver = MONGO_DRIVER("mongodb+srv://");
