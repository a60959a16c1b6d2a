// SPDX-License-Identifier: Apache-2.0
// A tree to BSON in two passes: the size of the whole first, then bytes into one allocation.
#include "common/document/document.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/document/number_key.h"
#include "common/macro.h"

// A document is at most what an int32 counts.
#define BSON_SIZE_MAX ((uint64_t)INT32_MAX)

static bool fits_int32(int64_t v)
{
	return v >= INT32_MIN && v <= INT32_MAX;
}

static const char *key_fault(const char *key)
{
	if (!*key)
		return "empty field name";
	if (*key == '$')
		return "field name starts with '$'";
	if (strchr(key, '.'))
		return "field name holds '.'";
	return str_is_utf8(key, strlen(key)) ? NULL : "field name is not UTF-8";
}

static int measure(
	const struct doc *d, bool in_array, int depth, uint64_t *size, struct error *err);

// Most of a document are numbers in arrays.
static int measure_array(const struct doc *d, int depth, uint64_t *size, struct error *err)
{
	size_t key = 1;
	size_t longer = 10; // the first number whose key has a digit more

	for (size_t i = 0; i < d->n; i++) {
		const struct doc *item = d->items[i];

		if (i == longer) {
			longer *= 10;
			key++;
		}
		*size += 1 + key + 1;
		if (item->kind == DOC_DOUBLE && isfinite(item->number) && depth < DOC_DEPTH_MAX)
			*size += 8;
		else
			TRY(measure(item, true, depth + 1, size, err));
	}
	return 0;
}

// The bytes of a value; also finds what must not be written.
static int measure(const struct doc *d, bool in_array, int depth, uint64_t *size, struct error *err)
{
	if (depth > DOC_DEPTH_MAX)
		return error_set(err, EINVAL, "document: nested too deep");
	switch (d->kind) {
	case DOC_NULL:
		return 0;
	case DOC_BOOL:
		*size += 1;
		return 0;
	case DOC_INT:
		*size += fits_int32(d->integer) ? 4 : 8;
		return 0;
	case DOC_DOUBLE:
		*size += 8;
		if (!isfinite(d->number))
			return error_set(err, EINVAL, "document: NaN or infinity");
		return 0;
	case DOC_TIME:
		*size += 8;
		return 0;
	case DOC_TEXT:
		*size += 4 + strlen(d->text) + 1;
		return 0;
	case DOC_ARRAY:
		if (in_array)
			return error_set(err, EINVAL, "document: array inside an array");
		break;
	case DOC_OBJECT:
		break;
	}
	*size += 4 + 1;
	if (d->kind == DOC_ARRAY)
		return measure_array(d, depth, size, err);
	for (size_t i = 0; i < d->n; i++) {
		const char *fault = key_fault(d->keys[i]);

		if (fault)
			return error_set(err, EINVAL, "document: %.100s: %s", d->keys[i], fault);
		*size += 1 + strlen(d->keys[i]) + 1;
		TRY(measure(d->items[i], false, depth + 1, size, err));
	}
	return 0;
}

static uint8_t *put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		*p++ = (uint8_t)(v >> (8 * i));
	return p;
}

static uint8_t *put_u64(uint8_t *p, uint64_t v)
{
	return put_u32(put_u32(p, (uint32_t)v), (uint32_t)(v >> 32));
}

static uint8_t *put_text(uint8_t *p, const char *text)
{
	size_t len = strlen(text) + 1;

	p = put_u32(p, (uint32_t)len);
	memcpy(p, text, len);
	return p + len;
}

static uint8_t *put_double(uint8_t *p, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	return put_u64(p, bits);
}

static uint8_t type_of(const struct doc *d)
{
	static const uint8_t types[] = {
		[DOC_NULL] = 0x0a,
		[DOC_BOOL] = 0x08,
		[DOC_INT] = 0x12,
		[DOC_DOUBLE] = 0x01,
		[DOC_TEXT] = 0x02,
		[DOC_TIME] = 0x09,
		[DOC_OBJECT] = 0x03,
		[DOC_ARRAY] = 0x04,
	};

	return d->kind == DOC_INT && fits_int32(d->integer) ? 0x10 : types[d->kind];
}

static uint8_t *put_value(uint8_t *p, const struct doc *d);

static uint8_t *put_array(uint8_t *p, const struct doc *d)
{
	struct number_key key = NUMBER_KEY_FIRST;

	for (size_t i = 0; i < d->n; i++, number_key_next(&key)) {
		const struct doc *item = d->items[i];

		*p++ = type_of(item);
		memcpy(p, key.text, key.len + 1);
		p += key.len + 1;
		p = item->kind == DOC_DOUBLE ? put_double(p, item->number) : put_value(p, item);
	}
	return p;
}

static uint8_t *put_object(uint8_t *p, const struct doc *d)
{
	for (size_t i = 0; i < d->n; i++) {
		size_t len = strlen(d->keys[i]) + 1;

		*p++ = type_of(d->items[i]);
		memcpy(p, d->keys[i], len);
		p = put_value(p + len, d->items[i]);
	}
	return p;
}

static uint8_t *put_value(uint8_t *p, const struct doc *d)
{
	uint8_t *start = p;

	switch (d->kind) {
	case DOC_NULL:
		return p;
	case DOC_BOOL:
		*p = d->boolean;
		return p + 1;
	case DOC_INT:
		return fits_int32(d->integer) ? put_u32(p, (uint32_t)d->integer)
		                              : put_u64(p, (uint64_t)d->integer);
	case DOC_TIME:
		return put_u64(p, (uint64_t)d->integer);
	case DOC_DOUBLE:
		return put_double(p, d->number);
	case DOC_TEXT:
		return put_text(p, d->text);
	case DOC_OBJECT:
	case DOC_ARRAY:
		break;
	}
	p += 4;
	p = d->kind == DOC_ARRAY ? put_array(p, d) : put_object(p, d);
	*p++ = 0;
	put_u32(start, (uint32_t)(p - start));
	return p;
}

int doc_to_bson(const struct doc *d, struct arena *a, struct bytes *ret, struct error *err)
{
	uint64_t size = 0;
	uint8_t *data;

	if (d->kind != DOC_OBJECT)
		return error_set(err, EINVAL, "document: the root is no object");
	TRY(measure(d, false, 1, &size, err));
	if (size > BSON_SIZE_MAX)
		return error_set(err, E2BIG, "document: more than 2 GiB");
	data = arena_alloc(a, size);
	put_value(data, d);
	*ret = (struct bytes){data, size};
	return 0;
}
