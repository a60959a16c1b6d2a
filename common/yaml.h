// SPDX-License-Identifier: Apache-2.0
// YAML as a tree whose every node knows its line. The one file that includes <yaml.h> is yaml.c.
// Anchors and aliases work (bounded); duplicate keys in a mapping are an error.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
	enum yaml_kind kind;
	int line;                 // 1-based
	bool is_plain;            // scalar without quotes
	const char *text;         // scalar
	struct yaml_node **items; // list: the items; map: the values
	struct yaml_node **keys;  // map: the keys (scalars), parallel to items
	size_t n;
};

#define YAML_MAX_BYTES (8u << 20)
#define YAML_MAX_DEPTH 32
#define YAML_MAX_NODES 1000000

int yaml_parse(const char *file_name, const char *text, size_t len, struct arena *a,
	struct yaml_node **ret, struct error *err) MUST_USE; // *ret NULL for an empty document
int yaml_load(
	const char *path, struct arena *a, struct yaml_node **ret, struct error *err) MUST_USE;

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); // NULL: absent
