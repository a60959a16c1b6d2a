// SPDX-License-Identifier: Apache-2.0
// BSON: trees to bytes and back, the check of what may be stored, and lookup straight in the bytes.
// Everything that reads walks with one bounds-checked iterator that allocates nothing; a document
// from outside can be wrong in any way without harm. libbson is the oracle in the tests.
#include "common/document/document.h"

#include <errno.h>
#include <math.h>
#include <string.h>

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

static int32_t get_i32(const uint8_t *p)
{
	return (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
			 (uint32_t)p[3] << 24);
}

static uint64_t get_u64(const uint8_t *p)
{
	return (uint64_t)(uint32_t)get_i32(p) | (uint64_t)(uint32_t)get_i32(p + 4) << 32;
}

static double get_double(const uint8_t *p)
{
	uint64_t bits = get_u64(p);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

// One element of a document. The walk ends with 0, or <0 at damage.
struct element {
	const uint8_t *next; // where the next element starts
	const uint8_t *end;  // the NUL that ends the document
	const char *key;
	size_t key_len;
	const uint8_t *value;
	size_t size; // of the value
	uint8_t type;
};

static int element_start(struct bytes b, struct element *e)
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
static size_t value_size(const struct bson_form *form, const uint8_t *p, size_t room)
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
	nul = p;
	while (nul < e->end && *nul)
		nul++;
	if (nul == e->end)
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

static int element_kind(const struct element *e)
{
	return e->type < BSON_TYPES ? forms[e->type].kind : -1;
}

static struct bytes element_bytes(const struct element *e)
{
	return (struct bytes){e->value, e->size};
}

static void element_scalar(const struct element *e, struct scalar *ret)
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

// Looks through one object for the element called name, and for its "error".
static int find_in(struct bytes b, const char *name, size_t len, struct element *ret, int *error)
{
	struct element e;
	int found = 0;
	int rc;

	TRY(element_start(b, &e));
	while ((rc = element_next(&e)) > 0) {
		struct scalar s;

		if (!found && e.key_len == len && memcmp(e.key, name, len) == 0) {
			*ret = e;
			found = 1;
		}
		if (e.key_len != 5 || memcmp(e.key, "error", 5) != 0)
			continue;
		element_scalar(&e, &s);
		if (s.kind == DOC_INT && s.integer >= INT32_MIN && s.integer <= INT32_MAX)
			*error = (int)s.integer;
	}
	return rc < 0 ? rc : found;
}

// Walks down a dotted path: 1 and the element, 0, or <0 at damage.
static int find_path(struct bytes b, const char *path, struct element *at, int *error)
{
	int rc = 1;

	*at = (struct element){.type = BSON_OBJECT, .value = b.data, .size = b.len};
	while (*path && rc > 0) {
		size_t len = strcspn(path, ".");

		if (at->type != BSON_OBJECT && at->type != BSON_ARRAY)
			rc = 0;
		else
			rc = find_in(element_bytes(at), path, len, at, error);
		path += len;
		path += *path == '.';
	}
	return rc;
}

int bson_find(struct bytes b, const char *path, struct scalar *ret, int *ret_error)
{
	struct element at;
	int error = 0;
	int rc = find_path(b, path, &at, &error);

	// What stands in place of a value is {"error": N} itself.
	if (rc > 0 && at.type == BSON_OBJECT) {
		struct element none;
		int damage = find_in(element_bytes(&at), "", 0, &none, &error);

		rc = damage < 0 ? damage : rc;
	}
	if (ret_error)
		*ret_error = error;
	if (rc > 0 && element_kind(&at) < 0)
		rc = 0;
	if (rc > 0)
		element_scalar(&at, ret);
	return rc;
}

int bson_each(struct bytes b, const char *path, bson_item *each, void *context)
{
	struct element at;
	int error = 0;
	int rc = find_path(b, path, &at, &error);

	if (rc <= 0 || at.type != BSON_ARRAY)
		return rc < 0 ? rc : 0;
	TRY(element_start(element_bytes(&at), &at));
	while ((rc = element_next(&at)) > 0) {
		struct scalar item;
		int ended;

		if (element_kind(&at) < 0)
			continue;
		element_scalar(&at, &item);
		ended = each(context, &item);
		if (ended)
			return ended;
	}
	return rc < 0 ? rc : 1;
}

// The place of an element in words: the keys from the root down.
struct place {
	const struct place *above;
	const char *key;
};

static void place_text(const struct place *p, struct strbuf *out)
{
	if (!p)
		return;
	place_text(p->above, out);
	if (out->len)
		strbuf_putc(out, '.');
	for (const char *c = p->key; *c; c++)
		strbuf_putc(out, *c > ' ' && *c < 0x7f ? *c : '?');
}

static int fail_at(struct error *err, int code, const struct place *p, const char *what)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	place_text(p, &text);
	return error_set(err, code, "document: %.200s: %s", text.len ? text.text : "top", what);
}

static const char *name_fault(const struct element *e)
{
	if (e->key_len == 0)
		return "empty field name";
	if (e->key[0] == '$')
		return "field name starts with '$'";
	if (memchr(e->key, '.', e->key_len))
		return "field name holds '.'";
	if (!str_is_utf8(e->key, e->key_len))
		return "field name is not UTF-8";
	return NULL;
}

static const char *value_fault(const struct element *e, bool in_array)
{
	const char *text = (const char *)e->value + 4;

	switch (e->type) {
	case BSON_DOUBLE:
		return isfinite(get_double(e->value)) ? NULL : "NaN or infinity";
	case BSON_TEXT:
		if (memchr(text, 0, e->size - 5))
			return "text holds NUL";
		return str_is_utf8(text, e->size - 5) ? NULL : "text is not UTF-8";
	case BSON_BOOL:
		return e->value[0] <= 1 ? NULL : "boolean is neither 0 nor 1";
	case BSON_ARRAY:
		return in_array ? "array inside an array" : NULL;
	default:
		return element_kind(e) < 0 ? "type that is not kept" : NULL;
	}
}

// An array's items are called by their numbers, in order: lookup by name relies on it.
static bool is_number(const struct element *e, size_t number)
{
	size_t left = e->key_len;

	do {
		if (left == 0 || e->key[--left] != (char)('0' + number % 10))
			return false;
		number /= 10;
	} while (number > 0);
	return left == 0;
}

static int check_level( // NOLINT(misc-no-recursion): DOC_DEPTH_MAX bounds it
	struct bytes b, bool is_array, int depth, const struct place *above, struct error *err)
{
	struct element e;
	size_t n = 0;
	int rc;

	if (depth > DOC_DEPTH_MAX)
		return fail_at(err, EINVAL, above, "nested too deep");
	if (element_start(b, &e) < 0)
		return fail_at(err, EBADMSG, above, "damaged BSON (length)");
	while ((rc = element_next(&e)) > 0) {
		struct place here = {above, e.key};
		const char *fault = is_array ? NULL : name_fault(&e);

		if (is_array && !is_number(&e, n++))
			fault = "array item is not called by its number";
		if (!fault)
			fault = value_fault(&e, is_array);
		if (fault)
			return fail_at(err, EINVAL, &here, fault);
		if (e.type == BSON_OBJECT || e.type == BSON_ARRAY)
			TRY(check_level(
				element_bytes(&e), e.type == BSON_ARRAY, depth + 1, &here, err));
	}
	return rc < 0 ? fail_at(err, EBADMSG, above, "damaged BSON (element)") : 0;
}

int bson_check(struct bytes b, struct error *err)
{
	return check_level(b, false, 1, NULL, err);
}

static int tree_level(struct bytes b, struct doc *to, struct arena *a, int depth,
	const struct place *above, struct error *err);

static int tree_element(const struct element *e, struct doc *to, struct arena *a, int depth,
	const struct place *here, struct error *err)
{
	const char *key = to->kind == DOC_ARRAY ? NULL : e->key;
	struct doc *item;
	struct scalar s;

	if (element_kind(e) < 0)
		return fail_at(err, EINVAL, here, "type that is not kept");
	item = arena_alloc(a, sizeof(*item));
	item->kind = (enum doc_kind)element_kind(e);
	doc_put(to, a, key, item);
	if (item->kind == DOC_OBJECT || item->kind == DOC_ARRAY)
		return tree_level(element_bytes(e), item, a, depth + 1, here, err);
	element_scalar(e, &s);
	switch (item->kind) {
	case DOC_BOOL:
		item->boolean = s.boolean;
		break;
	case DOC_INT:
	case DOC_TIME:
		item->integer = s.integer;
		break;
	case DOC_DOUBLE:
		if (!isfinite(s.number))
			return fail_at(err, EINVAL, here, "NaN or infinity");
		item->number = s.number;
		break;
	case DOC_TEXT:
		if (value_fault(e, false))
			return fail_at(err, EINVAL, here, value_fault(e, false));
		item->text = arena_strndup(a, s.text, e->size - 5);
		break;
	default:
		break;
	}
	return 0;
}

static int tree_level(struct bytes b, struct doc *to, struct arena *a, int depth,
	const struct place *above, struct error *err)
{
	struct element e;
	int rc;

	if (depth > DOC_DEPTH_MAX)
		return fail_at(err, EINVAL, above, "nested too deep");
	if (element_start(b, &e) < 0)
		return fail_at(err, EBADMSG, above, "damaged BSON (length)");
	while ((rc = element_next(&e)) > 0) {
		struct place here = {above, e.key};

		if (!str_is_utf8(e.key, e.key_len))
			return fail_at(err, EINVAL, &here, "field name is not UTF-8");
		TRY(tree_element(&e, to, a, depth, &here, err));
	}
	return rc < 0 ? fail_at(err, EBADMSG, above, "damaged BSON (element)") : 0;
}

int doc_from_bson(struct bytes b, struct arena *a, struct doc **ret, struct error *err)
{
	struct doc *root = doc_object(a);

	TRY(tree_level(b, root, a, 1, NULL, err));
	*ret = root;
	return 0;
}
