// SPDX-License-Identifier: Apache-2.0
// BSON: trees to bytes and back, the check of what may be stored, and lookup straight in the bytes.
// Everything that reads walks with one bounds-checked iterator that allocates nothing; a document
// from outside can be wrong in any way without harm. libbson is the oracle in the tests.
#include "common/document/document.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/document/element.h"
#include "common/macro.h"

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

int bson_items(struct bytes array, bson_item *each, void *context)
{
	struct element at;
	int rc;

	TRY(element_start(array, &at));
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

int bson_each(struct bytes b, const char *path, bson_item *each, void *context)
{
	struct element at;
	int error = 0;
	int rc = find_path(b, path, &at, &error);

	if (rc <= 0 || at.type != BSON_ARRAY)
		return rc < 0 ? rc : 0;
	return bson_items(element_bytes(&at), each, context);
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

// Most names are a few letters, and one look tells that nothing is wrong with them.
static bool is_plain_name(const struct element *e)
{
	uint64_t strange = (e->head | zero_bytes(e->head ^ EACH_BYTE('.'))) & EACH_BYTE(0x80);

	return e->key_len > 0 && e->key_len <= 8 && !strange && e->key[0] != '$';
}

static const char *name_fault(const struct element *e)
{
	if (is_plain_name(e))
		return NULL;
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

const char *element_fault(const struct element *e, bool in_array, size_t number)
{
	const char *fault = in_array ? NULL : name_fault(e);

	if (in_array && !is_number(e, number))
		return "array item is not called by its number";
	return fault ? fault : value_fault(e, in_array);
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
		const char *fault = element_fault(&e, is_array, n++);

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

int element_check(const struct element *e, int depth)
{
	struct error err;

	if (e->type != BSON_OBJECT && e->type != BSON_ARRAY)
		return 0;
	return check_level(element_bytes(e), e->type == BSON_ARRAY, depth + 1, NULL, &err);
}

// What makes a tree of bytes. Of a document that others wrote, what may not be kept is left out.
struct tree {
	struct arena *arena;
	struct error *err;
	bool is_foreign;
};

static int tree_level(
	const struct tree *t, struct bytes b, struct doc *to, int depth, const struct place *above);

static const char *tree_fault(const struct tree *t, const struct element *e, bool in_array)
{
	if (t->is_foreign || element_kind(e) < 0 || e->type == BSON_TEXT)
		return value_fault(e, in_array);
	return e->type == BSON_DOUBLE ? value_fault(e, false) : NULL;
}

static void put_scalar(struct doc *item, const struct element *e, struct arena *a)
{
	struct scalar s;

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
		item->number = s.number;
		break;
	case DOC_TEXT:
		item->text = arena_strndup(a, s.text, e->size - 5);
		break;
	default:
		break;
	}
}

static int tree_element(const struct tree *t, const struct element *e, struct doc *to, int depth,
	const struct place *here)
{
	bool in_array = to->kind == DOC_ARRAY;
	const char *fault = tree_fault(t, e, in_array);
	const char *key = e->key;
	struct doc *item;

	if (fault && !t->is_foreign)
		return fail_at(t->err, EINVAL, here, fault);
	if (fault && !in_array)
		return 0;
	if (in_array)
		key = NULL;
	else if (t->is_foreign)
		key = doc_key(t->arena, key);
	item = arena_alloc(t->arena, sizeof(*item));
	item->kind = fault ? DOC_NULL : (enum doc_kind)element_kind(e);
	doc_put(to, t->arena, key, item);
	if (item->kind == DOC_OBJECT || item->kind == DOC_ARRAY)
		return tree_level(t, element_bytes(e), item, depth + 1, here);
	put_scalar(item, e, t->arena);
	return 0;
}

static int tree_level(
	const struct tree *t, struct bytes b, struct doc *to, int depth, const struct place *above)
{
	struct element e;
	int rc;

	if (depth > DOC_DEPTH_MAX)
		return fail_at(t->err, EINVAL, above, "nested too deep");
	if (element_start(b, &e) < 0)
		return fail_at(t->err, EBADMSG, above, "damaged BSON (length)");
	while ((rc = element_next(&e)) > 0) {
		struct place here = {above, e.key};

		if (str_is_utf8(e.key, e.key_len))
			TRY(tree_element(t, &e, to, depth, &here));
		else if (!t->is_foreign)
			return fail_at(t->err, EINVAL, &here, "field name is not UTF-8");
	}
	return rc < 0 ? fail_at(t->err, EBADMSG, above, "damaged BSON (element)") : 0;
}

int doc_from_bson(struct bytes b, struct arena *a, struct doc **ret, struct error *err)
{
	const struct tree t = {.arena = a, .err = err};
	struct doc *root = doc_object(a);

	TRY(tree_level(&t, b, root, 1, NULL));
	*ret = root;
	return 0;
}

int doc_from_foreign(struct bytes b, struct arena *a, struct doc **ret, struct error *err)
{
	const struct tree t = {.arena = a, .err = err, .is_foreign = true};
	struct doc *root = doc_object(a);

	TRY(tree_level(&t, b, root, 1, NULL));
	*ret = root;
	return 0;
}
