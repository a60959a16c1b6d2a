// SPDX-License-Identifier: Apache-2.0
// YAML: turns libyaml's events into a tree with lines, within bounds of bytes, depth and nodes.
#include "common/yaml.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "common/file.h"
#include "common/map.h"
#include "common/str.h"

// A node and what using it would cost: an alias shares the node, yet whoever walks the tree walks
// it again, so the walk is what is bounded (an alias bomb is small until it is walked).
struct counted {
	struct yaml_node node; // first: a pointer to it is a pointer to this
	size_t weight;         // nodes met in a walk
	int height;            // 1: a scalar
};

struct composer {
	yaml_parser_t parser;
	const char *file;
	struct arena *arena;
	struct error *err;
	struct map anchors; // name → struct counted, finished nodes only
	size_t made;        // nodes made so far
};

// Children in the making.
struct children {
	struct yaml_node **items;
	size_t n, room;
};

static int line_of(const yaml_event_t *event)
{
	return (int)event->start_mark.line + 1;
}

static void delete_event(yaml_event_t *event)
{
	yaml_event_delete(event);
}

static int next_event(struct composer *c, yaml_event_t *event)
{
	const yaml_parser_t *p = &c->parser;

	if (yaml_parser_parse(&c->parser, event))
		return 0;
	if (p->error == YAML_MEMORY_ERROR)
		return error_at(c->err, ENOMEM, c->file, 0, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return error_at(c->err, EINVAL, c->file, 0, "%s at byte %zu", p->problem,
			p->problem_offset);
	return error_at(c->err, EINVAL, c->file, (int)p->problem_mark.line + 1, "%s%s%s",
		p->problem, p->context ? " " : "", p->context ? p->context : "");
}

static int too_large(struct composer *c, int line)
{
	error_at(c->err, E2BIG, c->file, line, "more than %d nodes, aliases counted",
		YAML_MAX_NODES);
	return -E2BIG;
}

static int too_deep(struct composer *c, int line)
{
	error_at(c->err, E2BIG, c->file, line, "nested deeper than %d", YAML_MAX_DEPTH);
	return -E2BIG;
}

static struct counted *make_node(struct composer *c, enum yaml_kind kind, int line)
{
	struct counted *node = arena_alloc(c->arena, sizeof(*node));

	node->node.kind = kind;
	node->node.line = line;
	node->weight = 1;
	node->height = 1;
	c->made++;
	return node;
}

static void add_child(struct composer *c, struct children *list, struct yaml_node *item)
{
	if (list->n == list->room) {
		struct yaml_node **old = list->items;

		list->room = list->room ? list->room * 2 : 4;
		list->items = arena_array(c->arena, list->room, sizeof(struct yaml_node *));
		if (list->n)
			memcpy(list->items, old, list->n * sizeof(struct yaml_node *));
	}
	list->items[list->n++] = item;
}

static int compose_node(
	struct composer *c, const yaml_event_t *event, int depth, struct counted **ret);

static int add_weight(struct composer *c, struct counted *parent, const struct counted *child)
{
	parent->weight += child->weight;
	if (parent->height < child->height + 1)
		parent->height = child->height + 1;
	if (parent->weight > YAML_MAX_NODES || c->made > YAML_MAX_NODES)
		return too_large(c, parent->node.line);
	if (parent->height > YAML_MAX_DEPTH)
		return too_deep(c, parent->node.line);
	return 0;
}

// 1: a child; 0: the collection's end.
static int compose_child(struct composer *c, struct counted *parent, int depth,
	yaml_event_type_t end, struct counted **ret)
{
	CLEANUP(delete_event) yaml_event_t event = {0};

	TRY(next_event(c, &event));
	if (event.type == end)
		return 0;
	TRY(compose_node(c, &event, depth + 1, ret));
	TRY(add_weight(c, parent, *ret));
	return 1;
}

static int compose_list(struct composer *c, struct counted *list, int depth)
{
	struct children items = {0};
	struct counted *item = NULL;
	int more;

	while ((more = compose_child(c, list, depth, YAML_SEQUENCE_END_EVENT, &item)) > 0)
		add_child(c, &items, &item->node);
	list->node.items = items.items;
	list->node.n = items.n;
	return more;
}

static int check_key(struct composer *c, struct map *seen, struct yaml_node *key)
{
	const struct yaml_node *first;

	if (key->kind != YAML_SCALAR)
		return error_at(c->err, EINVAL, c->file, key->line, "a key must be a plain word");
	first = map_get(seen, key->text);
	if (first)
		return error_at(c->err, EINVAL, c->file, key->line,
			"key \"%s\" again, first in line %d", key->text, first->line);
	map_put(seen, key->text, key);
	return 0;
}

static int compose_map(struct composer *c, struct counted *map, int depth)
{
	CLEANUP(map_release) struct map seen = {0};
	struct children keys = {0};
	struct children values = {0};
	struct counted *key = NULL;
	struct counted *value = NULL;
	int more;

	while ((more = compose_child(c, map, depth, YAML_MAPPING_END_EVENT, &key)) > 0) {
		TRY(check_key(c, &seen, &key->node));
		// Every key has a value, be it an empty one.
		if (compose_child(c, map, depth, YAML_NO_EVENT, &value) <= 0 || !value)
			return c->err && c->err->code ? c->err->code : -EINVAL;
		add_child(c, &keys, &key->node);
		add_child(c, &values, &value->node);
	}
	map->node.keys = keys.items;
	map->node.items = values.items;
	map->node.n = keys.n;
	return more;
}

static int compose_scalar(struct composer *c, const yaml_event_t *event, struct counted *node)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (memchr(text, '\0', len))
		return error_at(c->err, EINVAL, c->file, node->node.line, "NUL in a text");
	node->node.text = arena_strndup(c->arena, text, len);
	node->node.is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int find_anchor(struct composer *c, const yaml_event_t *event, struct counted **ret)
{
	const char *name = (const char *)event->data.alias.anchor;

	*ret = map_get(&c->anchors, name);
	if (*ret)
		return 0;
	error_at(c->err, EINVAL, c->file, line_of(event), "*%s: no anchor &%s before this place",
		name, name);
	return -EINVAL;
}

// Types follow from what the program expects, not from tags in the file.
static int check_tag(struct composer *c, const yaml_event_t *event, const yaml_char_t *tag)
{
	if (!tag || str_eq((const char *)tag, "!"))
		return 0;
	return error_at(c->err, EINVAL, c->file, line_of(event),
		"tag \"%s\": tags have no use here", (const char *)tag);
}

static int compose_content(struct composer *c, const yaml_event_t *event, int depth,
	struct counted **ret, const yaml_char_t **ret_anchor)
{
	int line = line_of(event);

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		TRY(check_tag(c, event, event->data.scalar.tag));
		*ret_anchor = event->data.scalar.anchor;
		*ret = make_node(c, YAML_SCALAR, line);
		return compose_scalar(c, event, *ret);
	case YAML_SEQUENCE_START_EVENT:
		TRY(check_tag(c, event, event->data.sequence_start.tag));
		*ret_anchor = event->data.sequence_start.anchor;
		*ret = make_node(c, YAML_LIST, line);
		return compose_list(c, *ret, depth);
	case YAML_MAPPING_START_EVENT:
		TRY(check_tag(c, event, event->data.mapping_start.tag));
		*ret_anchor = event->data.mapping_start.anchor;
		*ret = make_node(c, YAML_MAP, line);
		return compose_map(c, *ret, depth);
	default:
		error_at(c->err, EINVAL, c->file, line, "unexpected end of a collection");
		return -EINVAL;
	}
}

static int compose_node(
	struct composer *c, const yaml_event_t *event, int depth, struct counted **ret)
{
	const yaml_char_t *anchor = NULL;

	if (depth > YAML_MAX_DEPTH)
		return too_deep(c, line_of(event));
	if (event->type == YAML_ALIAS_EVENT)
		return find_anchor(c, event, ret);
	TRY(compose_content(c, event, depth, ret, &anchor));
	if (anchor)
		map_put(&c->anchors, arena_strdup(c->arena, (const char *)anchor), *ret);
	return 0;
}

// Reads over events that carry nothing, up to the first that does.
static int skip_to(struct composer *c, yaml_event_t *event)
{
	for (;;) {
		TRY(next_event(c, event));
		if (event->type != YAML_STREAM_START_EVENT &&
			event->type != YAML_DOCUMENT_START_EVENT &&
			event->type != YAML_DOCUMENT_END_EVENT)
			return 0;
		yaml_event_delete(event);
	}
}

static int compose_document(struct composer *c, struct yaml_node **ret)
{
	CLEANUP(delete_event) yaml_event_t event = {0};
	CLEANUP(delete_event) yaml_event_t end = {0};
	struct counted *root = NULL;

	*ret = NULL;
	TRY(skip_to(c, &event));
	if (event.type == YAML_STREAM_END_EVENT)
		return 0;
	TRY(compose_node(c, &event, 1, &root));
	TRY(skip_to(c, &end));
	if (end.type != YAML_STREAM_END_EVENT)
		return error_at(c->err, EINVAL, c->file, line_of(&end), "a second document");
	// "---" with nothing after it is an empty document too.
	if (root->node.kind == YAML_SCALAR && root->node.is_plain && !*root->node.text)
		return 0;
	*ret = &root->node;
	return 0;
}

int yaml_parse(const char *file_name, const char *text, size_t len, struct arena *a,
	struct yaml_node **ret, struct error *err)
{
	struct composer c = {.file = file_name, .arena = a, .err = err};
	int code;

	if (len > YAML_MAX_BYTES)
		return error_at(err, EFBIG, file_name, 0, "larger than %u bytes", YAML_MAX_BYTES);
	if (!yaml_parser_initialize(&c.parser))
		return error_at(err, ENOMEM, file_name, 0, "out of memory");
	yaml_parser_set_encoding(&c.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&c.parser, (const unsigned char *)text, len);
	code = compose_document(&c, ret);
	yaml_parser_delete(&c.parser);
	map_release(&c.anchors);
	return code;
}

int yaml_load(const char *path, struct arena *a, struct yaml_node **ret, struct error *err)
{
	CLEANUP(arena_release) struct arena file = {0};
	struct bytes text;

	TRY(file_read(path, YAML_MAX_BYTES, &file, &text, err));
	return yaml_parse(path, (const char *)text.data, text.len, a, ret, err);
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}
