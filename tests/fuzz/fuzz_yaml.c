// SPDX-License-Identifier: Apache-2.0
// YAML trees: a walk stays within the bounds that the header promises.
#include <stdint.h>
#include <stdlib.h>

#include "common/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t walk(const struct yaml_node *node, int depth)
{
	size_t n = 1;

	if (depth > YAML_MAX_DEPTH || node->line < 1)
		abort();
	if (node->kind == YAML_SCALAR && !node->text)
		abort();
	for (size_t i = 0; node->kind != YAML_SCALAR && i < node->n; i++) {
		if (node->kind == YAML_MAP)
			n += walk(node->keys[i], depth + 1);
		n += walk(node->items[i], depth + 1);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct yaml_node *root = NULL;
	struct error err = {0};

	if (yaml_parse("input", (const char *)data, size, &arena, &root, &err) < 0) {
		if (!err.text[0] || !err.code)
			abort();
		return 0;
	}
	if (root && walk(root, 1) > YAML_MAX_NODES)
		abort();
	return 0;
}
