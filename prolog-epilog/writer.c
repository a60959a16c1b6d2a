// SPDX-License-Identifier: Apache-2.0
// Growing PCP archives.
#include "prolog-epilog/writer.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"

enum file { FILE_META, FILE_INDEX, FILE_DATA, FILES };

enum { TAG_METRIC = 1, TAG_INDOM_2 = 2, TAG_INDOM_3 = 5 };

static const struct {
	const char *suffix;
	uint32_t volume;
} files[FILES] = {{".meta", (uint32_t)-1}, {".index", (uint32_t)-2}, {".0", 0}};

struct writer {
	char *base;
	int version;
	int fd[FILES];
	off_t size[FILES]; // of what is whole
	uint32_t *pmids;   // of the metrics in the file or in meta
	size_t n_pmids;
	struct strbuf meta; // not written yet
	int64_t last_ns;    // of the last record
	int64_t time_ns;    // of the record being made
	struct strbuf sets; // of the record being made
	struct strbuf blocks;
	size_t *references; // places in sets that hold offsets into blocks
	size_t n_references, reference_room;
	uint32_t n_sets;
};

static void put_u32(struct strbuf *b, uint32_t v)
{
	uint32_t be = htobe32(v);

	strbuf_add(b, &be, sizeof(be));
}

// Version 3 writes 64-bit seconds as two words, the low one first.
static void put_time(struct strbuf *b, int version, int64_t ns)
{
	uint64_t s = (uint64_t)(ns / NS_PER_S);

	put_u32(b, (uint32_t)s);
	if (version == 2) {
		put_u32(b, (uint32_t)(ns % NS_PER_S / 1000));
		return;
	}
	put_u32(b, (uint32_t)(s >> 32));
	put_u32(b, (uint32_t)(ns % NS_PER_S));
}

static void put_padded(struct strbuf *b, const char *s, size_t size)
{
	size_t len = strnlen(s, size - 1);

	strbuf_add(b, s, len);
	for (; len < size; len++)
		strbuf_putc(b, '\0');
}

// Frames lead with their length and end with it, counting both.
static size_t frame_begin(struct strbuf *b)
{
	size_t at = b->len;

	put_u32(b, 0);
	return at;
}

static void frame_end(struct strbuf *b, size_t at)
{
	uint32_t len = htobe32((uint32_t)(b->len - at + 4));

	memcpy(b->text + at, &len, sizeof(len));
	strbuf_add(b, &len, sizeof(len));
}

static void put_label(struct strbuf *b, int version, uint32_t volume, const char *host, int64_t ns)
{
	size_t at = frame_begin(b);

	put_u32(b, version == 2 ? 0x50052602 : 0x50052603);
	put_u32(b, (uint32_t)getpid());
	put_time(b, version, ns);
	put_u32(b, volume);
	if (version == 2) {
		put_padded(b, host, 64);
		put_padded(b, "UTC", 40);
	} else {
		put_u32(b, 0); // features
		put_u32(b, 0);
		put_padded(b, host, 256);
		put_padded(b, "UTC", 256);
		put_padded(b, "", 256);
	}
	frame_end(b, at);
}

static int failed(const struct writer *w, enum file f, struct error *err)
{
	int code = errno ? errno : EIO;

	return error_set(err, code, "%s%s: %s", w->base, files[f].suffix, strerror(code));
}

// All or nothing: what a full disk lets through of it is cut off again.
static int append(struct writer *w, enum file f, const struct strbuf *b, struct error *err)
{
	size_t done = 0;

	while (done < b->len) {
		ssize_t n =
			pwrite(w->fd[f], b->text + done, b->len - done, w->size[f] + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int code = failed(w, f, err);
			if (ftruncate(w->fd[f], w->size[f]) < 0)
				(void)error_prefix(err, "and it cannot be cut back");
			return code;
		}
		done += (size_t)n;
	}
	w->size[f] += (off_t)b->len;
	return 0;
}

static uint32_t word_at(const struct writer *w, enum file f, off_t at)
{
	uint32_t v = 0;

	return pread(w->fd[f], &v, sizeof(v), at) == sizeof(v) ? be32toh(v) : 0;
}

static void remember(struct writer *w, uint32_t pmid)
{
	w->pmids = memory_resize(w->pmids, w->n_pmids + 1, sizeof(*w->pmids));
	w->pmids[w->n_pmids++] = pmid;
}

// Walks the frames of a file; what follows the last whole one is cut off.
static int walk(struct writer *w, enum file f, struct error *err)
{
	struct stat st;
	off_t at = 0;

	if (fstat(w->fd[f], &st) < 0)
		return failed(w, f, err);
	while (at + 8 <= st.st_size) {
		uint32_t len = word_at(w, f, at);
		if (len < 12 || len > st.st_size - at || word_at(w, f, at + (off_t)len - 4) != len)
			break;
		if (f == FILE_META && word_at(w, f, at + 4) == TAG_METRIC)
			remember(w, word_at(w, f, at + 8));
		if (f == FILE_DATA && at > 0) {
			int64_t s = word_at(w, f, at + 4);
			int64_t sub = word_at(w, f, at + (w->version == 2 ? 8 : 12));
			w->last_ns = s * NS_PER_S + (w->version == 2 ? sub * 1000 : sub);
		}
		at += (off_t)len;
		if (f == FILE_INDEX) { // entries have no frame
			off_t entry = w->version == 2 ? 20 : 32;
			at += (st.st_size - at) / entry * entry;
			break;
		}
	}
	w->size[f] = at;
	if (at != st.st_size && ftruncate(w->fd[f], at) < 0)
		return failed(w, f, err);
	return 0;
}

static int open_files(struct writer *w, int folder, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};

	for (int f = 0; f < FILES; f++) {
		strbuf_clear(&path);
		strbuf_printf(&path, "%s%s", w->base, files[f].suffix);
		w->fd[f] = openat(folder, strbuf_text(&path),
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (w->fd[f] < 0)
			return failed(w, (enum file)f, err);
		if (f == FILE_META && flock(w->fd[f], LOCK_EX | LOCK_NB) < 0)
			return error_set(err, EBUSY, "%s.meta: another process writes it", w->base);
	}
	return 0;
}

// A version that the files have already stays.
static int begin_files(struct writer *w, const char *host, int64_t start_ns, struct error *err)
{
	uint32_t magic = word_at(w, FILE_META, 4);

	if (magic == 0x50052602 || magic == 0x50052603)
		w->version = magic == 0x50052602 ? 2 : 3;
	for (int f = 0; f < FILES; f++) {
		CLEANUP(strbuf_release) struct strbuf label = {0};
		TRY(walk(w, (enum file)f, err));
		put_label(&label, w->version, files[f].volume, host, start_ns);
		if (w->size[f] == 0)
			TRY(append(w, (enum file)f, &label, err));
	}
	return 0;
}

int writer_open(int folder, const char *base, int version, const char *host, int64_t start_ns,
	struct writer **ret, struct error *err)
{
	struct writer *w = memory_alloc(1, sizeof(*w));
	int code;

	w->version = version;
	for (int f = 0; f < FILES; f++)
		w->fd[f] = -1;
	w->base = memory_alloc(strlen(base) + 1, 1);
	memcpy(w->base, base, strlen(base));
	code = open_files(w, folder, err);
	if (code == 0)
		code = begin_files(w, host, start_ns, err);
	if (code < 0) {
		writer_close(w);
		return code;
	}
	*ret = w;
	return 0;
}

void writer_close(struct writer *w)
{
	if (!w)
		return;
	for (int f = 0; f < FILES; f++)
		if (w->fd[f] >= 0)
			close(w->fd[f]);
	strbuf_release(&w->meta);
	strbuf_release(&w->sets);
	strbuf_release(&w->blocks);
	free(w->references);
	free(w->pmids);
	free(w->base);
	free(w);
}

void writer_metric(struct writer *w, const struct writer_metric *m)
{
	for (size_t i = 0; i < w->n_pmids; i++)
		if (w->pmids[i] == m->pmid)
			return;
	remember(w, m->pmid);
	size_t at = frame_begin(&w->meta);
	put_u32(&w->meta, TAG_METRIC);
	put_u32(&w->meta, m->pmid);
	put_u32(&w->meta, m->type);
	put_u32(&w->meta, m->indom);
	put_u32(&w->meta, m->semantics);
	put_u32(&w->meta, m->units);
	put_u32(&w->meta, 1);
	put_u32(&w->meta, (uint32_t)strlen(m->name));
	strbuf_puts(&w->meta, m->name);
	frame_end(&w->meta, at);
}

void writer_indom(struct writer *w, int64_t time_ns, uint32_t indom, size_t n, const int32_t *ids,
	char *const *names)
{
	uint32_t offset = 0;
	size_t at = frame_begin(&w->meta);

	put_u32(&w->meta, w->version == 2 ? TAG_INDOM_2 : TAG_INDOM_3);
	put_time(&w->meta, w->version, time_ns > w->last_ns ? time_ns : w->last_ns);
	put_u32(&w->meta, indom);
	put_u32(&w->meta, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		put_u32(&w->meta, (uint32_t)ids[i]);
	for (size_t i = 0; i < n; i++) {
		put_u32(&w->meta, offset);
		offset += (uint32_t)strlen(names[i]) + 1;
	}
	for (size_t i = 0; i < n; i++)
		strbuf_add(&w->meta, names[i], strlen(names[i]) + 1);
	frame_end(&w->meta, at);
}

int writer_flush(struct writer *w, struct error *err)
{
	TRY(append(w, FILE_META, &w->meta, err));
	strbuf_clear(&w->meta);
	return 0;
}

void writer_begin(struct writer *w, int64_t time_ns)
{
	w->time_ns = time_ns > w->last_ns ? time_ns : w->last_ns;
	w->n_references = 0;
	w->n_sets = 0;
	strbuf_clear(&w->sets);
	strbuf_clear(&w->blocks);
}

void writer_set(struct writer *w, uint32_t pmid, int32_t n, bool is_block)
{
	w->n_sets++;
	put_u32(&w->sets, pmid);
	put_u32(&w->sets, (uint32_t)n);
	if (n > 0)
		put_u32(&w->sets, is_block);
}

void writer_word(struct writer *w, int32_t instance, uint32_t value)
{
	put_u32(&w->sets, (uint32_t)instance);
	put_u32(&w->sets, value);
}

void writer_block(struct writer *w, int32_t instance, uint32_t type, const void *data, size_t size)
{
	if (w->n_references == w->reference_room) {
		w->reference_room = w->reference_room ? 2 * w->reference_room : 256;
		w->references =
			memory_resize(w->references, w->reference_room, sizeof(*w->references));
	}
	put_u32(&w->sets, (uint32_t)instance);
	w->references[w->n_references++] = w->sets.len;
	put_u32(&w->sets, (uint32_t)w->blocks.len);
	put_u32(&w->blocks, type << 24 | (uint32_t)(size + 4));
	strbuf_add(&w->blocks, data, size);
	while (w->blocks.len % 4)
		strbuf_putc(&w->blocks, '\0');
}

// References count words from 8 bytes before the record.
static void resolve(struct writer *w, size_t head)
{
	for (size_t i = 0; i < w->n_references; i++) {
		uint32_t v;
		memcpy(&v, w->sets.text + w->references[i], sizeof(v));
		v = htobe32((uint32_t)((8 + head + w->sets.len + be32toh(v)) / 4));
		memcpy(w->sets.text + w->references[i], &v, sizeof(v));
	}
}

static int put_index(struct writer *w, off_t meta, off_t data, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf entry = {0};

	put_time(&entry, w->version, w->time_ns);
	put_u32(&entry, 0);
	if (w->version == 3)
		put_u32(&entry, (uint32_t)((uint64_t)meta >> 32));
	put_u32(&entry, (uint32_t)meta);
	if (w->version == 3)
		put_u32(&entry, (uint32_t)((uint64_t)data >> 32));
	put_u32(&entry, (uint32_t)data);
	return append(w, FILE_INDEX, &entry, err);
}

int writer_commit(struct writer *w, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf record = {0};
	off_t meta = w->size[FILE_META];
	off_t data = w->size[FILE_DATA];
	size_t at = frame_begin(&record);

	put_time(&record, w->version, w->time_ns);
	put_u32(&record, w->n_sets);
	resolve(w, record.len);
	strbuf_add(&record, w->sets.text, w->sets.len);
	if (w->blocks.len)
		strbuf_add(&record, w->blocks.text, w->blocks.len);
	frame_end(&record, at);
	TRY(writer_flush(w, err));
	TRY(append(w, FILE_DATA, &record, err));
	w->last_ns = w->time_ns;
	return put_index(w, meta, data, err);
}
