// SPDX-License-Identifier: Apache-2.0
// Finishes replies: entity tags, "not modified", compression.
#include "portal/reply.h"

#include <inttypes.h>
#include <string.h>

#include "portal/gzip.h"

#define COMPRESS_FROM 1400 // bytes; below that a reply is one packet anyway

void reply_release(struct reply *r)
{
	strbuf_release(&r->body);
}

void reply_redirect(struct reply *r, const struct request *q, int status, const char *location)
{
	r->status = status;
	r->type = TYPE_TEXT;
	r->location = arena_strdup(q->arena, location);
	strbuf_puts(&r->body, "See ");
	strbuf_puts(&r->body, location);
	strbuf_putc(&r->body, '\n');
}

// FNV-1a: an entity tag must differ when the body does, not withstand an attacker.
static uint64_t hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

bool reply_takes_gzip(const struct request *q)
{
	const char *takes = request_header(q, "Accept-Encoding");
	const char *gzip = takes ? strstr(takes, "gzip") : NULL;
	return gzip && !str_starts(gzip, "gzip;q=0,") && !str_eq(gzip, "gzip;q=0");
}

static void compress_body(struct reply *r)
{
	struct strbuf small = {0};
	if (gzip_compress(r->body.text, r->body.len, &small) < 0 || small.len >= r->body.len) {
		strbuf_release(&small);
		return;
	}
	strbuf_release(&r->body);
	r->body = small;
	r->encoding = "gzip";
}

void reply_finish(struct reply *r, const struct request *q)
{
	if (r->status != 200)
		return;
	if (!r->fixed && !r->etag)
		r->etag = arena_printf(q->arena, "W/\"%016" PRIx64 "\"",
			hash_bytes(strbuf_text(&r->body), r->body.len));
	if (r->etag && request_has_etag(q, r->etag)) {
		strbuf_clear(&r->body);
		r->fixed = NULL;
		r->status = 304;
		return;
	}
	if (!r->fixed && r->body.len >= COMPRESS_FROM && reply_takes_gzip(q))
		compress_body(r);
}
