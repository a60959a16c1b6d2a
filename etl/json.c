// SPDX-License-Identifier: Apache-2.0
// JSON is cut at the braces of its outermost objects, whatever stands between them, and each object
// is parsed by itself, so that one that is wrong stops no other. SUPReMM's own documents lack our
// part: the key of the job then follows from their accounting.
#include "etl/json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/document/document.h"
#include "common/log.h"
#include "common/store/supremm.h"
#include "common/str.h"

enum { OBJECT_MAX = 64 << 20, BULK = 200 };

static const char put_error[] =
	"INSERT INTO warehouse.load_error (cluster, raw_id, submit_s, field, reason, document)"
	" VALUES ($1, $2::numeric, 0, '', $3, $4::bytea)"
	" ON CONFLICT (cluster, raw_id, submit_s) DO UPDATE"
	" SET (reason, document) = (excluded.reason, excluded.document)";

struct filler {
	const struct json_source *source;
	struct store *store;
	struct postgres *postgres;
	struct arena arena; // of the bulk
	struct store_item items[BULK];
	size_t n;
	uint64_t seen, unfit;
};

static void filler_release(struct filler *f)
{
	arena_release(&f->arena);
}

static void close_file(FILE **f)
{
	if (*f && *f != stdin)
		(void)fclose(*f);
}

static int put_aside(
	struct filler *f, const char *reason, const void *data, size_t len, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf name = {0};
	char number[24];
	const struct postgres_value values[] = {{.text = NULL}, {.text = number}, {.text = reason},
		{.bytes = {len ? data : "", len}}};
	struct postgres_value with_name[ARRAY_LEN(values)];

	strbuf_printf(&name, "json:%s", f->source->path);
	(void)str_format(number, sizeof(number), "%" PRIu64, f->seen);
	memcpy(with_name, values, sizeof(values));
	with_name[0].text = name.text;
	log_info("%s: document %s: %s", f->source->path, number, reason);
	f->unfit++;
	return postgres_query(f->postgres, put_error, with_name, ARRAY_LEN(values), NULL, err);
}

static int flush(struct filler *f, struct error *err)
{
	struct error why = {0};
	int rc = store_put(f->store, f->items, f->n, &why);

	if (rc < 0) // one of them is not to be stored: which?
		for (size_t i = 0; i < f->n; i++) {
			const struct bytes *b = &f->items[i].summary;

			if (store_put(f->store, &f->items[i], 1, &why) == -EINVAL)
				TRY(put_aside(f, why.text, b->data, b->len, err));
		}
	f->n = 0;
	arena_reset(&f->arena);
	return rc < 0 && rc != -EINVAL ? error_set(err, -rc, "%s", why.text) : 0;
}

static int take_object(struct filler *f, const struct strbuf *text, struct error *err)
{
	struct store_item *item = &f->items[f->n];
	struct error why = {0};
	struct doc *d = NULL;
	const char *missing;

	f->seen++;
	if (doc_from_foreign_json(text->text, text->len, &f->arena, &d, &why) < 0)
		return put_aside(f, why.text, text->text, text->len, err);
	// Programs that write JSON put it anywhere; MongoDB has it first, and the store wants it there.
	doc_put_first(d, &f->arena, "_id");
	missing = supremm_adopt(d, f->source->cluster, &f->arena, item);
	if (missing)
		return put_aside(f, missing, text->text, text->len, err);
	f->source->completer->complete(f->source->completer->context, d, &f->arena);
	if (doc_to_bson(d, &f->arena, &item->summary, &why) < 0)
		return put_aside(f, why.text, text->text, text->len, err);
	return ++f->n == BULK ? flush(f, err) : 0;
}

struct cutter { // where in the text we are
	unsigned depth;
	bool in_text, is_escaped;
};

// Whether the character belongs to an object; *ret_end: it is the last of it.
static bool cut(struct cutter *c, int ch, bool *ret_end)
{
	bool inside = c->depth > 0 || ch == '{';

	*ret_end = false;
	if (c->in_text) {
		c->in_text = c->is_escaped || ch != '"';
		c->is_escaped = !c->is_escaped && ch == '\\';
	} else if (ch == '"' && c->depth > 0) {
		c->in_text = true;
	} else if (ch == '{') {
		c->depth++;
	} else if (ch == '}' && c->depth > 0) {
		*ret_end = --c->depth == 0;
	}
	return inside;
}

static int take_all(struct filler *f, FILE *in, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct cutter cutter = {0};
	int ch;

	while ((ch = getc(in)) != EOF) {
		bool is_end;

		if (!cut(&cutter, ch, &is_end))
			continue;
		strbuf_putc(&text, (char)ch);
		if (text.len > OBJECT_MAX)
			return error_set(err, E2BIG, "%s: document %" PRIu64 " has no end",
				f->source->path, f->seen + 1);
		if (!is_end)
			continue;
		TRY(take_object(f, &text, err));
		strbuf_clear(&text);
	}
	if (ferror(in))
		return error_set(err, EIO, "%s: cannot be read", f->source->path);
	if (text.len > 0) {
		f->seen++;
		TRY(put_aside(f, "ends in the middle of it", text.text, text.len, err));
	}
	return flush(f, err);
}

int json_fill_store(const struct json_source *source, struct store *s, struct postgres *p,
	uint64_t *ret_unfit, struct error *err)
{
	CLEANUP(filler_release) struct filler f = {.source = source, .store = s, .postgres = p};
	CLEANUP(close_file) FILE *in = str_eq(source->path, "-") ? stdin : fopen(source->path, "r");
	int rc;

	if (!in)
		return error_set(err, errno, "%s: %s", source->path, strerror(errno));
	rc = take_all(&f, in, err);
	*ret_unfit = f.unfit;
	return rc;
}
