// SPDX-License-Identifier: Apache-2.0
// Reading files through a window that moves forwards.
#include "summarizer/archive/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "summarizer/archive/decoder.h"

#define FIRST_ROOM 4096       // a label is often all that is wanted
#define ROOM       (1u << 18) // some records, still in the processor's nearer cache
#define INPUT_ROOM (1u << 16)

static const struct decoder *const decoders[] = {&decoder_zstd, &decoder_xz, &decoder_gz};

struct stream {
	char *path;
	int fd;
	const struct decoder *decoder; // NULL: plain
	void *state;
	uint8_t *input; // compressed bytes, those not taken yet
	struct bytes left;
	uint64_t input_at; // in the file
	bool is_over;      // no more comes: the end of what is compressed, or damage
	uint8_t *window;
	uint64_t at; // offset of its first byte
	size_t len, room;
	struct error damage;
};

static const struct decoder *decoder_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(decoders); i++)
		if (str_ends(name, decoders[i]->suffix))
			return decoders[i];
	return NULL;
}

size_t stream_suffix(const char *name)
{
	const struct decoder *d = decoder_of(name);
	return d ? strlen(d->suffix) : 0;
}

void stream_path(const char *base, struct strbuf *ret)
{
	strbuf_clear(ret);
	strbuf_puts(ret, base);
	if (access(base, F_OK) == 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(decoders); i++) {
		strbuf_puts(ret, decoders[i]->suffix);
		if (access(ret->text, F_OK) == 0)
			return;
		strbuf_clear(ret);
		strbuf_puts(ret, base);
	}
}

static int open_file(struct stream *s, struct error *err)
{
	struct stat st;
	s->fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return error_set(err, errno, "%s: %s", s->path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s: not a regular file", s->path);
	if (s->decoder == NULL)
		return 0;
	s->input = memory_alloc(1, INPUT_ROOM);
	int rc = s->decoder->open(&s->state, err);
	return rc < 0 ? error_prefix(err, "%s", s->path) : 0;
}

int stream_open(const char *path, struct stream **ret, struct error *err)
{
	struct stream *s = memory_alloc(1, sizeof(*s));
	size_t len = strlen(path) + 1;
	s->path = memcpy(memory_alloc(len, 1), path, len);
	s->decoder = decoder_of(path);
	int rc = open_file(s, err);
	if (rc < 0) {
		stream_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

void stream_close(struct stream *s)
{
	if (s == NULL)
		return;
	if (s->state)
		s->decoder->close(s->state);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->input);
	free(s->window);
	free(s->path);
	free(s);
}

uint64_t stream_size(const struct stream *s)
{
	struct stat st;
	if (s->decoder)
		return UINT64_MAX;
	return fstat(s->fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static int failed(struct stream *s, int code, const char *why)
{
	s->is_over = true;
	return error_set(&s->damage, code, "%s: %s", s->path, why);
}

// Bytes of the file as they lie there: their number, 0 at its end.
static ssize_t read_at(struct stream *s, uint64_t at, void *to, size_t room)
{
	ssize_t n;
	do
		n = pread(s->fd, to, room, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n < 0 ? failed(s, errno, strerror(errno)) : n;
}

// Adds what is compressed next to the window; sets is_over at the end and at damage.
static void decode(struct stream *s)
{
	size_t before = s->len;
	bool is_last = false;
	while (!s->is_over && s->len == before) {
		if (s->left.len == 0 && !is_last) {
			ssize_t n = read_at(s, s->input_at, s->input, INPUT_ROOM);
			if (n < 0)
				return;
			s->left = (struct bytes){s->input, (size_t)n};
			s->input_at += (uint64_t)n;
			is_last = n == 0;
		}
		size_t got = 0;
		size_t left = s->left.len;
		struct error why = {0};
		int rc = s->decoder->run(s->state, &s->left, is_last, s->window + s->len,
			s->room - s->len, &got, &why);
		s->len += got;
		if (rc < 0)
			(void)failed(s, -rc, why.text);
		else if (rc > 0 && is_last && got == 0)
			s->is_over = true;
		else if (got == 0 && left == s->left.len)
			(void)failed(s, EBADMSG, "compressed data is cut off");
	}
}

// Adds at least one byte to the window. false: there is none.
static bool fill(struct stream *s)
{
	if (s->len == s->room) {
		size_t room = s->room == 0 ? FIRST_ROOM : s->room < ROOM ? ROOM : 2 * s->room;
		s->window = memory_resize(s->window, room, 1);
		s->room = room;
	}
	size_t before = s->len;
	if (s->decoder) {
		decode(s);
	} else {
		ssize_t n = read_at(s, s->at + s->len, s->window + s->len, s->room - s->len);
		s->len += n > 0 ? (size_t)n : 0;
	}
	return s->len > before;
}

// Makes the window begin at an offset that it does not hold.
static void move_to(struct stream *s, uint64_t at)
{
	if (s->decoder == NULL) {
		s->at = at;
		s->len = 0;
		return;
	}
	if (at < s->at) {
		s->decoder->close(s->state);
		s->state = NULL;
		s->left = (struct bytes){0};
		s->input_at = 0;
		s->at = 0;
		s->len = 0;
		s->is_over = false;
		s->damage = (struct error){0};
		struct error why;
		if (s->decoder->open(&s->state, &why) < 0) {
			(void)failed(s, ENOMEM, why.text);
			return;
		}
	}
	while (at > s->at + s->len) {
		s->at += s->len;
		s->len = 0;
		if (!fill(s))
			return;
	}
}

static void keep_from(struct stream *s, size_t skip)
{
	memmove(s->window, s->window + skip, s->len - skip);
	s->at += skip;
	s->len -= skip;
}

int stream_window(struct stream *s, uint64_t at, size_t want, struct bytes *ret, struct error *err)
{
	*ret = (struct bytes){0};
	if (at < s->at || at > s->at + s->len)
		move_to(s, at);
	if (at > s->at + s->len) { // beyond the end
		if (s->damage.code && err)
			*err = s->damage;
		return s->damage.code;
	}
	size_t skip = (size_t)(at - s->at);
	while (s->len - skip < want) {
		if (skip && s->len) {
			keep_from(s, skip);
			skip = 0;
		}
		if (!fill(s))
			break;
	}
	ret->data = s->window + skip;
	ret->len = s->len - skip;
	if (ret->len >= want || s->damage.code == 0)
		return 0;
	if (err)
		*err = s->damage;
	return s->damage.code;
}

static void close_stream(struct stream **s)
{
	stream_close(*s);
}

int stream_read_all(const char *path, size_t max, struct bytes *ret, struct error *err)
{
	CLEANUP(close_stream) struct stream *s = NULL;
	struct bytes b;
	TRY(stream_open(path, &s, err));
	int rc = stream_window(s, 0, max + 1, &b, err);
	if (b.len > max)
		return error_set(err, EFBIG, "%s: more than %zu bytes", path, max);
	if (rc < 0 && b.len == 0)
		return rc;
	*ret = (struct bytes){s->window, b.len};
	s->window = NULL;
	return rc < 0 ? 1 : 0;
}
