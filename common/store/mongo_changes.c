// SPDX-License-Identifier: Apache-2.0
// MongoDB: iterating in the order of change. See mongo_tickets.c for where the numbers come from.
//
// A cursor is "<id of the store>.<N>" and, for each ticket below N that was open when it was made,
// ".<first number>-<how many>-<which of them were given, a bit each in hex>". The next iteration
// looks at those first: so nothing is missed and nothing is given twice.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/memory.h"
#include "common/store/mongo.h"

struct window { // numbers at or below N that may still come
	int64_t from, n;
	uint32_t given;
};

struct windows {
	struct window *items;
	size_t n;
};

struct pass {
	struct mongo_store *store;
	const struct store_changes_request *request;
	struct error *err;
	struct mongo_tickets tickets;
	const char **resources;
	size_t n_resources;
	struct windows before, after;
	int64_t position; // N
	uint64_t given;
	int answer; // of each(), not 0: it wants no more
};

struct source { // the changed documents of one resource, in order
	mongoc_collection_t *collection;
	mongoc_cursor_t *cursor;
	const bson_t *head;
	int64_t order; // of head
};

static struct window *add_window(struct arena *a, struct windows *w, struct window item)
{
	if ((w->n & (w->n - 1)) == 0) { // full at each power of two
		struct window *more = arena_array(a, w->n ? 2 * w->n : 1, sizeof(*more));

		if (w->n)
			memcpy(more, w->items, w->n * sizeof(*more));
		w->items = more;
	}
	w->items[w->n] = item;
	return &w->items[w->n++];
}

// Moves *text over what stands before a mark and the mark itself; NULL when there is none.
static char *cut(char **text, char mark)
{
	char *start = *text;
	char *end = start ? strchr(start, mark) : NULL;

	*text = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return start;
}

static bool parse_window(char *text, struct window *ret)
{
	const char *from = cut(&text, '-');
	const char *n = cut(&text, '-');
	char *end = NULL;

	if (!text || !*text || parse_i64(from, &ret->from) < 0 || parse_i64(n, &ret->n) < 0)
		return false;
	errno = 0;
	ret->given = (uint32_t)strtoul(text, &end, 16);
	return !*end && errno == 0 && ret->n >= 1 && ret->n <= BULK_MAX && ret->from >= 1;
}

static int read_cursor(struct pass *p)
{
	struct arena *a = p->request->arena;
	char *text = arena_strdup(a, p->request->cursor);
	const char *id = cut(&text, '.');
	const char *number = cut(&text, '.');
	int64_t position;

	if (!*p->request->cursor)
		return 0;
	if (!number || parse_i64(number, &position) < 0 || position < 0)
		return error_set(
			p->err, EINVAL, "store: \"%.60s\" is no cursor", p->request->cursor);
	// Of another store, or of a later state of this one: from the beginning.
	if (!str_eq(id, p->tickets.store_id) || position > p->tickets.last)
		return 0;
	p->position = position;
	while (text) {
		struct window w;

		if (!parse_window(cut(&text, '.'), &w))
			return error_set(p->err, EINVAL, "store: \"%.60s\" is no cursor",
				p->request->cursor);
		add_window(a, &p->before, w);
	}
	return 0;
}

static const char *cursor_text(const struct pass *p)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	strbuf_printf(&text, "%s.%" PRId64, p->tickets.store_id, p->position);
	for (size_t i = 0; i < p->after.n; i++) {
		const struct window *w = &p->after.items[i];

		strbuf_printf(&text, ".%" PRId64 "-%" PRId64 "-%" PRIx32, w->from, w->n, w->given);
	}
	return arena_strdup(p->request->arena, text.text);
}

static int advance(const struct pass *p, struct source *s)
{
	struct mongo_stamp stamp;
	bson_error_t fault;

	s->head = NULL;
	if (mongoc_cursor_next(s->cursor, &s->head)) {
		(void)mongo_read_stamp(s->head, &stamp);
		s->order = stamp.order;
		return 0;
	}
	s->head = NULL;
	if (mongoc_cursor_error(s->cursor, &fault))
		return mongo_fail(p->store, "read", &fault, p->err);
	return 0;
}

static void close_sources(const struct pass *p, struct source *sources)
{
	for (size_t i = 0; i < p->n_resources; i++) {
		mongoc_cursor_destroy(sources[i].cursor);
		mongoc_collection_destroy(sources[i].collection);
	}
	free(sources);
}

static int open_sources(const struct pass *p, struct source *sources, int64_t above, int64_t up_to)
{
	AUTO_BSON *which = BCON_NEW("jobsight.store.order", "{", "$gt", BCON_INT64(above), "$lte",
		BCON_INT64(up_to), "}");
	AUTO_BSON *opts = BCON_NEW("sort", "{", "jobsight.store.order", BCON_INT32(1), "}");
	uint64_t room = p->request->limit - p->given;

	if (room < INT32_MAX)
		BSON_APPEND_INT64(opts, "limit", (int64_t)room);
	for (size_t i = 0; i < p->n_resources; i++) {
		struct source *s = &sources[i];

		s->collection = mongo_collection(p->store, SUMMARY_PREFIX, p->resources[i]);
		s->cursor = mongoc_collection_find_with_opts(s->collection, which, opts, NULL);
		TRY(advance(p, s));
	}
	return 0;
}

static size_t lowest(const struct pass *p, const struct source *sources)
{
	size_t best = p->n_resources;

	for (size_t i = 0; i < p->n_resources; i++)
		if (sources[i].head &&
			(best == p->n_resources || sources[i].order < sources[best].order))
			best = i;
	return best;
}

static int give(struct pass *p, const char *resource, const bson_t *b)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_item item;

	TRY(mongo_item(p->store, resource, b, p->request->with_series, &a, &item, p->err));
	p->answer = p->request->each(p->request->context, &item, p->err);
	if (p->answer == 0)
		p->given++;
	return p->answer < 0 ? p->answer : 0;
}

static bool wants_more(const struct pass *p)
{
	return p->answer == 0 && p->given < p->request->limit;
}

// Called for each number that was given.
typedef void mark(struct pass *p, struct window *w, int64_t order);

static int scan(struct pass *p, int64_t above, int64_t up_to, struct window *w, mark *done)
{
	struct source *sources = memory_alloc(p->n_resources + 1, sizeof(*sources));
	int rc = open_sources(p, sources, above, up_to);

	while (rc == 0 && wants_more(p)) {
		size_t i = lowest(p, sources);
		int64_t order;

		if (i == p->n_resources)
			break;
		order = sources[i].order;
		if (!w || !(w->given >> (order - w->from) & 1)) {
			rc = give(p, p->resources[i], sources[i].head);
			if (rc == 0 && p->answer == 0)
				done(p, w, order);
		}
		if (rc == 0 && p->answer == 0)
			rc = advance(p, &sources[i]);
	}
	close_sources(p, sources);
	return rc;
}

static void mark_window(struct pass *p, struct window *w, int64_t order)
{
	(void)p;
	w->given |= UINT32_C(1) << (order - w->from);
}

static void mark_position(struct pass *p, struct window *w, int64_t order)
{
	(void)w;
	p->position = order;
	for (size_t i = 0; i < p->after.n; i++) {
		struct window *o = &p->after.items[i];

		if (order >= o->from && order < o->from + o->n)
			mark_window(p, o, order);
	}
}

static bool is_open(const struct pass *p, int64_t from)
{
	for (size_t i = 0; i < p->tickets.n_open; i++)
		if (p->tickets.open[i].from == from)
			return true;
	return false;
}

// What came into the cursor's windows since. A window is dropped once its ticket was closed before
// we looked and all of it was given.
static int scan_windows(struct pass *p)
{
	int rc = 0;

	for (size_t i = 0; i < p->before.n; i++) {
		struct window *w = &p->before.items[i];

		if (rc == 0 && wants_more(p))
			rc = scan(p, w->from - 1, w->from + w->n - 1, w, mark_window);
		if (rc < 0 || !wants_more(p) || is_open(p, w->from))
			add_window(p->request->arena, &p->after, *w);
	}
	return rc;
}

static void add_open_windows(struct pass *p)
{
	for (size_t i = 0; i < p->tickets.n_open; i++) {
		const struct mongo_ticket *t = &p->tickets.open[i];
		bool is_known = false;

		for (size_t k = 0; k < p->after.n; k++)
			is_known = is_known || p->after.items[k].from == t->from;
		if (!is_known)
			add_window(p->request->arena, &p->after, (struct window){t->from, t->n, 0});
	}
}

// Windows that begin above N are not needed: the next iteration comes along there anyway.
static void drop_windows_above(struct pass *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->after.n; i++)
		if (p->after.items[i].from <= p->position)
			p->after.items[n++] = p->after.items[i];
	p->after.n = n;
}

// What we wrote ourselves.
static int own_changes(struct pass *p, const char **ret_cursor)
{
	int rc;

	TRY(mongo_tickets_read(p->store, p->request->arena, &p->tickets, p->err));
	TRY(read_cursor(p));
	TRY(mongo_resources(p->store, p->request->arena, &p->resources, &p->n_resources, p->err));
	rc = scan_windows(p);
	if (rc == 0 && wants_more(p)) {
		add_open_windows(p);
		rc = scan(p, p->position, p->tickets.last, NULL, mark_position);
		if (rc == 0 && wants_more(p))
			p->position = p->tickets.last;
		drop_windows_above(p);
	}
	*ret_cursor = cursor_text(p);
	return rc;
}

// "OURS|THEIRS": how far we are in our own documents, and in SUPReMM's that were adopted.
int mongo_changes(void *state, const struct store_changes_request *r, const char **ret_cursor,
	struct error *err)
{
	struct store_changes_request request = *r;
	struct pass p = {.store = state, .request = &request, .err = err};
	char *theirs = arena_strdup(r->arena, r->cursor);
	const char *ours = request.cursor = cut(&theirs, '|');
	const char *adopted = theirs ? theirs : "";
	int rc = own_changes(&p, &ours);

	if (rc == 0 && wants_more(&p) && p.store->n_adopted) {
		request.limit -= p.given;
		rc = mongo_supremm_changes(p.store, &request, &adopted, err);
	}
	*ret_cursor = *adopted ? arena_printf(r->arena, "%s|%s", ours, adopted) : ours;
	return rc;
}
