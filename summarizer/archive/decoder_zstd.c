// SPDX-License-Identifier: Apache-2.0
// .zst through libzstd. Its own limit of the window (128 MiB) bounds the memory.
#include <errno.h>
#include <zstd.h>

#include "common/memory.h"
#include "summarizer/archive/decoder.h"

struct zstd {
	ZSTD_DStream *stream;
	bool is_done; // a frame has ended
};

static int zstd_open(void **ret_state, struct error *err)
{
	struct zstd *s = memory_alloc(1, sizeof(*s));
	s->stream = ZSTD_createDStream();
	if (s->stream == NULL) {
		free(s);
		return error_set(err, ENOMEM, "no zstd decoder");
	}
	*ret_state = s;
	return 0;
}

static int zstd_run(void *state, struct bytes *in, bool is_last, uint8_t *out, size_t room,
	size_t *ret_n, struct error *err)
{
	struct zstd *s = state;
	ZSTD_outBuffer to = {.dst = out, .size = room};
	ZSTD_inBuffer from = {.src = in->data, .size = in->len};
	*ret_n = 0;
	if (is_last && s->is_done)
		return 1;
	size_t rc = ZSTD_decompressStream(s->stream, &to, &from);
	*ret_n = to.pos;
	*in = (struct bytes){in->data + from.pos, in->len - from.pos};
	if (ZSTD_isError(rc))
		return error_set(err, EBADMSG, "zstd data: %s", ZSTD_getErrorName(rc));
	s->is_done = rc == 0;
	return s->is_done;
}

static void zstd_close(void *state)
{
	struct zstd *s = state;
	(void)ZSTD_freeDStream(s->stream);
	free(s);
}

const struct decoder decoder_zstd = {".zst", zstd_open, zstd_run, zstd_close};
