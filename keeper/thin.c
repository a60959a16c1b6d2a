// SPDX-License-Identifier: Apache-2.0
// A volume is a row of records, each with all of its values: leaving some out leaves a good volume, of a
// coarser interval. Records of one kind are those with the same metrics, for pmlogger writes metrics of
// different intervals into records of their own. Kept are the first of a kind in each interval, what
// stands beside a gap or an end, marks, and whatever holds a job's begin or end.
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/str.h"
#include "keeper/retain.h"
#include "summarizer/archive/archive.h"
#include "summarizer/archive/stream.h"
#include "summarizer/archive/volumes.h"

#define NEW_INDEX ".jobsight-new-index"

enum { BOUNDARY_DOMAIN = 340, KINDS_MAX = 256, FLUSH_BYTES = 1 << 20, INDEX_EVERY = 100000 };

struct thinning {
	int to;
	int64_t interval_ns;
	struct {
		uint64_t kind;
		int64_t kept_ns;
	} kinds[KINDS_MAX]; // beyond, records are kept
	size_t n;
	struct strbuf out, left; // left: the last record, when it was left out
};

static void thinning_close(struct thinning *t)
{
	strbuf_release(&t->out);
	strbuf_release(&t->left);
}

static void close_stream(struct stream **s)
{
	stream_close(*s);
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int write_all(int fd, struct strbuf *b, struct error *err)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t n = write(fd, b->text + done, b->len - done);
		if (n < 0 && errno != EINTR)
			return error_set(err, errno, "cannot write: %s", strerror(errno));
		done += n > 0 ? (size_t)n : 0;
	}
	strbuf_clear(b);
	return 0;
}

// One number for a set of metrics; 0: the record must be kept.
static uint64_t kind_of(struct archive_record r)
{
	uint64_t kind = UINT64_C(0xcbf29ce484222325);
	struct archive_set set;

	if (r.n_sets == 0)
		return 0;
	while (archive_set_next(&r, &set) > 0) {
		if ((set.pmid >> 22 & 0x1ff) == BOUNDARY_DOMAIN)
			return 0;
		kind = (kind ^ set.pmid) * UINT64_C(0x100000001b3);
	}
	return kind ? kind : 1;
}

static bool is_due(struct thinning *t, uint64_t kind, int64_t time_ns)
{
	size_t i = 0;

	while (i < t->n && t->kinds[i].kind != kind)
		i++;
	if (i == KINDS_MAX)
		return true;
	if (i < t->n && time_ns - t->kinds[i].kept_ns < t->interval_ns)
		return false;
	t->n += i == t->n;
	t->kinds[i].kind = kind;
	t->kinds[i].kept_ns = time_ns;
	return true;
}

static int take_record(struct thinning *t, const struct archive_record *r, struct error *err)
{
	uint64_t kind = kind_of(*r);
	bool is_mark = r->n_sets == 0;

	if (is_mark)
		strbuf_add(&t->out, strbuf_text(&t->left), t->left.len);
	strbuf_clear(&t->left);
	if (kind && !is_due(t, kind, r->time_ns)) {
		strbuf_add(&t->left, r->start, archive_record_size(r));
		return 0;
	}
	if (is_mark)
		t->n = 0; // all begins anew behind it
	strbuf_add(&t->out, r->start, archive_record_size(r));
	return t->out.len < FLUSH_BYTES ? 0 : write_all(t->to, &t->out, err);
}

// The records of a volume one after the other: 1, 0 at the end, <0 damaged.
struct walk {
	struct stream *stream;
	const char *path;
	struct archive_label label;
	uint8_t label_bytes[ARCHIVE_LABEL_MAX];
	uint64_t at;
};

static int walk_open(struct walk *w, const char *path, struct error *err)
{
	struct bytes b = {0};

	w->path = path;
	TRY(stream_open(path, &w->stream, err));
	TRY(stream_window(w->stream, 0, ARCHIVE_LABEL_MAX, &b, err));
	TRY(archive_label_parse(b, path, &w->label, err));
	memcpy(w->label_bytes, b.data, w->label.size);
	w->at = w->label.size;
	return 0;
}

static int walk_next(struct walk *w, struct archive_record *ret, struct error *err)
{
	struct archive_spot where = {w->path, w->at};
	struct bytes b = {0};

	TRY(stream_window(w->stream, w->at, 4, &b, err));
	if (b.len >= 4 && wire_u32(b.data) <= ARCHIVE_RECORD_MAX)
		TRY(stream_window(w->stream, w->at, wire_u32(b.data), &b, err));
	int rc = archive_record_parse(b, w->label.version, where, ret, err);
	if (rc == 0 && b.len)
		return error_set(err, EBADMSG, "%s: the last record is not whole", w->path);
	if (rc > 0)
		w->at += archive_record_size(ret);
	return rc;
}

static void walk_close(struct walk *w)
{
	close_stream(&w->stream);
}

// A damaged volume is not thinned: who looks into the damage wants all of it.
int thin_volume(int dir, const char *name, int64_t interval_s, int to, struct error *err)
{
	CLEANUP(thinning_close)
	struct thinning t = {.to = to, .interval_ns = interval_s * NS_PER_S};
	CLEANUP(walk_close) struct walk w = {0};
	struct archive_record r;
	char path[PATH_MAX];
	int rc;

	if (!str_format(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name))
		return error_set(err, ENAMETOOLONG, "%s: too long", name);
	TRY(walk_open(&w, path, err));
	strbuf_add(&t.out, w.label_bytes, w.label.size);
	while ((rc = walk_next(&w, &r, err)) > 0)
		TRY(take_record(&t, &r, err));
	TRY(rc);
	strbuf_add(&t.out, strbuf_text(&t.left), t.left.len);
	return write_all(to, &t.out, err);
}

static void put_u32(struct strbuf *out, uint32_t v)
{
	uint32_t be = htobe32(v);

	strbuf_add(out, &be, sizeof(be));
}

static void put_u64(struct strbuf *out, uint64_t v)
{
	uint64_t be = htobe64(v);

	strbuf_add(out, &be, sizeof(be));
}

struct entry {
	int64_t time_ns;
	int volume;
	uint64_t meta, data;
};

static void put_entry(struct strbuf *out, int version, const struct entry *e)
{
	uint64_t s = (uint64_t)(e->time_ns / NS_PER_S);
	uint32_t ns = (uint32_t)(e->time_ns % NS_PER_S);

	if (version == 2) {
		put_u32(out, (uint32_t)s);
		put_u32(out, ns / 1000);
		put_u32(out, (uint32_t)e->volume);
		put_u32(out, (uint32_t)e->meta);
		put_u32(out, (uint32_t)e->data);
		return;
	}
	put_u32(out, (uint32_t)s); // the low word first
	put_u32(out, (uint32_t)(s >> 32));
	put_u32(out, ns);
	put_u32(out, (uint32_t)e->volume);
	put_u64(out, e->meta);
	put_u64(out, e->data);
}

// The label of an index is that of a volume but for the number.
static void put_label(struct strbuf *out, const struct walk *w)
{
	size_t at = 4 + (w->label.version == 2 ? 16 : 20);
	uint32_t number = htobe32((uint32_t)ARCHIVE_VOLUME_INDEX);

	strbuf_add(out, w->label_bytes, w->label.size);
	memcpy(out->text + at, &number, sizeof(number));
}

static int index_volume(
	const struct volume *v, uint64_t meta, struct strbuf *out, struct error *err)
{
	CLEANUP(walk_close) struct walk w = {0};
	struct archive_record r;
	uint64_t next = 0;
	bool is_put = false;
	struct entry e = {.volume = v->number, .meta = meta};
	int rc;

	TRY(walk_open(&w, v->path, err));
	if (out->len == 0)
		put_label(out, &w);
	while ((rc = walk_next(&w, &r, err)) > 0) {
		e.time_ns = r.time_ns;
		e.data = w.at - archive_record_size(&r);
		is_put = e.data >= next;
		if (!is_put)
			continue;
		put_entry(out, w.label.version, &e);
		next = w.at + INDEX_EVERY;
	}
	if (w.at > w.label.size && !is_put)
		put_entry(out, w.label.version, &e);
	return rc;
}

int thin_index(const struct day_folder *d, const char *base, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	CLEANUP(strbuf_release) struct strbuf meta = {0};
	struct volumes volumes = {0};
	struct bytes bytes = {0};

	stream_path(arena_printf(&a, "%s/%s/%s.meta", d->root, d->day, base), &meta);
	TRY(stream_read_all(strbuf_text(&meta), INT32_MAX, &bytes, err));
	free((void *)(uintptr_t)bytes.data);
	TRY(volumes_find(
		arena_printf(&a, "%s/%s/%s", d->root, d->day, base), -1, &a, &volumes, err));
	for (size_t i = 0; i < volumes.n; i++)
		TRY(index_volume(&volumes.items[i], bytes.len, &out, err));
	CLEANUP(close_fd)
	int fd = openat(
		d->fd, NEW_INDEX, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", base, strerror(errno));
	TRY(write_all(fd, &out, err));
	const char *name = arena_printf(&a, "%s.index", base);
	if (fsync(fd) < 0 || renameat(d->fd, NEW_INDEX, d->fd, name) < 0 || fsync(d->fd) < 0)
		return error_set(err, errno, "%s: %s", name, strerror(errno));
	return 0;
}
