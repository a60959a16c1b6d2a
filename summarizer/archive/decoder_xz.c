// SPDX-License-Identifier: Apache-2.0
// .xz through liblzma.
#include <errno.h>
#include <lzma.h>

#include "common/memory.h"
#include "summarizer/archive/decoder.h"

// `xz -9` needs 65 MiB; a file that wants more than this was made to hurt.
#define MEMORY_LIMIT (UINT64_C(256) << 20)

static int xz_open(void **ret_state, struct error *err)
{
	lzma_stream *s = memory_alloc(1, sizeof(*s));
	*s = (lzma_stream)LZMA_STREAM_INIT;
	if (lzma_stream_decoder(s, MEMORY_LIMIT, LZMA_CONCATENATED) != LZMA_OK) {
		free(s);
		return error_set(err, ENOMEM, "no xz decoder");
	}
	*ret_state = s;
	return 0;
}

static const char *words(lzma_ret rc)
{
	switch (rc) {
	case LZMA_MEMLIMIT_ERROR:
		return "xz data wants too much memory";
	case LZMA_FORMAT_ERROR:
		return "no xz data";
	case LZMA_OPTIONS_ERROR:
		return "xz data of a kind that is not known";
	case LZMA_BUF_ERROR:
		return "xz data is cut off";
	default:
		return "xz data is damaged";
	}
}

static int xz_run(void *state, struct bytes *in, bool is_last, uint8_t *out, size_t room,
	size_t *ret_n, struct error *err)
{
	lzma_stream *s = state;
	s->next_in = in->data;
	s->avail_in = in->len;
	s->next_out = out;
	s->avail_out = room;
	lzma_ret rc = lzma_code(s, is_last ? LZMA_FINISH : LZMA_RUN);
	*ret_n = room - s->avail_out;
	*in = (struct bytes){s->next_in, s->avail_in};
	if (rc == LZMA_STREAM_END)
		return 1;
	return rc == LZMA_OK ? 0 : error_set(err, EBADMSG, "%s", words(rc));
}

static void xz_close(void *state)
{
	lzma_end(state);
	free(state);
}

const struct decoder decoder_xz = {".xz", xz_open, xz_run, xz_close};
