// SPDX-License-Identifier: Apache-2.0
// The elements of one BSON document, walked with bounds checked and nothing allocated; inline,
// because every reader of documents spends its time here. Only for the files of this folder.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/bytes.h"
#include "common/document/document.h"
#include "common/macro.h"

enum bson_type {
	BSON_END = 0x00,
	BSON_DOUBLE = 0x01,
	BSON_TEXT = 0x02,
	BSON_OBJECT = 0x03,
	BSON_ARRAY = 0x04,
	BSON_BOOL = 0x08,
	BSON_TIME = 0x09,
	BSON_NULL = 0x0a,
	BSON_INT32 = 0x10,
	BSON_INT64 = 0x12,
	BSON_TYPES = 0x14,
};

// How the length of a value follows from its bytes.
enum bson_length {
	LENGTH_UNKNOWN,
	LENGTH_FIXED,
	LENGTH_TEXT,     // int32 n, then n bytes of which the last is NUL
	LENGTH_DOCUMENT, // int32 n that counts itself, last byte is NUL
	LENGTH_BINARY,   // int32 n, subtype, n bytes
	LENGTH_PATTERN,  // two NUL-terminated texts
	LENGTH_POINTER,  // text, then 12 bytes
};

// Every type of the format, so that those of other programs can be stepped over.
static const struct bson_form {
	uint8_t length; // enum bson_length
	uint8_t size;   // of LENGTH_FIXED
	int8_t kind;    // enum doc_kind, or -1: held by none
} forms[BSON_TYPES] = {
	[BSON_DOUBLE] = {LENGTH_FIXED, 8, DOC_DOUBLE},
	[BSON_TEXT] = {LENGTH_TEXT, 0, DOC_TEXT},
	[BSON_OBJECT] = {LENGTH_DOCUMENT, 0, DOC_OBJECT},
	[BSON_ARRAY] = {LENGTH_DOCUMENT, 0, DOC_ARRAY},
	[0x05] = {LENGTH_BINARY, 0, -1}, // binary
	[0x06] = {LENGTH_FIXED, 0, -1},  // undefined
	[0x07] = {LENGTH_FIXED, 12, -1}, // object id
	[BSON_BOOL] = {LENGTH_FIXED, 1, DOC_BOOL},
	[BSON_TIME] = {LENGTH_FIXED, 8, DOC_TIME},
	[BSON_NULL] = {LENGTH_FIXED, 0, DOC_NULL},
	[0x0b] = {LENGTH_PATTERN, 0, -1},  // regular expression
	[0x0c] = {LENGTH_POINTER, 0, -1},  // pointer
	[0x0d] = {LENGTH_TEXT, 0, -1},     // code
	[0x0e] = {LENGTH_TEXT, 0, -1},     // symbol
	[0x0f] = {LENGTH_DOCUMENT, 0, -1}, // code with scope: int32 total, as a document
	[BSON_INT32] = {LENGTH_FIXED, 4, DOC_INT},
	[0x11] = {LENGTH_FIXED, 8, -1}, // timestamp
	[BSON_INT64] = {LENGTH_FIXED, 8, DOC_INT},
	[0x13] = {LENGTH_FIXED, 16, -1}, // decimal128
};

static inline int32_t get_i32(const uint8_t *p)
{
	return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			 (uint32_t)p[3] << 24);
}

static inline uint64_t get_u64(const uint8_t *p)
{
	return (uint64_t)(uint32_t)get_i32(p) | (uint64_t)(uint32_t)get_i32(p + 4) << 32;
}

static inline double get_double(const uint8_t *p)
{
	uint64_t bits = get_u64(p);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

// Keys are looked at eight bytes a time: in words that hold them as they lie, the first one lowest.
#define EACH_BYTE(n) (UINT64_C(0x0101010101010101) * (n))

// The highest bit of each byte that is 0, and perhaps of those above it.
static inline uint64_t zero_bytes(uint64_t word)
{
	return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

// One element of a document. The walk ends with 0, or <0 at damage.
struct element {
	const uint8_t *next; // where the next element starts
	const uint8_t *end;  // the NUL that ends the document
	const char *key;
	size_t key_len;
	uint64_t head; // the first eight bytes of the key, zeros behind its end
	const uint8_t *value;
	size_t size; // of the value
	uint8_t type;
};

// The first eight bytes of a name in a word, as in struct element.
static inline uint64_t key_head(const char *name, size_t len)
{
	uint64_t head = 0;

	for (size_t i = 0; i < len && i < 8; i++)
		head |= (uint64_t)(uint8_t)name[i] << (8 * i);
	return head;
}

// The end of the key at p, of which the document ends at end; NULL: there is none.
static inline const uint8_t *key_end(const uint8_t *p, const uint8_t *end, uint64_t *ret_head)
{
	const uint8_t *nul = p;

	if (end - p > 8) {
		uint64_t word = get_u64(p);
		uint64_t zeros = zero_bytes(word);

		if (zeros) {
			unsigned bits = (unsigned)__builtin_ctzll(zeros) & ~7U;

			*ret_head = word & ~(UINT64_MAX << bits);
			return p + bits / 8;
		}
		*ret_head = word;
		nul = memchr(p + 8, 0, (size_t)(end - p - 8));
		return nul;
	}
	while (nul < end && *nul)
		nul++;
	*ret_head = key_head((const char *)p, (size_t)(nul - p));
	return nul < end ? nul : NULL;
}

static inline bool key_is(const struct element *e, uint64_t head, const char *name, size_t len)
{
	return e->head == head && e->key_len == len &&
	       (len <= 8 || memcmp(e->key + 8, name + 8, len - 8) == 0);
}

static inline int element_start(struct bytes b, struct element *e)
{
	if (b.len < 5 || b.len > INT32_MAX || (size_t)get_i32(b.data) != b.len ||
		b.data[b.len - 1] != 0)
		return -EBADMSG;
	e->next = b.data + 4;
	e->end = b.data + b.len - 1;
	return 0;
}

// The size of the value at p, of which room bytes are left; SIZE_MAX when it does not fit. Only
// what is needed to step over is looked at.
static inline size_t value_size(const struct bson_form *form, const uint8_t *p, size_t room)
{
	size_t size = SIZE_MAX;
	int32_t n;

	if (form->length == LENGTH_FIXED)
		return form->size <= room ? form->size : SIZE_MAX;
	if (form->length == LENGTH_PATTERN) {
		const uint8_t *nul = memchr(p, 0, room);

		nul = nul ? memchr(nul + 1, 0, room - (size_t)(nul + 1 - p)) : NULL;
		return nul ? (size_t)(nul + 1 - p) : SIZE_MAX;
	}
	if (room < 5)
		return SIZE_MAX;
	n = get_i32(p);
	if (n < 0)
		return SIZE_MAX;
	switch ((enum bson_length)form->length) {
	case LENGTH_TEXT:
		size = n >= 1 ? 4 + (size_t)n : SIZE_MAX;
		break;
	case LENGTH_DOCUMENT:
		size = n >= 5 ? (size_t)n : SIZE_MAX;
		break;
	case LENGTH_BINARY:
		size = 5 + (size_t)n;
		break;
	case LENGTH_POINTER:
		size = 4 + (size_t)n + 12;
		break;
	case LENGTH_UNKNOWN:
	case LENGTH_FIXED:
	case LENGTH_PATTERN:
		break;
	}
	return size <= room ? size : SIZE_MAX;
}

// 1: an element, 0: the end, <0: damaged.
static inline int element_next(struct element *e)
{
	const uint8_t *p = e->next;
	const uint8_t *nul;

	if (p == e->end)
		return 0;
	e->type = *p++;
	if (e->type == BSON_END || e->type >= BSON_TYPES) {
		// The two types that sort below and above everything carry nothing.
		if (e->type != 0x7f && e->type != 0xff)
			return -EBADMSG;
	}
	nul = key_end(p, e->end, &e->head);
	if (!nul)
		return -EBADMSG;
	e->key = (const char *)p;
	e->key_len = (size_t)(nul - p);
	e->value = nul + 1;
	e->size = e->type < BSON_TYPES
	                  ? value_size(&forms[e->type], e->value, (size_t)(e->end - e->value))
	                  : 0;
	if (e->size == SIZE_MAX)
		return -EBADMSG;
	if (e->type == BSON_TEXT && e->value[e->size - 1] != 0)
		return -EBADMSG;
	e->next = e->value + e->size;
	return 1;
}

static inline int element_kind(const struct element *e)
{
	return e->type < BSON_TYPES ? forms[e->type].kind : -1;
}

static inline struct bytes element_bytes(const struct element *e)
{
	return (struct bytes){e->value, e->size};
}

static inline void element_scalar(const struct element *e, struct scalar *ret)
{
	*ret = (struct scalar){.kind = (enum doc_kind)element_kind(e)};
	switch (e->type) {
	case BSON_DOUBLE:
		ret->number = get_double(e->value);
		break;
	case BSON_TEXT:
		ret->text = (const char *)e->value + 4;
		break;
	case BSON_BOOL:
		ret->boolean = e->value[0] != 0;
		break;
	case BSON_INT32:
		ret->integer = get_i32(e->value);
		ret->number = (double)ret->integer;
		break;
	case BSON_TIME:
	case BSON_INT64:
		ret->integer = (int64_t)get_u64(e->value);
		ret->number = (double)ret->integer;
		break;
	default:
		break;
	}
}

// What is wrong with an element, whatever stands below it; NULL: nothing. number: of an array's item.
const char *element_fault(const struct element *e, bool in_array, size_t number);
// What is wrong below it, depth levels deep itself: <0.
int element_check(const struct element *e, int depth);
