// SPDX-License-Identifier: Apache-2.0
// The document tree: objects that keep the order of their keys, arrays, scalars; all in an arena.
#include "common/document/document.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// An object with more keys than this gets a hash index; below, comparing along is faster.
#define WIDE_OBJECT 16

// Open addressing; a slot holds the number of the item plus one, 0 is free.
struct doc_index {
	size_t n_slots; // power of two, at least twice the keys
	uint32_t slots[];
};

static uint64_t hash_key(const char *key, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * UINT64_C(0x100000001b3);
	return h ^ (h >> 29);
}

static void index_insert(struct doc_index *index, const char *key, size_t item)
{
	size_t mask = index->n_slots - 1;
	size_t slot = hash_key(key, strlen(key)) & mask;

	while (index->slots[slot])
		slot = (slot + 1) & mask;
	index->slots[slot] = (uint32_t)item + 1;
}

static void index_rebuild(struct doc *object, struct arena *a)
{
	size_t n_slots = 4 * WIDE_OBJECT;
	struct doc_index *index;

	while (n_slots < 4 * object->n)
		n_slots *= 2;
	index = arena_alloc(a, sizeof(*index) + n_slots * sizeof(index->slots[0]));
	index->n_slots = n_slots;
	for (size_t i = 0; i < object->n; i++)
		index_insert(index, object->keys[i], i);
	object->index = index;
}

static bool key_is(const char *key, const char *name, size_t len)
{
	return strncmp(key, name, len) == 0 && key[len] == '\0';
}

// The number of the item called name, or n when there is none.
static size_t object_position(const struct doc *object, const char *name, size_t len)
{
	const struct doc_index *index = object->index;
	size_t slot;

	if (!index) {
		for (size_t i = 0; i < object->n; i++)
			if (key_is(object->keys[i], name, len))
				return i;
		return object->n;
	}
	slot = hash_key(name, len) & (index->n_slots - 1);
	while (index->slots[slot]) {
		size_t i = index->slots[slot] - 1;

		if (key_is(object->keys[i], name, len))
			return i;
		slot = (slot + 1) & (index->n_slots - 1);
	}
	return object->n;
}

static struct doc *new_doc(struct arena *a, enum doc_kind kind)
{
	struct doc *d = arena_alloc(a, sizeof(*d));

	d->kind = kind;
	return d;
}

struct doc *doc_object(struct arena *a)
{
	return new_doc(a, DOC_OBJECT);
}

struct doc *doc_array(struct arena *a)
{
	return new_doc(a, DOC_ARRAY);
}

static void make_room(struct doc *to, struct arena *a)
{
	size_t room = to->room ? 2 * to->room : 8;
	struct doc **items;

	if (to->n < to->room)
		return;
	// NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers
	items = arena_array(a, room, sizeof(*items));
	if (to->n)
		memcpy(items, to->items, to->n * sizeof(*items));
	// NOLINTEND(bugprone-sizeof-expression)
	to->items = items;
	if (to->kind == DOC_OBJECT) {
		const char **keys = arena_array(a, room, sizeof(*keys));

		if (to->n)
			memcpy(keys, to->keys, to->n * sizeof(*keys));
		to->keys = keys;
	}
	to->room = room;
}

static void append_item(struct doc *to, struct arena *a, struct doc *item)
{
	make_room(to, a);
	to->items[to->n++] = item;
}

static void append_field(struct doc *object, struct arena *a, const char *key, struct doc *item)
{
	assert(object->kind == DOC_OBJECT);
	append_item(object, a, item);
	object->keys[object->n - 1] = key;
	if (object->index && 2 * object->n <= object->index->n_slots)
		index_insert(object->index, key, object->n - 1);
	else if (object->n > WIDE_OBJECT)
		index_rebuild(object, a);
}

void doc_put(struct doc *to, struct arena *a, const char *key, struct doc *item)
{
	size_t len;
	size_t i;

	assert(to->kind == DOC_ARRAY || (to->kind == DOC_OBJECT && key));
	if (!item)
		return;
	if (to->kind != DOC_OBJECT) {
		append_item(to, a, item);
		return;
	}
	len = strlen(key);
	i = object_position(to, key, len);
	if (i < to->n)
		to->items[i] = item;
	else
		append_field(to, a, arena_strndup(a, key, len), item);
}

void doc_put_first(struct doc *object, struct arena *a, const char *key)
{
	size_t i = object->kind == DOC_OBJECT ? object_position(object, key, strlen(key)) : 0;
	struct doc *item;
	const char *name;

	if (i == 0 || i >= object->n)
		return;
	item = object->items[i];
	name = object->keys[i];
	for (; i > 0; i--) {
		object->items[i] = object->items[i - 1];
		object->keys[i] = object->keys[i - 1];
	}
	object->items[0] = item;
	object->keys[0] = name;
	if (object->index)
		index_rebuild(object, a);
}

struct doc *doc_at(struct doc *root, struct arena *a, const char *path)
{
	struct doc *at = root;

	while (*path) {
		size_t len = strcspn(path, ".");
		size_t i = object_position(at, path, len);

		if (i == at->n)
			append_field(at, a, arena_strndup(a, path, len), doc_object(a));
		else if (at->items[i]->kind != DOC_OBJECT)
			at->items[i] = doc_object(a);
		at = at->items[i];
		path += len;
		path += *path == '.';
	}
	return at;
}

// Length of the UTF-8 sequence that s starts with, 0 when it is none.
static size_t utf8_sequence(const char *s)
{
	static const struct {
		unsigned char first, last; // of the first byte
		unsigned char low, high;   // of the second
		size_t len;
	} rows[] = {
		{0x01, 0x7f, 0x00, 0xff, 1},
		{0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3},
		{0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3},
		{0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4},
		{0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const unsigned char *u = (const unsigned char *)s;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (u[0] < rows[i].first || u[0] > rows[i].last)
			continue;
		if (rows[i].len > 1 && (u[1] < rows[i].low || u[1] > rows[i].high))
			return 0;
		for (size_t k = 2; k < rows[i].len; k++)
			if (u[k] < 0x80 || u[k] > 0xbf)
				return 0;
		return rows[i].len;
	}
	return 0;
}

// A copy of text with U+FFFD in place of every byte that belongs to no UTF-8 sequence.
static char *clean_text(struct arena *a, const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t len = strlen(text);
	char *clean;
	char *to;

	if (str_is_utf8(text, len))
		return arena_strndup(a, text, len);
	clean = to = arena_alloc(a, 3 * len + 1);
	while (*text) {
		size_t n = utf8_sequence(text);

		memcpy(to, n ? text : replacement, n ? n : 3);
		to += n ? n : 3;
		text += n ? n : 1;
	}
	return clean;
}

const char *doc_key(struct arena *a, const char *name)
{
	char *key = clean_text(a, *name ? name : "-");

	if (key[0] == '$')
		key[0] = '-';
	for (char *c = key; *c; c++)
		if (*c == '.')
			*c = '-';
	return key;
}

void doc_put_bool(struct doc *to, struct arena *a, const char *key, bool v)
{
	struct doc *d = new_doc(a, DOC_BOOL);

	d->boolean = v;
	doc_put(to, a, key, d);
}

void doc_put_int(struct doc *to, struct arena *a, const char *key, int64_t v)
{
	struct doc *d = new_doc(a, DOC_INT);

	d->integer = v;
	doc_put(to, a, key, d);
}

void doc_put_double(struct doc *to, struct arena *a, const char *key, double v)
{
	struct doc *d;

	// In an array a value that is not there must not move those behind it.
	if (!isfinite(v)) {
		if (to->kind == DOC_ARRAY)
			doc_put(to, a, key, new_doc(a, DOC_NULL));
		return;
	}
	d = new_doc(a, DOC_DOUBLE);
	d->number = v;
	doc_put(to, a, key, d);
}

void doc_put_text(struct doc *to, struct arena *a, const char *key, const char *v)
{
	struct doc *d;

	if (!v)
		return;
	d = new_doc(a, DOC_TEXT);
	d->text = clean_text(a, v);
	doc_put(to, a, key, d);
}

void doc_put_time(struct doc *to, struct arena *a, const char *key, int64_t unix_ms)
{
	struct doc *d = new_doc(a, DOC_TIME);

	d->integer = unix_ms;
	doc_put(to, a, key, d);
}

// The position that a path's segment names in an array, or n.
static size_t array_position(const struct doc *array, const char *segment, size_t len)
{
	size_t i = 0;

	if (len == 0 || len > 9)
		return array->n;
	for (size_t k = 0; k < len; k++) {
		if (segment[k] < '0' || segment[k] > '9')
			return array->n;
		i = 10 * i + (size_t)(segment[k] - '0');
	}
	return i < array->n ? i : array->n;
}

const struct doc *doc_find(const struct doc *root, const char *path)
{
	const struct doc *at = root;

	while (at && *path) {
		size_t len = strcspn(path, ".");
		size_t i;

		if (at->kind == DOC_OBJECT)
			i = object_position(at, path, len);
		else if (at->kind == DOC_ARRAY)
			i = array_position(at, path, len);
		else
			return NULL;
		at = i < at->n ? at->items[i] : NULL;
		path += len;
		path += *path == '.';
	}
	return at;
}
