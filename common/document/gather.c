// SPDX-License-Identifier: Apache-2.0
// Many lookups in one pass. The paths are a tree of names; a document is walked once along it, and
// what no path leads to is only checked: in this pass, too, because walking costs most. The names of a document mostly come in the
// order of those of the tree, so each is first compared with the one after the last that was found.
#include "common/document/document.h"

#include <errno.h>
#include <string.h>

#include "common/document/element.h"

enum { NODES_FIRST = 64, NO_SLOT = -1 };

struct name_node {
	const char *name;
	uint64_t head; // of the name, as in struct element
	size_t len;
	int slot;             // NO_SLOT: no path ends here
	uint32_t above;       // a node before this one
	uint32_t child, next; // first child, next sibling; 0: none
};

struct bson_paths {
	struct arena *arena;
	struct name_node *nodes; // the first is the root; each comes after the one above it
	size_t n, room;
	size_t n_slots;
};

struct bson_paths *bson_paths_new(struct arena *a)
{
	struct bson_paths *p = arena_alloc(a, sizeof(*p));

	*p = (struct bson_paths){.arena = a, .n = 1, .room = NODES_FIRST};
	p->nodes = arena_array(a, p->room, sizeof(*p->nodes));
	p->nodes[0] = (struct name_node){.name = "", .slot = NO_SLOT};
	return p;
}

static uint32_t add_node(struct bson_paths *p, uint32_t above, const char *name, size_t len)
{
	uint32_t last = 0;

	for (uint32_t i = p->nodes[above].child; i; i = p->nodes[i].next) {
		if (p->nodes[i].len == len && memcmp(p->nodes[i].name, name, len) == 0)
			return i;
		last = i;
	}
	if (p->n == p->room) {
		struct name_node *more = arena_array(p->arena, 2 * p->room, sizeof(*more));

		memcpy(more, p->nodes, p->n * sizeof(*more));
		p->nodes = more;
		p->room *= 2;
	}
	p->nodes[p->n] = (struct name_node){.name = arena_strndup(p->arena, name, len),
		.head = key_head(name, len),
		.len = len,
		.slot = NO_SLOT,
		.above = above};
	*(last ? &p->nodes[last].next : &p->nodes[above].child) = (uint32_t)p->n;
	return (uint32_t)p->n++;
}

size_t bson_paths_add(struct bson_paths *p, const char *path)
{
	uint32_t at = 0;

	while (*path) {
		size_t len = strcspn(path, ".");

		at = add_node(p, at, path, len);
		path += len;
		path += *path == '.';
	}
	if (p->nodes[at].slot == NO_SLOT)
		p->nodes[at].slot = (int)p->n_slots++;
	return (size_t)p->nodes[at].slot;
}

size_t bson_paths_count(const struct bson_paths *p)
{
	return p->n_slots;
}

// What a walk knows of each node.
struct bson_visit {
	bool is_seen, has_error;
	int error;
};

struct bson_visit *bson_paths_scratch(const struct bson_paths *p, struct arena *a)
{
	return arena_array(a, p->n, sizeof(struct bson_visit));
}

struct walk {
	const struct bson_paths *paths;
	struct bson_visit *visits;
	struct bson_found *found;
};

static const struct name_node *match(
	const struct walk *w, uint32_t above, uint32_t expected, const struct element *e)
{
	const struct name_node *nodes = w->paths->nodes;
	uint32_t first = nodes[above].child;
	uint32_t i = expected ? expected : first;

	if (!first)
		return NULL;
	do {
		if (key_is(e, nodes[i].head, nodes[i].name, nodes[i].len))
			return &nodes[i];
		i = nodes[i].next ? nodes[i].next : first;
	} while (i != (expected ? expected : first));
	return NULL;
}

static void note_error(struct bson_visit *v, const struct element *e)
{
	struct scalar s;

	element_scalar(e, &s);
	if (s.kind != DOC_INT || s.integer < INT32_MIN || s.integer > INT32_MAX)
		return;
	v->has_error = true;
	v->error = (int)s.integer;
}

// What an element is to the node of its name, of which it is the first.
static void take(const struct walk *w, const struct name_node *node, const struct element *e)
{
	struct bson_found *f;

	if (node->slot == NO_SLOT || element_kind(e) < 0)
		return;
	f = &w->found[node->slot];
	f->is_there = true;
	f->raw = element_bytes(e);
	element_scalar(e, &f->value);
}

static int walk_level( // NOLINT(misc-no-recursion): the depth of the paths bounds it
	const struct walk *w, uint32_t above, const struct element *in, int depth)
{
	const struct name_node *nodes = w->paths->nodes;
	const uint64_t error = key_head("error", 5);
	uint32_t expected = 0;
	size_t n = 0;
	struct element e;
	int rc;

	if (depth > DOC_DEPTH_MAX)
		return -EINVAL;
	TRY(element_start(element_bytes(in), &e));
	while ((rc = element_next(&e)) > 0) {
		const struct name_node *node = match(w, above, expected, &e);
		uint32_t here = node ? (uint32_t)(node - nodes) : 0;

		if (element_fault(&e, in->type == BSON_ARRAY, n++))
			return -EINVAL;
		if (key_is(&e, error, "error", 5))
			note_error(&w->visits[above], &e);
		if (node)
			expected = node->next;
		if (!node || w->visits[here].is_seen) { // of equal names the first counts
			TRY(element_check(&e, depth));
			continue;
		}
		w->visits[here].is_seen = true;
		take(w, node, &e);
		// What stands in place of a value is {"error": N} itself.
		if (e.type == BSON_OBJECT || e.type == BSON_ARRAY)
			TRY(walk_level(w, here, &e, depth + 1));
	}
	return rc;
}

int bson_gather(const struct bson_paths *p, struct bytes b, struct bson_visit *scratch,
	struct bson_found *found)
{
	const struct walk w = {.paths = p, .visits = scratch, .found = found};

	const struct element all = {.type = BSON_OBJECT, .value = b.data, .size = b.len};

	memset(scratch, 0, p->n * sizeof(*scratch));
	memset(found, 0, p->n_slots * sizeof(*found));
	TRY(walk_level(&w, 0, &all, 1));
	// The deepest error on the way to a path counts; it may stand behind what it is about.
	for (size_t i = 0; i < p->n; i++) {
		const struct name_node *node = &p->nodes[i];

		if (!scratch[i].has_error)
			scratch[i].error = i ? scratch[node->above].error : 0;
		if (node->slot != NO_SLOT)
			found[node->slot].error = scratch[i].error;
	}
	return 0;
}
