// SPDX-License-Identifier: Apache-2.0
// MongoDB: the documents that SUPReMM's own summarizer left in the collections, read and never
// written. Nothing numbers their changes; all there is are their _ids and `created`. So they are gone
// through in the order of _id, all of them the first time, and from then on those that were created
// since the last time began. What comes twice says nothing new, and so changes nothing.
//
// The cursor is "<since>,<began>,<resource>,<_id>": the scan that is under way (0: none) takes what
// was created since (ms; 0: everything), and has come to this _id of this resource.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/document/document.h"
#include "common/store/mongo.h"
#include "common/store/supremm.h"

// Clocks of summarizers may be late by this much, and a document is on its way for a while.
#define MARGIN_MS (INT64_C(3600) * 1000)

struct scan {
	struct mongo_store *store;
	const struct store_changes_request *request;
	struct error *err;
	int64_t since_ms, began_ms;
	const char *resource, *id; // in the arena of the request
	uint64_t room;
	int answer; // of each(), not 0: it wants no more
};

// The cursor's parts must be text without commas.
static void put_part(struct strbuf *out, const char *text)
{
	for (; *text; text++)
		if ((*text >= '0' && *text <= '9') || (*text >= 'A' && *text <= 'Z') ||
			(*text >= 'a' && *text <= 'z') || *text == '-' || *text == '_')
			strbuf_putc(out, *text);
		else
			strbuf_printf(out, "%%%02x", (unsigned)(uint8_t)*text);
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *get_part(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++)
		if (*c == '%' && digit(c[1]) >= 0 && digit(c[2]) >= 0) {
			*to++ = (char)(digit(c[1]) << 4 | digit(c[2]));
			c += 2;
		} else {
			*to++ = *c;
		}
	*to = '\0';
	return text;
}

static int read_cursor(struct scan *s, const char *cursor)
{
	char *text = arena_strdup(s->request->arena, cursor);
	char *parts[4] = {text};

	for (size_t i = 1; i < ARRAY_LEN(parts) && text; i++) {
		text = strchr(text, ',');
		if (text) {
			*text++ = '\0';
			parts[i] = text;
		}
	}
	s->resource = "";
	s->id = "";
	if (!*cursor)
		return 0;
	if (parse_i64(parts[0], &s->since_ms) < 0 || !parts[1] ||
		parse_i64(parts[1], &s->began_ms) < 0)
		return error_set(s->err, EINVAL, "store: \"%.60s\" is no cursor", cursor);
	if (s->since_ms > clock_now_ns() / 1000000 + MARGIN_MS) // the clock was wrong then
		s->since_ms = s->began_ms = 0;
	if (parts[2])
		s->resource = get_part(parts[2]);
	if (parts[3])
		s->id = get_part(parts[3]);
	return 0;
}

static const char *cursor_text(const struct scan *s)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	strbuf_printf(&text, "%" PRId64 ",%" PRId64 ",", s->since_ms, s->began_ms);
	put_part(&text, s->resource);
	strbuf_putc(&text, ',');
	put_part(&text, s->id);
	return arena_strdup(s->request->arena, text.text);
}

static const char *text_id(const bson_t *b)
{
	bson_iter_t i;

	return bson_iter_init_find(&i, b, "_id") && BSON_ITER_HOLDS_UTF8(&i)
	               ? bson_iter_utf8(&i, NULL)
	               : NULL;
}

// What an adopted document is; everything in a. A document that cannot be one has item.fault.
static void adopt(const struct mongo_store *s, const bson_t *b, const struct store_resource *of,
	struct arena *a, struct store_item *ret)
{
	struct bytes raw = {arena_copy(a, bson_get_data(b), b->len), b->len};
	struct error err = {0};
	struct doc *d;
	int rc = doc_from_foreign(raw, a, &d, &err);
	const char *fault;

	if (rc < 0) { // its _id alone
		d = doc_object(a);
		doc_put_text(d, a, "_id", text_id(b));
	}
	fault = supremm_adopt(d, of->cluster, a, ret);
	if (rc == 0 && !fault && s->completer.complete)
		s->completer.complete(s->completer.context, d, a);
	if (rc == 0 && !fault)
		rc = doc_to_bson(d, a, &ret->summary, &err);
	ret->fault = rc < 0 ? arena_strdup(a, err.text) : fault;
	if (ret->fault)
		ret->summary = raw;
	ret->resource = of->resource;
}

static int read_series(struct mongo_store *s, const char *id, struct arena *a,
	struct store_item *item, struct error *err)
{
	AUTO_COLLECTION *from = mongo_collection(s, SERIES_PREFIX, item->resource);
	AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8(id));
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(from, which, NULL, NULL);
	bson_error_t fault;
	const bson_t *b;

	if (mongoc_cursor_next(cursor, &b)) {
		struct error why = {0};
		struct doc *d;

		// A series that is damaged is none: the summary is still worth reading.
		if (doc_from_foreign((struct bytes){bson_get_data(b), b->len}, a, &d, &why) < 0 ||
			doc_to_bson(d, a, &item->series, &why) < 0)
			item->series = (struct bytes){0};
		return 0;
	}
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}

static int give(struct scan *s, const struct store_resource *of, const bson_t *b)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_item item;

	adopt(s->store, b, of, &a, &item);
	if (s->request->with_series)
		TRY(read_series(s->store, text_id(b), &a, &item, s->err));
	s->answer = s->request->each(s->request->context, &item, s->err);
	if (s->answer != 0)
		return s->answer < 0 ? s->answer : 0;
	s->room--;
	s->resource = of->resource;
	s->id = arena_strdup(s->request->arena, text_id(b));
	return 0;
}

static bool wants_more(const struct scan *s)
{
	return s->answer == 0 && s->room > 0;
}

// {_id: {$gt: id}, "jobsight.store": {$exists: false}, $nor: [{created: {$lt: since}}]}: a document
// that does not say when it was created comes each time.
static bson_t *scan_filter(const struct scan *s, const char *id)
{
	bson_t *filter = BCON_NEW("_id", "{", *id ? "$gt" : "$gte", BCON_UTF8(id), "}",
		"jobsight.store", "{", "$exists", BCON_BOOL(false), "}");
	AUTO_BSON *older = NULL;

	if (s->since_ms <= MARGIN_MS)
		return filter;
	older = BCON_NEW("$nor", "[", "{", "created", "{", "$lt",
		BCON_DATE_TIME(s->since_ms - MARGIN_MS), "}", "}", "]");
	bson_concat(filter, older);
	return filter;
}

static int scan_resource(struct scan *s, const struct store_resource *of)
{
	AUTO_COLLECTION *from = mongo_collection(s->store, SUMMARY_PREFIX, of->resource);
	AUTO_BSON *which = scan_filter(s, str_eq(s->resource, of->resource) ? s->id : "");
	AUTO_BSON *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}");
	AUTO_CURSOR *cursor = NULL;
	bson_error_t fault;
	const bson_t *b;

	if (s->room < INT32_MAX)
		BSON_APPEND_INT64(opts, "limit", (int64_t)s->room);
	cursor = mongoc_collection_find_with_opts(from, which, opts, NULL);
	while (wants_more(s) && mongoc_cursor_next(cursor, &b))
		if (text_id(b))
			TRY(give(s, of, b));
	if (mongoc_cursor_error(cursor, &fault))
		return mongo_fail(s->store, "read", &fault, s->err);
	return 0;
}

// What is left of a scan; the resources are in order.
static int scan_rest(struct scan *s)
{
	for (size_t i = 0; i < s->store->n_adopted && wants_more(s); i++) {
		const struct store_resource *of = &s->store->adopted[i];

		if (strcmp(of->resource, s->resource) >= 0)
			TRY(scan_resource(s, of));
	}
	return 0;
}

static int64_t now_at_least(int64_t ms)
{
	int64_t now = clock_now_ns() / 1000000;

	return now > ms ? now : ms;
}

// A scan that an earlier process began is ended, and another one made: only one that began after the
// store was opened has seen all that was there then.
int mongo_supremm_changes(struct mongo_store *store, const struct store_changes_request *r,
	const char **cursor, struct error *err)
{
	struct scan s = {.store = store, .request = r, .err = err, .room = r->limit};
	int rc = read_cursor(&s, *cursor);

	while (rc == 0 && wants_more(&s) && (s.began_ms || s.since_ms < store->opened_ms)) {
		if (!s.began_ms)
			s.began_ms = now_at_least(store->opened_ms);
		rc = scan_rest(&s);
		if (rc < 0 || !wants_more(&s))
			break;
		s.since_ms = s.began_ms;
		s.began_ms = 0;
		s.resource = "";
		s.id = "";
	}
	if (rc == 0 || s.resource)
		*cursor = cursor_text(&s);
	return rc;
}

// Documents of a cluster whose _id begins with a text; each() as in store_changes.
static int find_prefix(struct mongo_store *s, const struct store_resource *of, const char *prefix,
	bool with_series, store_each *each, void *context, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf above = {0};
	AUTO_COLLECTION *from = mongo_collection(s, SUMMARY_PREFIX, of->resource);
	AUTO_BSON *which = NULL;
	AUTO_CURSOR *cursor = NULL;
	bson_error_t fault;
	const bson_t *b;

	strbuf_puts(&above, prefix);
	above.text[above.len - 1]++; // the character after its last one
	which = BCON_NEW("_id", "{", "$gte", BCON_UTF8(prefix), "$lt", BCON_UTF8(above.text), "}",
		"jobsight.store", "{", "$exists", BCON_BOOL(false), "}");
	cursor = mongoc_collection_find_with_opts(from, which, NULL, NULL);
	while (mongoc_cursor_next(cursor, &b)) {
		CLEANUP(arena_release) struct arena a = {0};
		struct store_item item;

		adopt(s, b, of, &a, &item);
		if (item.fault)
			continue;
		if (with_series)
			TRY(read_series(s, text_id(b), &a, &item, err));
		TRY(each(context, &item, err));
	}
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}

struct search {
	const struct job_key *key;
	struct arena *arena;
	struct store_item *ret;
	bool is_found;
};

// Of two documents of one job, under its former and its corrected end, the later one counts.
static int take_match(void *context, const struct store_item *item, struct error *err)
{
	struct search *s = context;

	(void)err;
	if (job_key_compare(&item->key, s->key) != 0 ||
		(s->is_found && item->end_s < s->ret->end_s))
		return 0;
	store_item_copy(s->arena, item, s->ret);
	s->is_found = true;
	return 0;
}

int mongo_supremm_get(struct mongo_store *s, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err)
{
	struct search search = {.key = key, .arena = a, .ret = ret};
	const char *prefix = supremm_id_prefix(key, a);

	for (size_t i = 0; i < s->n_adopted; i++)
		if (str_eq(s->adopted[i].cluster, key->cluster))
			TRY(find_prefix(s, &s->adopted[i], prefix, true, take_match, &search, err));
	return search.is_found;
}

int mongo_supremm_find(struct mongo_store *s, const char *cluster, const char *job_id,
	store_each *each, void *context, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf prefix = {0};

	strbuf_printf(&prefix, "%s-", job_id);
	for (size_t i = 0; i < s->n_adopted; i++)
		if (!cluster || str_eq(s->adopted[i].cluster, cluster))
			TRY(find_prefix(s, &s->adopted[i], prefix.text, false, each, context, err));
	return 0;
}

static int by_resource(const void *a, const void *b)
{
	return strcmp(((const struct store_resource *)a)->resource,
		((const struct store_resource *)b)->resource);
}

void mongo_adopt(void *state, const struct store_resource *of, size_t n,
	const struct store_completer *completer)
{
	struct mongo_store *s = state;
	struct store_resource *own = arena_array(&s->ready_memory, n + 1, sizeof(*own));

	for (size_t i = 0; i < n; i++) {
		own[i].resource = arena_strdup(&s->ready_memory, of[i].resource);
		own[i].cluster = arena_strdup(&s->ready_memory, of[i].cluster);
	}
	if (n)
		qsort(own, n, sizeof(*own), by_resource);
	s->adopted = own;
	s->n_adopted = n;
	s->completer = completer ? *completer : (struct store_completer){0};
}
