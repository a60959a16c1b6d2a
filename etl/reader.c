// SPDX-License-Identifier: Apache-2.0
// While one session merges a batch, a thread fills the next and copies it to another session as it
// goes, so that the server reads rows while documents are read, and merges all the time. No job is
// twice in a batch, because a merge can write a row but once: a batch ends before the second.
#include "etl/reader.h"

#include "common/ahead.h"
#include "common/job.h"
#include "common/map.h"
#include "common/memory.h"
#include "etl/copy.h"

// Rows go to the server in pieces of this; the first batch is that part of a whole one, and each has
// twice the documents of the one before until they are whole.
enum { PIECE = 1 << 18, FIRST_PART = 8 };

struct slot {
	struct reader_batch batch;
	struct arena arena;
	struct error err;
	int rc;
};

struct reader {
	struct reader_request request;
	uint64_t n;     // batches before this one
	uint64_t limit; // of the next batch
	struct strbuf cursor;
	struct slot slots[AHEAD_SLOTS];
	struct ahead *ahead;
};

struct filling { // of one slot
	struct reader *reader;
	struct slot *slot;
	struct postgres *session; // NULL: none
	struct map seen;          // keys of jobs
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

// Hands over what there is of rows; the first piece begins the transaction.
static int send(struct filling *f, struct error *err)
{
	const struct reader_request *r = &f->reader->request;
	struct reader_batch *b = &f->slot->batch;

	if (!b->session) {
		b->session = f->session;
		TRY(postgres_script(b->session, "BEGIN ISOLATION LEVEL READ COMMITTED", err));
		TRY(postgres_copy_start(b->session, r->copy, err));
	}
	TRY(postgres_copy_add(b->session, b->rows.text, b->rows.len, err));
	strbuf_clear(&b->rows);
	return 0;
}

// What a session refuses is for whoever gets the batch; the documents are counted to its end.
static void hand_over(struct filling *f, bool is_last)
{
	struct reader_batch *b = &f->slot->batch;

	if (!f->session)
		return;
	if (b->refused == 0)
		b->refused = send(f, &b->refusal);
	if (b->refused == 0 && is_last)
		b->refused = postgres_copy_end(b->session, &b->refusal);
	strbuf_clear(&b->rows);
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
	if (f->reader->request.limit == 1) {
		b->single = arena_copy(&s->arena, item, sizeof(*item));
		b->single->key.cluster = arena_strdup(&s->arena, item->key.cluster);
		b->single->summary.data =
			arena_copy(&s->arena, item->summary.data, item->summary.len);
	}
	if (item->fault) {
		(void)str_format(defect.reason, sizeof(defect.reason), "%s", item->fault);
		return put_aside(s, item, &defect);
	}
	if (extract_row(f->reader->request.extractor, (int)b->documents, item, &b->rows, &defect) <
		0)
		return put_aside(s, item, &defect);
	if (b->rows.len >= PIECE)
		hand_over(f, false);
	return 0;
}

static bool fill(void *context, struct ahead *a, unsigned n)
{
	struct reader *r = context;
	const struct reader_request *q = &r->request;
	struct slot *s = &r->slots[n];
	struct filling f = {.reader = r, .slot = s};
	struct strbuf rows = s->batch.rows;

	(void)a;
	if (q->session)
		f.session = q->session(q->context, r->n);
	arena_reset(&s->arena);
	strbuf_clear(&rows);
	s->batch = (struct reader_batch){.rows = rows};
	copy_start(&s->batch.rows);
	s->rc = store_changes(q->store, strbuf_text(&r->cursor), r->limit, false, take_document, &f,
		&s->arena, &s->batch.cursor, &s->err);
	copy_end(&s->batch.rows);
	map_release(&f.seen);
	if (s->rc < 0)
		return false;
	if (s->batch.documents > 0)
		hand_over(&f, true);
	r->n++;
	r->limit = r->limit > q->limit / 2 ? q->limit : r->limit * 2;
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

int reader_start(const struct reader_request *q, struct reader **ret, struct error *err)
{
	struct reader *r = memory_alloc(1, sizeof(*r));
	int rc;

	*r = (struct reader){
		.request = *q, .limit = q->limit > FIRST_PART ? q->limit / FIRST_PART : q->limit};
	strbuf_puts(&r->cursor, q->cursor);
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
