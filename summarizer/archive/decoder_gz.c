// SPDX-License-Identifier: Apache-2.0
// .gz through zlib, also several members one after the other.
#include <errno.h>
#include <limits.h>
#include <zlib.h>

#include "common/memory.h"
#include "summarizer/archive/decoder.h"

struct gz {
	z_stream stream;
	bool is_done; // a member has ended
};

static int gz_open(void **ret_state, struct error *err)
{
	struct gz *s = memory_alloc(1, sizeof(*s));
	if (inflateInit2(&s->stream, 15 + 16) != Z_OK) {
		free(s);
		return error_set(err, ENOMEM, "no gzip decoder");
	}
	*ret_state = s;
	return 0;
}

static int gz_run(void *state, struct bytes *in, bool is_last, uint8_t *out, size_t room,
	size_t *ret_n, struct error *err)
{
	struct gz *s = state;
	*ret_n = 0;
	if (s->is_done && in->len == 0)
		return 1;
	if (s->is_done)
		(void)inflateReset(&s->stream);
	s->is_done = false;
	s->stream.next_in = (Bytef *)(uintptr_t)in->data; // zlib only reads it
	s->stream.avail_in = in->len > UINT_MAX ? UINT_MAX : (uInt)in->len;
	s->stream.next_out = out;
	s->stream.avail_out = room > UINT_MAX ? UINT_MAX : (uInt)room;
	int rc = inflate(&s->stream, Z_NO_FLUSH);
	*ret_n = (size_t)(s->stream.next_out - out);
	size_t taken = (size_t)(s->stream.next_in - in->data);
	*in = (struct bytes){in->data + taken, in->len - taken};
	s->is_done = rc == Z_STREAM_END;
	if (rc == Z_BUF_ERROR && is_last && *ret_n == 0)
		return error_set(err, EBADMSG, "gzip data is cut off");
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return error_set(err, EBADMSG, "gzip data is damaged");
	return s->is_done;
}

static void gz_close(void *state)
{
	struct gz *s = state;
	(void)inflateEnd(&s->stream);
	free(s);
}

const struct decoder decoder_gz = {".gz", gz_open, gz_run, gz_close};
