// SPDX-License-Identifier: Apache-2.0
// The metadata file: descriptors of metrics and the history of instance domains. Label sets and
// help texts are skipped by their length.
#include "summarizer/archive/archive.h"

#include <stdlib.h>

enum tag {
	TAG_DESCRIPTOR = 1,
	TAG_INDOM_V2 = 2,
	TAG_INDOM = 5,
	TAG_INDOM_DELTA = 6,
};

#define MAX_NAME 4096

struct parse {
	const char *path;
	struct arena *arena;
	struct archive_meta *meta;
	size_t metric_room, indom_room;
	const uint8_t *file;
	struct error *err;
};

static int bad(const struct parse *p, const uint8_t *at, const char *what)
{
	return error_set(
		p->err, EBADMSG, "%s: %s (offset %zu)", p->path, what, (size_t)(at - p->file));
}

// Doubles an array that is full; the old copy stays in the arena, which is at most as much again.
static void *grown(struct parse *p, void *items, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return items;
	*room = *room ? 2 * *room : 64;
	void *bigger = arena_array(p->arena, *room, size);
	if (n)
		memcpy(bigger, items, n * size);
	return bigger;
}

static int parse_descriptor(struct parse *p, const uint8_t *at, const uint8_t *end)
{
	if (end - at < 24)
		return bad(p, at, "descriptor is cut off");
	struct archive_metric m = {
		.pmid = wire_u32(at),
		.type = wire_u32(at + 4),
		.indom = wire_u32(at + 8),
		.semantics = wire_u32(at + 12),
		.units = wire_u32(at + 16),
	};
	uint32_t n_names = wire_u32(at + 20);
	at += 24;
	for (uint32_t i = 0; i < n_names; i++) {
		if (end - at < 4)
			return bad(p, at, "name of a metric is cut off");
		uint32_t len = wire_u32(at);
		at += 4;
		if (len == 0 || len > MAX_NAME || len > (size_t)(end - at))
			return bad(p, at, "name of a metric has a wrong length");
		m.name = arena_strndup(p->arena, (const char *)at, len);
		at += len;
		struct archive_meta *x = p->meta;
		x->metrics = grown(p, x->metrics, x->n_metrics, &p->metric_room, sizeof(m));
		x->metrics[x->n_metrics++] = m;
	}
	return 0;
}

static int parse_indom(struct parse *p, enum tag tag, const uint8_t *at, const uint8_t *end)
{
	int version = p->meta->label.version;
	unsigned time_size = wire_time_size(version);
	if ((size_t)(end - at) < time_size + 8)
		return bad(p, at, "instance domain is cut off");
	struct archive_indom d = {
		.time_ns = wire_time(at, version),
		.indom = wire_u32(at + time_size),
		.n = wire_u32(at + time_size + 4),
		.is_delta = tag == TAG_INDOM_DELTA,
		.ids = at + time_size + 8,
	};
	if (d.n > INT32_MAX) // "no instances" is also written as an error code
		d.n = 0;
	if (d.n > (size_t)(end - d.ids) / 8)
		return bad(p, at, "instance domain claims more instances than it holds");
	// Names are used only up to the last NUL, so that each ends.
	d.names = (const char *)d.ids + 8 * (size_t)d.n;
	size_t size = (size_t)(end - (const uint8_t *)d.names);
	const char *last = size ? memrchr(d.names, '\0', size) : NULL;
	d.names_size = last ? (uint32_t)(last + 1 - d.names) : 0;

	struct archive_meta *x = p->meta;
	x->indoms = grown(p, x->indoms, x->n_indoms, &p->indom_room, sizeof(d));
	x->indoms[x->n_indoms++] = d;
	return 0;
}

int archive_instance(
	const struct archive_indom *d, size_t i, int32_t *ret_id, const char **ret_name)
{
	const uint8_t *offsets = d->ids + 4 * (size_t)d->n;
	uint32_t offset = wire_u32(offsets + 4 * i);
	*ret_id = (int32_t)wire_u32(d->ids + 4 * i);
	*ret_name = NULL;
	if (d->is_delta && offset == UINT32_MAX)
		return 0;
	if (offset >= d->names_size)
		return -EBADMSG;
	*ret_name = d->names + offset;
	return 1;
}

static int parse_record(struct parse *p, const uint8_t *at, const uint8_t *end)
{
	uint32_t tag = wire_u32(at);
	switch (tag) {
	case TAG_DESCRIPTOR:
		return parse_descriptor(p, at + 4, end);
	case TAG_INDOM_V2:
		if (p->meta->label.version != 2)
			return bad(p, at, "instance domain of version 2 in version 3");
		return parse_indom(p, tag, at + 4, end);
	case TAG_INDOM:
	case TAG_INDOM_DELTA:
		if (p->meta->label.version != 3)
			return bad(p, at, "instance domain of version 3 in version 2");
		return parse_indom(p, tag, at + 4, end);
	default:
		return 0;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct archive_indom *x = a;
	const struct archive_indom *y = b;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->ids < y->ids ? -1 : x->ids > y->ids;
}

int archive_meta_parse(struct bytes b, const char *path, struct arena *a, struct archive_meta *ret,
	struct error *err)
{
	*ret = (struct archive_meta){0};
	TRY(archive_label_parse(b, path, &ret->label, err));
	struct parse p = {.path = path, .arena = a, .meta = ret, .file = b.data, .err = err};
	size_t at = ret->label.size;
	int rc = 0;
	while (rc == 0 && b.len - at >= 4) {
		uint32_t len = wire_u32(b.data + at);
		if (len < 12)
			rc = bad(&p, b.data + at, "record has an impossible length");
		else if (len > b.len - at)
			break; // not whole yet
		else if (wire_u32(b.data + at + len - 4) != len)
			rc = bad(&p, b.data + at, "the two lengths of a record differ");
		else
			rc = parse_record(&p, b.data + at + 4, b.data + at + len - 4);
		if (rc == 0)
			at += len;
	}
	// Only now do the metrics stay where they are.
	for (size_t i = 0; i < ret->n_metrics; i++)
		map_put(&ret->by_name, ret->metrics[i].name, &ret->metrics[i]);
	if (ret->n_indoms)
		qsort(ret->indoms, ret->n_indoms, sizeof(*ret->indoms), by_time);
	return rc < 0 ? 1 : 0;
}

void archive_meta_release(struct archive_meta *m)
{
	map_release(&m->by_name);
}
