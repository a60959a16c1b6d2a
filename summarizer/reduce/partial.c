// SPDX-License-Identifier: Apache-2.0
// Words and texts of a partial result.
#include "summarizer/reduce/partial.h"

#include <errno.h>
#include <string.h>

void partial_put_u64(struct strbuf *to, uint64_t v)
{
	strbuf_add(to, &v, sizeof(v));
}

void partial_put_double(struct strbuf *to, double v)
{
	strbuf_add(to, &v, sizeof(v));
}

void partial_put_doubles(struct strbuf *to, const double *v, size_t n)
{
	strbuf_add(to, v, n * sizeof(*v));
}

void partial_put_text(struct strbuf *to, const char *s)
{
	size_t len = strlen(s) + 1;
	partial_put_u64(to, len);
	strbuf_add(to, s, len);
}

static const uint8_t *take(struct partial_reader *r, size_t size)
{
	if (r->is_bad || r->bytes.len - r->at < size) {
		r->is_bad = true;
		return NULL;
	}
	const uint8_t *p = r->bytes.data + r->at;
	r->at += size;
	return p;
}

uint64_t partial_u64(struct partial_reader *r)
{
	uint64_t v = 0;
	const uint8_t *p = take(r, sizeof(v));
	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

double partial_double(struct partial_reader *r)
{
	double v = 0;
	const uint8_t *p = take(r, sizeof(v));
	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

const char *partial_text(struct partial_reader *r)
{
	size_t len = partial_u64(r);
	const uint8_t *p = take(r, len);
	if (p == NULL || len == 0 || p[len - 1] != '\0')
		return "";
	return (const char *)p;
}

const double *partial_doubles(struct partial_reader *r, size_t n, struct arena *a)
{
	if (n > (r->bytes.len - r->at) / sizeof(double)) {
		r->is_bad = true;
		n = 0;
	}
	double *v = arena_array(a, n + 1, sizeof(*v));
	const uint8_t *p = take(r, n * sizeof(*v));
	if (p && n)
		memcpy(v, p, n * sizeof(*v));
	return v;
}

struct bytes partial_bytes(struct partial_reader *r, size_t n)
{
	const uint8_t *p = take(r, n);
	return p ? (struct bytes){p, n} : (struct bytes){0};
}

int partial_each(struct bytes b,
	int (*each)(void *context, uint64_t job, uint64_t node, struct bytes partial),
	void *context, struct error *err)
{
	for (size_t at = 0; at < b.len;) {
		struct partial_head h = {0};
		if (b.len - at >= sizeof(h))
			memcpy(&h, b.data + at, sizeof(h));
		if (h.size < sizeof(h) || h.size > b.len - at ||
			each(context, h.job_index, h.node_index,
				(struct bytes){b.data + at, h.size}) < 0)
			return error_set(err, EBADMSG, "partial results: not what was written");
		at += h.size;
	}
	return 0;
}
