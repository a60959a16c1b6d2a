// SPDX-License-Identifier: Apache-2.0
// Documents: what the summarizer writes and the loader and the portal read. In memory an ordered
// tree in an arena; at rest BSON. A document holds no NaN and no infinity: such a number is not
// put, because an absent value is absent. Field names hold no '.' and no leading '$'.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/str.h"

enum doc_kind {
	DOC_NULL,
	DOC_BOOL,
	DOC_INT,
	DOC_DOUBLE,
	DOC_TEXT,
	DOC_TIME, // milliseconds since 1970 UTC
	DOC_OBJECT,
	DOC_ARRAY,
};

#define DOC_DEPTH_MAX 100 // levels of nesting, as in MongoDB

struct doc_index;

struct doc {
	enum doc_kind kind;
	union {
		bool boolean;
		int64_t integer; // DOC_INT, DOC_TIME
		double number;
		const char *text;
		struct {
			const char **keys; // object only
			struct doc **items;
			size_t n, room;
			struct doc_index *index; // of a wide object's keys
		};
	};
};

struct doc *doc_object(struct arena *a);
struct doc *doc_array(struct arena *a);

// The object at a dotted path below root, made on the way where absent (a value that is no object
// is replaced by one). An empty path is root.
struct doc *doc_at(struct doc *root, struct arena *a, const char *path);

// Put into an object (key) or append to an array (key NULL). Putting a key again replaces it.
// Device names come from outside: doc_key() makes a legal field name of one ('.' and a leading '$'
// become '-'). Text that is no UTF-8 is put with U+FFFD for the wrong bytes; NULL text: nothing.
const char *doc_key(struct arena *a, const char *name);
void doc_put(struct doc *to, struct arena *a, const char *key, struct doc *item);
void doc_put_bool(struct doc *to, struct arena *a, const char *key, bool v);
void doc_put_int(struct doc *to, struct arena *a, const char *key, int64_t v);
void doc_put_double(struct doc *to, struct arena *a, const char *key,
	double v); // NaN: nothing; in an array null
void doc_put_text(struct doc *to, struct arena *a, const char *key, const char *v); // copied
void doc_put_time(struct doc *to, struct arena *a, const char *key, int64_t unix_ms);
void doc_put_first(struct doc *object, struct arena *a, const char *key); // of what is there

// Dotted lookup in a tree; array items by number. NULL when absent.
const struct doc *doc_find(const struct doc *root, const char *path);

// Wire forms. doc_to_bson allocates in the arena. doc_from_bson refuses types that no kind holds.
int doc_to_bson(
	const struct doc *d, struct arena *a, struct bytes *ret, struct error *err) MUST_USE;
int doc_from_bson(struct bytes b, struct arena *a, struct doc **ret, struct error *err) MUST_USE;
// The same of a document that another program wrote: what may not be stored (NaN, types that no kind
// holds, an array inside an array) is left out, in an array it is null, and field names become legal.
int doc_from_foreign(struct bytes b, struct arena *a, struct doc **ret, struct error *err) MUST_USE;
// Plain JSON (times as ISO text); extended: MongoDB's relaxed Extended JSON v2.
void doc_to_json(const struct doc *d, bool extended, bool pretty, struct strbuf *out);
// JSON text, plain or Extended (relaxed or canonical), to a tree.
int doc_from_json(const char *text, size_t len, struct arena *a, struct doc **ret,
	struct error *err) MUST_USE;
// The same of what another program wrote, as doc_from_foreign; NaN, NumberLong(5), ISODate("...") and
// the like of Python and MongoDB's shell are understood.
int doc_from_foreign_json(const char *text, size_t len, struct arena *a, struct doc **ret,
	struct error *err) MUST_USE;

// Lookup straight in BSON without building a tree: 1 found, 0 absent, <0 damaged. For an object
// or array ret->kind alone is set. *ret_error is the deepest "error" number met on the way down
// (SUPReMM's convention), 0 if none. Text is borrowed from b.
struct scalar {
	enum doc_kind kind;
	bool boolean;
	int64_t integer;
	double number; // also set for DOC_INT
	const char *text;
};
int bson_find(struct bytes b, const char *path, struct scalar *ret, int *ret_error) MUST_USE;
// The items of the array at a path, one after the other: 1 done, 0 no array there, <0 damaged.
// each() returns 0 to go on; any other value ends the walk and is returned.
typedef int bson_item(void *context, const struct scalar *item);
int bson_each(struct bytes b, const char *path, bson_item *each, void *context) MUST_USE;
// Many such lookups in one pass, with the same results: the paths first, once; then each document.
// found[i] belongs to the path whose bson_paths_add() returned i. Equal paths share it.
struct bson_paths;
struct bson_visit;
struct bson_found {
	bool is_there;
	int error;
	struct scalar value;
	struct bytes raw; // of an object or array: itself, for bson_items
};
struct bson_paths *bson_paths_new(struct arena *a);
size_t bson_paths_add(struct bson_paths *p, const char *path);
size_t bson_paths_count(const struct bson_paths *p);
// Room that bson_gather works in; one for each thread.
struct bson_visit *bson_paths_scratch(const struct bson_paths *p, struct arena *a);
int bson_gather(const struct bson_paths *p, struct bytes b, struct bson_visit *scratch,
	struct bson_found *found) MUST_USE; // 0, or <0: bson_check() says what is wrong
// As bson_each, of an array that was gathered.
int bson_items(struct bytes array, bson_item *each, void *context) MUST_USE;
// What may be stored: whole, UTF-8, known types, names legal, no NaN, no array inside an array.
int bson_check(struct bytes b, struct error *err) MUST_USE;
