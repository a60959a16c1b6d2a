// SPDX-License-Identifier: Apache-2.0
// While the server takes a batch, a thread fills the next. No job is twice in a batch, because a
// merge can write a row but once: a batch ends before the second.
#include "etl/reader.h"

#include "common/ahead.h"
#include "common/job.h"
#include "common/map.h"
#include "common/memory.h"
#include "etl/copy.h"

struct slot {
	struct reader_batch batch;
	struct arena arena;
	struct error err;
	int rc;
};

struct reader {
	struct store *store;
	struct extractor *extractor;
	uint64_t limit;
	struct strbuf cursor;
	struct slot slots[AHEAD_SLOTS];
	struct ahead *ahead;
};

struct filling { // of one slot
	struct reader *reader;
	struct slot *slot;
	struct map seen; // keys of jobs
};

static int put_aside(struct slot *s, const struct store_item *item, const struct defect *d)
{
	struct reader_reject *r = arena_alloc(&s->arena, sizeof(*r));
	struct store_item *copy = &r->item;

	*r = (struct reader_reject){.next = s->batch.rejects, .item = *item, .defect = *d};
	copy->key.cluster = arena_strdup(&s->arena, item->key.cluster);
	copy->summary.data = arena_copy(&s->arena, item->summary.data, item->summary.len);
	s->batch.rejects = r;
	s->batch.rejected++;
	return 0;
}

static int take_document(void *context, const struct store_item *item, struct error *err)
{
	struct filling *f = context;
	struct slot *s = f->slot;
	struct reader_batch *b = &s->batch;
	struct defect defect = {0};
	char key[128];

	(void)err;
	(void)job_key_text(&item->key, key);
	if (map_get(&f->seen, key))
		return 1;
	map_put(&f->seen, arena_strdup(&s->arena, key), f);
	b->documents++;
	if (f->reader->limit == 1) {
		b->single = arena_copy(&s->arena, item, sizeof(*item));
		b->single->key.cluster = arena_strdup(&s->arena, item->key.cluster);
		b->single->summary.data =
			arena_copy(&s->arena, item->summary.data, item->summary.len);
	}
	if (item->fault) {
		(void)str_format(defect.reason, sizeof(defect.reason), "%s", item->fault);
		return put_aside(s, item, &defect);
	}
	if (extract_row(f->reader->extractor, (int)b->documents, item, &b->rows, &defect) == 0)
		return 0;
	return put_aside(s, item, &defect);
}

static bool fill(void *context, struct ahead *a, unsigned n)
{
	struct reader *r = context;
	struct slot *s = &r->slots[n];
	struct filling f = {.reader = r, .slot = s};
	struct strbuf rows = s->batch.rows;

	(void)a;
	arena_reset(&s->arena);
	strbuf_clear(&rows);
	s->batch = (struct reader_batch){.rows = rows};
	copy_start(&s->batch.rows);
	s->rc = store_changes(r->store, strbuf_text(&r->cursor), r->limit, false, take_document, &f,
		&s->arena, &s->batch.cursor, &s->err);
	copy_end(&s->batch.rows);
	map_release(&f.seen);
	if (s->rc < 0)
		return false;
	strbuf_clear(&r->cursor);
	strbuf_puts(&r->cursor, s->batch.cursor);
	return s->batch.documents > 0;
}

static void release(struct reader *r)
{
	for (size_t i = 0; i < AHEAD_SLOTS; i++) {
		strbuf_release(&r->slots[i].batch.rows);
		arena_release(&r->slots[i].arena);
	}
	strbuf_release(&r->cursor);
	free(r);
}

int reader_start(struct store *s, struct extractor *e, const char *cursor, uint64_t limit,
	struct reader **ret, struct error *err)
{
	struct reader *r = memory_alloc(1, sizeof(*r));
	int rc;

	*r = (struct reader){.store = s, .extractor = e, .limit = limit};
	strbuf_puts(&r->cursor, cursor);
	rc = ahead_start(fill, r, &r->ahead, err);
	if (rc < 0) {
		release(r);
		return rc;
	}
	*ret = r;
	return 0;
}

int reader_next(struct reader *r, struct reader_batch **ret, struct error *err)
{
	struct slot *s = &r->slots[ahead_next(r->ahead)];

	*ret = &s->batch;
	return s->rc < 0 ? error_set(err, -s->rc, "%s", s->err.text) : 0;
}

void reader_stop(struct reader *r)
{
	if (!r)
		return;
	ahead_stop(r->ahead);
	release(r);
}
