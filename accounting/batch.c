// SPDX-License-Identifier: Apache-2.0
// A batch holds finished bytes, not records: what was checked once is sent as often as needed.
#include "accounting/batch.h"

#include "accounting/ledger.h"
#include "common/memory.h"
#include "etl/copy.h"

static void note_begin(struct batch *b, const char *key)
{
	if (b->n == b->room) {
		b->room = b->room ? 2 * b->room : 1024;
		b->records = memory_resize(b->records, b->room, sizeof(*b->records));
	}
	for (size_t i = 0; i < STAGES; i++)
		b->records[b->n].begin[i] = b->rows[i].len;
	b->records[b->n++].key = arena_strdup(&b->arena, key);
}

int batch_add(struct batch *b, const struct record *r, bool *ret_is_mended, struct error *err)
{
	if (!r->follows)
		note_begin(b, r->key);
	if (stage_put(r, (int64_t)b->n, &b->rows[r->stage], ret_is_mended, err) == 0)
		return 0;
	if (!r->follows)
		b->n--;
	return err->code;
}

int batch_copy(const struct batch *b, struct postgres *p, size_t from, size_t to, struct error *err)
{
	for (enum stage_id i = 0; i < STAGES; i++) {
		CLEANUP(strbuf_release) struct strbuf sql = {0};
		CLEANUP(strbuf_release) struct strbuf rows = {0};
		size_t begin = b->records[from].begin[i];
		size_t end = to < b->n ? b->records[to].begin[i] : b->rows[i].len;

		if (begin == end)
			continue;
		stage_copy(i, &sql);
		copy_start(&rows);
		strbuf_add(&rows, b->rows[i].text + begin, end - begin);
		copy_end(&rows);
		TRY(postgres_copy(p, strbuf_text(&sql), rows.text, rows.len, err));
	}
	return 0;
}

void batch_keys(const struct batch *b, size_t from, size_t to, struct strbuf *out)
{
	char key[LEDGER_KEY_SIZE];

	for (size_t i = from; i < to; i++)
		if (b->records[i].key)
			postgres_array_add(out, ledger_text(b->records[i].key, key, sizeof(key)));
	postgres_array_end(out);
}

void batch_clear(struct batch *b)
{
	for (size_t i = 0; i < STAGES; i++)
		strbuf_clear(&b->rows[i]);
	b->n = 0;
	arena_reset(&b->arena);
}

void batch_release(struct batch *b)
{
	for (size_t i = 0; i < STAGES; i++)
		strbuf_release(&b->rows[i]);
	free(b->records);
	arena_release(&b->arena);
}
