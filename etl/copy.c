// SPDX-License-Identifier: Apache-2.0
// The binary COPY format: a header, then for each row the number of fields and each field as its
// length (-1: null) and its bytes in network order.
#include "etl/copy.h"

#include <string.h>

#define TEXT_OID INT32_C(25)

// timestamptz counts microseconds since 2000 UTC.
#define EPOCH_2000_S INT64_C(946684800)
#define US_PER_S     INT64_C(1000000)

static void put_u16(struct strbuf *b, uint16_t v)
{
	uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	strbuf_add(b, bytes, sizeof(bytes));
}

static void put_u32(struct strbuf *b, uint32_t v)
{
	uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	strbuf_add(b, bytes, sizeof(bytes));
}

static void put_u64(struct strbuf *b, uint64_t v)
{
	put_u32(b, (uint32_t)(v >> 32));
	put_u32(b, (uint32_t)v);
}

void copy_start(struct strbuf *b)
{
	static const char header[] = "PGCOPY\n\377\r\n\0"
				     "\0\0\0\0"  // no flags
				     "\0\0\0\0"; // no extension

	strbuf_add(b, header, sizeof(header) - 1);
}

void copy_row(struct strbuf *b, size_t n_fields)
{
	put_u16(b, (uint16_t)n_fields);
}

void copy_end(struct strbuf *b)
{
	put_u16(b, UINT16_MAX);
}

void copy_null(struct strbuf *b)
{
	put_u32(b, UINT32_MAX);
}

void copy_bytes(struct strbuf *b, const void *data, size_t len)
{
	put_u32(b, (uint32_t)len);
	strbuf_add(b, data, len);
}

void copy_bool(struct strbuf *b, bool v)
{
	copy_bytes(b, v ? "\1" : "\0", 1);
}

void copy_int(struct strbuf *b, int32_t v)
{
	put_u32(b, 4);
	put_u32(b, (uint32_t)v);
}

void copy_bigint(struct strbuf *b, int64_t v)
{
	put_u32(b, 8);
	put_u64(b, (uint64_t)v);
}

void copy_real(struct strbuf *b, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_u32(b, 4);
	put_u32(b, bits);
}

void copy_double(struct strbuf *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_u32(b, 8);
	put_u64(b, bits);
}

void copy_text(struct strbuf *b, const char *text)
{
	if (text)
		copy_bytes(b, text, strlen(text));
	else
		copy_null(b);
}

void copy_time(struct strbuf *b, int64_t unix_s)
{
	copy_bigint(b, (unix_s - EPOCH_2000_S) * US_PER_S);
}

void copy_infinity(struct strbuf *b)
{
	copy_bigint(b, INT64_MAX);
}

void copy_texts(struct strbuf *b, const char *texts, size_t n)
{
	size_t at = b->len;
	uint32_t size;
	uint8_t *length;

	put_u32(b, 0);         // the length, known at the end
	put_u32(b, n ? 1 : 0); // dimensions
	put_u32(b, 0);         // no nulls
	put_u32(b, TEXT_OID);
	if (n) {
		put_u32(b, (uint32_t)n);
		put_u32(b, 1); // lower bound
	}
	for (size_t i = 0; i < n; i++, texts += strlen(texts) + 1)
		copy_text(b, texts);
	size = (uint32_t)(b->len - at - 4);
	length = (uint8_t *)b->text + at;
	for (int i = 0; i < 4; i++)
		length[i] = (uint8_t)(size >> (24 - 8 * i));
}
