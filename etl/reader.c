// SPDX-License-Identifier: Apache-2.0
// Two batches go round: while the server takes one, the thread fills the other. No job is twice in
// a batch, because a merge can write a row but once: a batch ends before the second.
#include "etl/reader.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "common/job.h"
#include "common/map.h"
#include "common/memory.h"
#include "etl/copy.h"

enum { SLOTS = 2 };

struct slot {
	struct reader_batch batch;
	struct arena arena;
	struct error err;
	int rc;
	bool is_full;
};

struct reader {
	struct store *store;
	struct extractor *extractor;
	uint64_t limit;
	struct strbuf cursor;
	struct slot slots[SLOTS];
	unsigned taken; // slots that reader_next has given, and so the next one
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turned; // a slot became full or free, or the end has come
	bool is_stopping;
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
	if (extract_row(f->reader->extractor, (int)b->documents, item, &b->rows, &defect) == 0)
		return 0;
	return put_aside(s, item, &defect);
}

static void fill(struct reader *r, struct slot *s)
{
	struct filling f = {.reader = r, .slot = s};
	struct strbuf rows = s->batch.rows;

	arena_reset(&s->arena);
	strbuf_clear(&rows);
	s->batch = (struct reader_batch){.rows = rows};
	copy_start(&s->batch.rows);
	s->rc = store_changes(r->store, strbuf_text(&r->cursor), r->limit, false, take_document, &f,
		&s->arena, &s->batch.cursor, &s->err);
	copy_end(&s->batch.rows);
	map_release(&f.seen);
	if (s->rc < 0)
		return;
	strbuf_clear(&r->cursor);
	strbuf_puts(&r->cursor, s->batch.cursor);
}

static void *read_batches(void *context)
{
	struct reader *r = context;
	bool is_end = false;

	for (unsigned n = 0; !is_end; n++) {
		struct slot *s = &r->slots[n % SLOTS];

		pthread_mutex_lock(&r->lock);
		while (s->is_full && !r->is_stopping)
			pthread_cond_wait(&r->turned, &r->lock);
		is_end = r->is_stopping;
		pthread_mutex_unlock(&r->lock);
		if (is_end)
			break;
		fill(r, s);
		is_end = s->rc < 0 || s->batch.documents == 0;
		pthread_mutex_lock(&r->lock);
		s->is_full = true;
		pthread_cond_signal(&r->turned);
		pthread_mutex_unlock(&r->lock);
	}
	return NULL;
}

static void release(struct reader *r)
{
	for (size_t i = 0; i < SLOTS; i++) {
		strbuf_release(&r->slots[i].batch.rows);
		arena_release(&r->slots[i].arena);
	}
	strbuf_release(&r->cursor);
	pthread_cond_destroy(&r->turned);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

int reader_start(struct store *s, struct extractor *e, const char *cursor, uint64_t limit,
	struct reader **ret, struct error *err)
{
	struct reader *r = memory_alloc(1, sizeof(*r));
	int rc;

	*r = (struct reader){.store = s, .extractor = e, .limit = limit};
	strbuf_puts(&r->cursor, cursor);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->turned, NULL);
	rc = pthread_create(&r->thread, NULL, read_batches, r);
	if (rc != 0) {
		release(r);
		return error_set(err, rc, "cannot start a thread: %s", strerror(rc));
	}
	*ret = r;
	return 0;
}

int reader_next(struct reader *r, struct reader_batch **ret, struct error *err)
{
	struct slot *s = &r->slots[r->taken % SLOTS];

	pthread_mutex_lock(&r->lock);
	if (r->taken > 0) { // what was given last is free again
		r->slots[(r->taken - 1) % SLOTS].is_full = false;
		pthread_cond_signal(&r->turned);
	}
	while (!s->is_full)
		pthread_cond_wait(&r->turned, &r->lock);
	pthread_mutex_unlock(&r->lock);
	r->taken++;
	*ret = &s->batch;
	return s->rc < 0 ? error_set(err, -s->rc, "%s", s->err.text) : 0;
}

void reader_stop(struct reader *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->is_stopping = true;
	pthread_cond_signal(&r->turned);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	release(r);
}
