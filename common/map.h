// SPDX-License-Identifier: Apache-2.0
// Hash map from string to pointer: open addressing, keys are borrowed (they live in the caller's
// arena as long as the map). Iteration is in insertion order, so output never depends on hashing.
#pragma once

#include <stddef.h>

struct map_entry {
	const char *key;
	void *value;
};

struct map {                       // all zero is an empty map
	struct map_entry *entries; // in insertion order
	size_t n;
	size_t room;
	unsigned *slots;
	size_t n_slots;
};

void map_release(struct map *m);
void *map_get(const struct map *m, const char *key);
void map_put(struct map *m, const char *key, void *value); // replaces the value of an equal key
