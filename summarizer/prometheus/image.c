// SPDX-License-Identifier: Apache-2.0
// Writing an archive of version 3: label, descriptors and instance domains, records.
#include "summarizer/prometheus/image.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "summarizer/archive/archive.h"

#define MAGIC     0x50052603u
#define VALUE_PTR 1

static void put_u32(struct strbuf *b, uint32_t v)
{
	uint32_t big = htobe32(v);
	strbuf_add(b, &big, sizeof(big));
}

static void put_time(struct strbuf *b, int64_t ns)
{
	uint64_t s = (uint64_t)(ns / NS_PER_S);
	put_u32(b, (uint32_t)s);
	put_u32(b, (uint32_t)(s >> 32));
	put_u32(b, (uint32_t)(ns % NS_PER_S));
}

static void set_u32(struct strbuf *b, size_t at, uint32_t v)
{
	uint32_t big = htobe32(v);
	memcpy(b->text + at, &big, sizeof(big));
}

// A record's length stands before and after it.
static void close_record(struct strbuf *b, size_t start)
{
	uint32_t len = (uint32_t)(b->len - start + 4);
	put_u32(b, len);
	set_u32(b, start, len);
}

static void put_padded(struct strbuf *b, const char *text, size_t size)
{
	size_t len = strnlen(text, size - 1);
	strbuf_add(b, text, len);
	for (; len < size; len++)
		strbuf_putc(b, '\0');
}

static void put_label(struct strbuf *b, const struct image *x, int volume)
{
	size_t start = b->len;
	put_u32(b, 0);
	put_u32(b, MAGIC);
	put_u32(b, 1); // process
	put_time(b, x->start_ns);
	put_u32(b, (uint32_t)volume);
	put_u32(b, 0); // features
	put_u32(b, 0);
	put_padded(b, x->host, 256);
	put_padded(b, "UTC", 256);
	put_padded(b, "", 256);
	close_record(b, start);
}

int32_t image_instance(struct image *x, uint32_t metric, const char *name, struct arena *a)
{
	struct map *ids = &x->indoms[x->metrics[metric].indom].ids;
	uintptr_t at = (uintptr_t)map_get(ids, name);
	if (at == 0) {
		at = ids->n + 1;
		// NOLINTNEXTLINE(performance-no-int-to-ptr): a number, not an address
		map_put(ids, arena_strdup(a, name), (void *)at);
	}
	return (int32_t)at - 1;
}

void image_add(struct image *x, const struct image_sample *s)
{
	if (x->n == x->room) {
		x->room = x->room ? 2 * x->room : 1024;
		x->samples = memory_resize(x->samples, x->room, sizeof(*x->samples));
	}
	x->samples[x->n++] = *s;
	x->metrics[s->metric].is_used = true;
}

static int by_time(const void *a, const void *b)
{
	const struct image_sample *x = a;
	const struct image_sample *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	if (x->instance != y->instance)
		return x->instance < y->instance ? -1 : 1;
	return (x->value > y->value) -
	       (x->value < y->value); // which one counts, the first, is no chance
}

static void put_block(struct strbuf *b, const struct image_sample *s, bool is_text)
{
	if (is_text) {
		size_t len = strlen(s->text) + 1;
		put_u32(b, ARCHIVE_TYPE_STRING << 24 | (uint32_t)(len + 4));
		put_padded(b, s->text, (len + 3) / 4 * 4);
		return;
	}
	uint64_t bits = 0;
	memcpy(&bits, &s->value, sizeof(bits));
	put_u32(b, ARCHIVE_TYPE_DOUBLE << 24 | 12u);
	bits = htobe64(bits);
	strbuf_add(b, &bits, sizeof(bits));
}

// Samples of one time, by metric. Blocks lie behind all sets.
static void put_record(
	struct strbuf *b, const struct image *x, const struct image_sample *s, size_t n)
{
	CLEANUP(strbuf_release) struct strbuf blocks = {0};
	size_t start = b->len;
	uint32_t n_sets = 0;
	for (size_t i = 0; i < n; i++)
		n_sets += i == 0 || s[i].metric != s[i - 1].metric;
	put_u32(b, 0);
	put_time(b, s->time_ns);
	put_u32(b, n_sets);
	// Blocks are counted in words from 8 bytes before the record.
	size_t first = 8 + 4 + 12 + 4 + 12 * (size_t)n_sets + 8 * n;
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || s[i].metric != s[i - 1].metric) {
			size_t same = 1;
			while (i + same < n && s[i + same].metric == s[i].metric)
				same++;
			put_u32(b, s[i].metric + 1);
			put_u32(b, (uint32_t)same);
			put_u32(b, VALUE_PTR);
		}
		put_u32(b, (uint32_t)s[i].instance);
		put_u32(b, (uint32_t)((first + blocks.len) / 4));
		put_block(&blocks, &s[i], x->metrics[s[i].metric].is_text);
	}
	strbuf_add(b, strbuf_text(&blocks), blocks.len);
	close_record(b, start);
}

static int write_file(const struct image *x, const char *suffix, const char *mode,
	const struct strbuf *b, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	strbuf_printf(&path, "%s.%s", x->base, suffix);
	FILE *f = fopen(path.text, mode);
	bool is_good = f && fwrite(b->text, 1, b->len, f) == b->len;
	if (f && fclose(f) != 0)
		is_good = false;
	return is_good ? 0 : error_set(err, errno, "%s: %s", path.text, strerror(errno));
}

int image_flush(struct image *x, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	if (x->n == 0)
		return 0;
	qsort(x->samples, x->n, sizeof(*x->samples), by_time);
	if (!x->is_begun) {
		x->start_ns = x->samples[0].time_ns;
		put_label(&out, x, 0);
	}
	for (size_t i = 0; i < x->n;) {
		size_t same = 1;
		while (i + same < x->n && x->samples[i + same].time_ns == x->samples[i].time_ns)
			same++;
		put_record(&out, x, x->samples + i, same);
		i += same;
	}
	x->n = 0;
	TRY(write_file(x, "0", x->is_begun ? "abe" : "wbe", &out, err));
	x->is_begun = true;
	return 0;
}

static void put_descriptor(struct strbuf *b, const struct image_metric *m, uint32_t id)
{
	size_t start = b->len;
	uint32_t sem = ARCHIVE_INSTANT;
	if (m->is_counter || m->is_text)
		sem = m->is_counter ? ARCHIVE_COUNTER : ARCHIVE_DISCRETE;
	put_u32(b, 0);
	put_u32(b, 1);
	put_u32(b, id);
	put_u32(b, m->is_text ? ARCHIVE_TYPE_STRING : ARCHIVE_TYPE_DOUBLE);
	put_u32(b, m->has_instances ? m->indom + 1 : ARCHIVE_NO_INDOM);
	put_u32(b, sem);
	put_u32(b, 0); // units
	put_u32(b, 1); // names
	put_u32(b, (uint32_t)strlen(m->name));
	strbuf_puts(b, m->name);
	close_record(b, start);
}

static void put_indom(struct strbuf *b, const struct image *x, uint32_t number)
{
	const struct map *ids = &x->indoms[number].ids;
	size_t start = b->len;
	uint32_t offset = 0;
	put_u32(b, 0);
	put_u32(b, 5);
	put_time(b, x->start_ns);
	put_u32(b, number + 1);
	put_u32(b, (uint32_t)ids->n);
	for (uint32_t i = 0; i < ids->n; i++)
		put_u32(b, i);
	for (size_t i = 0; i < ids->n; i++) {
		put_u32(b, offset);
		offset += (uint32_t)strlen(ids->entries[i].key) + 1;
	}
	for (size_t i = 0; i < ids->n; i++)
		strbuf_add(b, ids->entries[i].key, strlen(ids->entries[i].key) + 1);
	close_record(b, start);
}

int image_finish(struct image *x, bool *ret_any, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	TRY(image_flush(x, err));
	*ret_any = x->is_begun;
	if (!x->is_begun)
		return 0;
	put_label(&out, x, ARCHIVE_VOLUME_META);
	for (uint32_t i = 0; i < x->n_metrics; i++)
		if (x->metrics[i].is_used)
			put_descriptor(&out, &x->metrics[i], i + 1);
	for (uint32_t i = 0; i < x->n_indoms; i++)
		if (x->indoms[i].ids.n)
			put_indom(&out, x, i);
	return write_file(x, "meta", "wbe", &out, err);
}

void image_release(struct image *x)
{
	for (size_t i = 0; i < x->n_indoms; i++)
		map_release(&x->indoms[i].ids);
	free(x->samples);
	x->samples = NULL;
}
