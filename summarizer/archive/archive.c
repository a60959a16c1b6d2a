// SPDX-License-Identifier: Apache-2.0
// An archive as a whole: its files, their order, and reading on from volume to volume.
#include "summarizer/archive/archive.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/str.h"
#include "summarizer/archive/mapping.h"

struct archive {
	struct arena arena;
	const char *base;
	struct mapping meta_file, index_file;
	struct archive_meta meta;
	struct archive_index index;
	int *volumes; // their numbers, rising
	size_t n_volumes;
	struct mapping mapped; // volume number volumes[current]
	size_t current;
	size_t offset; // in it; 0: it is not open yet
	bool is_lost;  // a mark must stand in for damage
	int64_t end_ns;
	struct error damage;
};

static void damaged(struct archive *x, const struct error *why)
{
	if (x->damage.code == 0)
		x->damage = *why;
}

static const char *volume_path(struct archive *x, int number, struct strbuf *to)
{
	strbuf_clear(to);
	strbuf_printf(to, "%s.%d", x->base, number);
	return strbuf_text(to);
}

static int by_number(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;
	return (x > y) - (x < y);
}

// What "NAME.SUFFIX" in the archive's folder is: a volume, or one that is compressed.
static int take_volume(struct archive *x, const char *suffix, size_t *room, struct error *err)
{
	uint64_t number = 0;
	size_t digits = strspn(suffix, "0123456789");
	if (digits == 0 || digits > 9)
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = 10 * number + (uint64_t)(suffix[i] - '0');
	if (suffix[digits] == '.')
		return error_set(err, ENOTSUP,
			"%s.%s: compressed volumes are not read; decompress it", x->base, suffix);
	if (suffix[digits] != '\0')
		return 0;
	if (x->n_volumes == *room) {
		*room = *room ? 2 * *room : 8;
		x->volumes = memory_resize(x->volumes, *room, sizeof(*x->volumes));
	}
	x->volumes[x->n_volumes++] = (int)number;
	return 0;
}

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

static int find_volumes(struct archive *x, struct error *err)
{
	const char *slash = strrchr(x->base, '/');
	const char *name = slash ? slash + 1 : x->base;
	const char *folder =
		slash ? arena_strndup(&x->arena, x->base, (size_t)(slash - x->base) + 1) : ".";
	CLEANUP(close_folder) DIR *d = opendir(folder);
	if (d == NULL)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	size_t len = strlen(name);
	size_t room = 0;
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		if (strncmp(e->d_name, name, len) == 0 && e->d_name[len] == '.')
			TRY(take_volume(x, e->d_name + len + 1, &room, err));
	if (x->n_volumes == 0)
		return error_set(err, ENOENT, "%s: the archive has no data volume", x->base);
	qsort(x->volumes, x->n_volumes, sizeof(*x->volumes), by_number);
	return 0;
}

// Maps volume number i of the list and checks its label.
static int map_volume(struct archive *x, size_t i, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	const char *name = volume_path(x, x->volumes[i], &path);
	struct archive_label label;
	mapping_close(&x->mapped);
	x->current = i;
	x->offset = 0;
	TRY(mapping_open(name, &x->mapped, err));
	TRY(archive_label_parse(x->mapped.bytes, name, &label, err));
	if (label.version != x->meta.label.version)
		return error_set(err, EBADMSG, "%s: version %d, but its metadata has %d (offset 4)",
			name, label.version, x->meta.label.version);
	if (label.volume != x->volumes[i])
		return error_set(err, EBADMSG, "%s: its label says volume %d", name, label.volume);
	x->offset = label.size;
	return 0;
}

// The last whole record of the mapped volume: by the length at the very end, else, when the file
// is still growing, by walking from the index's last entry. 1, or 0: there is none.
static int last_record(struct archive *x, struct archive_record *ret)
{
	struct bytes b = x->mapped.bytes;
	int version = x->meta.label.version;
	size_t next = 0;
	struct error ignored;
	size_t first = x->offset;
	if (b.len >= first + 4) {
		uint32_t len = wire_u32(b.data + b.len - 4);
		if (len <= b.len - first &&
			archive_record_at(b, version, b.len - len, "", ret, &next, &ignored) == 1 &&
			next == b.len)
			return 1;
	}
	size_t at = first;
	for (size_t i = x->index.n; i-- > 0;) {
		struct archive_index_entry e = archive_index_at(&x->index, i);
		if (e.volume == x->volumes[x->current] && e.data_offset >= first &&
			e.data_offset < b.len) {
			at = (size_t)e.data_offset;
			break;
		}
	}
	int found = 0;
	struct archive_record r;
	while (archive_record_at(b, version, at, "", &r, &next, &ignored) == 1) {
		*ret = r;
		found = 1;
		at = next;
	}
	if (found == 0 && at != first) // a wrong index leads nowhere
		for (at = first; archive_record_at(b, version, at, "", &r, &next, &ignored) == 1;
			at = next) {
			*ret = r;
			found = 1;
		}
	return found;
}

static void find_end(struct archive *x)
{
	struct archive_record r;
	x->end_ns = x->meta.label.start_ns;
	for (size_t i = x->n_volumes; i-- > 0;) {
		struct error why;
		if (map_volume(x, i, &why) < 0) {
			damaged(x, &why);
			continue;
		}
		if (last_record(x, &r) == 1) {
			x->end_ns = r.time_ns > x->end_ns ? r.time_ns : x->end_ns;
			return;
		}
	}
}

static int open_meta(struct archive *x, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	strbuf_printf(&path, "%s.meta", x->base);
	const char *name = arena_strdup(&x->arena, strbuf_text(&path));
	TRY(mapping_open(name, &x->meta_file, err));
	struct error why = {0};
	int rc = archive_meta_parse(x->meta_file.bytes, name, &x->arena, &x->meta, &why);
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
	struct error why;
	strbuf_printf(&path, "%s.index", x->base);
	if (mapping_open(strbuf_text(&path), &x->index_file, &why) < 0)
		return;
	if (archive_index_parse(x->index_file.bytes, strbuf_text(&path), &x->index, &why) < 0 ||
		x->index.version != x->meta.label.version)
		x->index = (struct archive_index){0};
}

int archive_open(const char *base, struct archive **ret, struct error *err)
{
	struct archive *x = memory_alloc(1, sizeof(*x));
	x->base = arena_strdup(&x->arena, base);
	int rc = open_meta(x, err);
	if (rc == 0)
		rc = find_volumes(x, err);
	if (rc < 0) {
		archive_close(x);
		return rc;
	}
	open_index(x);
	find_end(x);
	archive_rewind(x);
	*ret = x;
	return 0;
}

void archive_close(struct archive *x)
{
	if (x == NULL)
		return;
	mapping_close(&x->mapped);
	mapping_close(&x->meta_file);
	mapping_close(&x->index_file);
	archive_meta_release(&x->meta);
	free(x->volumes);
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
	mapping_close(&x->mapped);
	x->current = 0;
	x->offset = 0;
	x->is_lost = false;
}

void archive_seek(struct archive *x, int64_t time_ns)
{
	struct archive_index_entry e;
	struct error why;
	archive_rewind(x);
	if (archive_index_find(&x->index, time_ns, &e) == 0)
		return;
	for (size_t i = 0; i < x->n_volumes; i++) {
		if (x->volumes[i] != e.volume)
			continue;
		if (map_volume(x, i, &why) < 0 || e.data_offset < x->offset ||
			e.data_offset > x->mapped.bytes.len)
			archive_rewind(x); // the index is wrong
		else
			x->offset = (size_t)e.data_offset;
		return;
	}
}

// Leaves the current volume for the next; damage in it is put down.
static void leave_volume(struct archive *x, const struct error *why)
{
	if (why) {
		damaged(x, why);
		x->is_lost = true;
	}
	mapping_close(&x->mapped);
	x->current++;
	x->offset = 0;
	if (x->current < x->n_volumes && x->volumes[x->current] != x->volumes[x->current - 1] + 1)
		x->is_lost = true; // a volume is missing between
}

int archive_next(struct archive *x, struct archive_record *ret)
{
	while (x->current < x->n_volumes) {
		struct error why = {0};
		if (x->offset == 0 && map_volume(x, x->current, &why) < 0) {
			leave_volume(x, &why);
			continue;
		}
		CLEANUP(strbuf_release) struct strbuf path = {0};
		size_t next = 0;
		int rc = archive_record_at(x->mapped.bytes, x->meta.label.version, x->offset,
			x->base, ret, &next, &why);
		if (rc > 0 && x->is_lost) {
			x->is_lost = false;
			ret->n_sets = 0; // the mark; the record itself comes with the next call
			return 1;
		}
		if (rc > 0) {
			x->offset = next;
			return 1;
		}
		if (rc < 0) {
			volume_path(x, x->volumes[x->current], &path);
			if (archive_record_at(x->mapped.bytes, x->meta.label.version, x->offset,
				    strbuf_text(&path), ret, &next, &why) < 0)
				leave_volume(x, &why);
		} else {
			leave_volume(x, NULL);
		}
	}
	return 0;
}
