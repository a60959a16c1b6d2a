// SPDX-License-Identifier: Apache-2.0
// An archive as a whole: its files, their order, and reading on from volume to volume.
#include "summarizer/archive/archive.h"

#include <stdlib.h>

#include "common/memory.h"
#include "common/str.h"
#include "summarizer/archive/stream.h"
#include "summarizer/archive/volumes.h"

#define META_MAX  ((size_t)1 << 30) // bytes, uncompressed: they are in memory
#define INDEX_MAX ((size_t)1 << 28)

struct archive {
	struct arena arena;
	const char *base;
	struct bytes meta_file, index_file; // ours to free
	struct archive_meta meta;
	struct archive_index index;
	struct volumes volumes;
	struct stream *stream; // of volume number `current`; NULL: it is not open yet
	size_t current;
	uint64_t offset; // in it
	bool is_lost;    // a mark must stand in for damage
	int64_t end_ns;
	struct error damage;
};

static void damaged(struct archive *x, const struct error *why)
{
	if (x->damage.code == 0)
		x->damage = *why;
}

static void close_volume(struct archive *x)
{
	stream_close(x->stream);
	x->stream = NULL;
	x->offset = 0;
}

// Opens volume i of the list and checks its label.
static int open_volume(struct archive *x, size_t i, struct error *err)
{
	const struct volume *v = &x->volumes.items[i];
	struct archive_label label;
	struct bytes b;
	close_volume(x);
	x->current = i;
	TRY(stream_open(v->path, &x->stream, err));
	int rc = stream_window(x->stream, 0, ARCHIVE_LABEL_MAX, &b, err);
	if (rc < 0 && b.len < ARCHIVE_LABEL_MAX)
		return rc;
	TRY(archive_label_parse(b, v->path, &label, err));
	if (label.version != x->meta.label.version)
		return error_set(err, EBADMSG, "%s: version %d, but its metadata has %d (offset 4)",
			v->path, label.version, x->meta.label.version);
	if (label.volume != v->number)
		return error_set(
			err, EBADMSG, "%s: its label says volume %d", v->path, label.volume);
	x->offset = label.size;
	return 0;
}

// The record at an offset of the open volume: 1; 0 there is no whole one; <0 damage.
static int record_at(
	struct archive *x, uint64_t offset, struct archive_record *ret, struct error *err)
{
	struct archive_spot where = {x->volumes.items[x->current].path, offset};
	struct bytes b;
	TRY(stream_window(x->stream, offset, 4, &b, err));
	if (b.len < 4)
		return 0;
	uint32_t len = wire_u32(b.data);
	if (len > b.len && len <= ARCHIVE_RECORD_MAX)
		TRY(stream_window(x->stream, offset, len, &b, err));
	return archive_record_parse(b, x->meta.label.version, where, ret, err);
}

// Where to begin to look for the last record: at the index's last entry of this volume.
static uint64_t last_indexed(const struct archive *x, uint64_t first, uint64_t size)
{
	for (size_t i = x->index.n; i-- > 0;) {
		struct archive_index_entry e = archive_index_at(&x->index, i);
		if (e.volume == x->volumes.items[x->current].number && e.data_offset >= first &&
			e.data_offset < size)
			return e.data_offset;
	}
	return first;
}

// The last of the records from an offset on. 1, or 0: there is none.
static int last_from(struct archive *x, uint64_t at, int64_t *ret_ns)
{
	struct error ignored;
	struct archive_record r;
	int found = 0;
	for (; record_at(x, at, &r, &ignored) == 1; at += archive_record_size(&r)) {
		*ret_ns = r.time_ns;
		found = 1;
	}
	return found;
}

// The last whole record of the open volume: by the length at the very end; else, when the file is
// still growing, by walking from the index's last entry. A compressed one is read through.
static int last_record(struct archive *x, int64_t *ret_ns)
{
	struct error ignored;
	struct archive_record r;
	struct bytes b;
	uint64_t first = x->offset;
	uint64_t size = stream_size(x->stream);
	if (size == UINT64_MAX)
		return last_from(x, first, ret_ns);
	if (size >= first + 4 && stream_window(x->stream, size - 4, 4, &b, NULL) == 0 &&
		b.len >= 4) {
		uint32_t len = wire_u32(b.data);
		if (len <= size - first && record_at(x, size - len, &r, &ignored) == 1 &&
			archive_record_size(&r) == len) {
			*ret_ns = r.time_ns;
			return 1;
		}
	}
	uint64_t at = last_indexed(x, first, size);
	int found = last_from(x, at, ret_ns);
	if (found == 0 && at != first) // a wrong index leads nowhere
		found = last_from(x, first, ret_ns);
	return found;
}

static void find_end(struct archive *x)
{
	x->end_ns = x->meta.label.start_ns;
	for (size_t i = x->volumes.n; i-- > 0;) {
		struct error why;
		int64_t last_ns = 0;
		if (open_volume(x, i, &why) < 0) {
			damaged(x, &why);
			continue;
		}
		if (last_record(x, &last_ns) == 1) {
			x->end_ns = last_ns > x->end_ns ? last_ns : x->end_ns;
			return;
		}
	}
}

static int open_meta(struct archive *x, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	const char *plain = arena_printf(&x->arena, "%s.meta", x->base);
	stream_path(plain, &path);
	const char *name = arena_strdup(&x->arena, strbuf_text(&path));
	struct error why = {0};
	int rc = stream_read_all(name, META_MAX, &x->meta_file, &why);
	if (rc < 0)
		return error_set(err, -rc, "%s", why.text);
	if (rc > 0)
		damaged(x, &why);
	rc = archive_meta_parse(x->meta_file, name, &x->arena, &x->meta, &why);
	if (rc < 0)
		return error_set(err, -rc, "%s", why.text);
	if (rc > 0)
		damaged(x, &why);
	if (x->meta.label.volume != ARCHIVE_VOLUME_META)
		return error_set(
			err, EBADMSG, "%s: its label says volume %d", name, x->meta.label.volume);
	return 0;
}

// The index only saves time: without it, or with a damaged one, all is read from the beginning.
static void open_index(struct archive *x)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	stream_path(arena_printf(&x->arena, "%s.index", x->base), &path);
	const char *name = strbuf_text(&path);
	struct error why;
	if (stream_read_all(name, INDEX_MAX, &x->index_file, &why) < 0)
		return;
	if (archive_index_parse(x->index_file, name, &x->index, &why) < 0 ||
		x->index.version != x->meta.label.version)
		x->index = (struct archive_index){0};
}

#define VOLUMES_MAX 100000 // more in the index is damage

// The last volume that the index names; -1: it cannot be said.
static int last_volume(const struct archive_index *x)
{
	int last = -1;
	for (size_t i = 0; i < x->n; i++) {
		int volume = archive_index_at(x, i).volume;
		last = volume > last ? volume : last;
	}
	return last < VOLUMES_MAX ? last : -1;
}

int archive_open(const char *base, struct archive **ret, struct error *err)
{
	struct archive *x = memory_alloc(1, sizeof(*x));
	x->base = arena_strdup(&x->arena, base);
	int rc = open_meta(x, err);
	if (rc == 0) {
		open_index(x);
		rc = volumes_find(base, last_volume(&x->index), &x->arena, &x->volumes, err);
	}
	if (rc < 0) {
		archive_close(x);
		return rc;
	}
	find_end(x);
	archive_rewind(x);
	*ret = x;
	return 0;
}

void archive_close(struct archive *x)
{
	if (x == NULL)
		return;
	close_volume(x);
	archive_meta_release(&x->meta);
	free((void *)(uintptr_t)x->meta_file.data);
	free((void *)(uintptr_t)x->index_file.data);
	arena_release(&x->arena);
	free(x);
}

const char *archive_base(const struct archive *x)
{
	return x->base;
}

const struct archive_meta *archive_meta(const struct archive *x)
{
	return &x->meta;
}

const struct archive_metric *archive_find(const struct archive *x, const char *name)
{
	return map_get(&x->meta.by_name, name);
}

int64_t archive_end_ns(const struct archive *x)
{
	return x->end_ns;
}

const struct error *archive_damage(const struct archive *x)
{
	return &x->damage;
}

void archive_rewind(struct archive *x)
{
	close_volume(x);
	x->current = 0;
	x->is_lost = false;
}

void archive_seek(struct archive *x, int64_t time_ns)
{
	struct archive_index_entry e;
	struct error why;
	archive_rewind(x);
	if (archive_index_find(&x->index, time_ns, &e) == 0)
		return;
	for (size_t i = 0; i < x->volumes.n; i++) {
		if (x->volumes.items[i].number != e.volume)
			continue;
		struct archive_record r;
		if (open_volume(x, i, &why) < 0 || e.data_offset < x->offset ||
			e.data_offset > stream_size(x->stream) ||
			record_at(x, e.data_offset, &r, &why) < 0)
			archive_rewind(x); // the index is wrong
		else
			x->offset = e.data_offset;
		return;
	}
}

// Leaves the current volume for the next; damage in it is put down.
static void leave_volume(struct archive *x, const struct error *why)
{
	const struct volume *v = x->volumes.items;
	if (why) {
		damaged(x, why);
		x->is_lost = true;
	}
	close_volume(x);
	x->current++;
	if (x->current < x->volumes.n && v[x->current].number != v[x->current - 1].number + 1)
		x->is_lost = true; // a volume is missing between
}

int archive_next(struct archive *x, struct archive_record *ret)
{
	while (x->current < x->volumes.n) {
		struct error why = {0};
		if (x->offset == 0 && open_volume(x, x->current, &why) < 0) {
			leave_volume(x, &why);
			continue;
		}
		int rc = record_at(x, x->offset, ret, &why);
		if (rc > 0 && x->is_lost) {
			x->is_lost = false;
			ret->n_sets = 0; // the mark; the record itself comes with the next call
			return 1;
		}
		if (rc > 0) {
			x->offset += archive_record_size(ret);
			return 1;
		}
		leave_volume(x, rc < 0 ? &why : NULL);
	}
	return 0;
}
