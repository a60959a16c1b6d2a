// SPDX-License-Identifier: Apache-2.0
// Hash map: entries in insertion order beside a table of slots that hold entry number + 1.
#include "common/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

// FNV-1a started from the table's own address, so that keys which collide in one process do not in
// the next: a file cannot be written to make every lookup slow.
static uint64_t hash_key(const struct map *m, const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)(uintptr_t)m->slots;

	for (const char *p = key; *p; p++)
		h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	return h * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

// The slot that holds key, or the free one where it belongs. There is always a free one.
static unsigned *find_slot(const struct map *m, const char *key)
{
	size_t i = hash_key(m, key) & (m->n_slots - 1);

	while (m->slots[i] && strcmp(m->entries[m->slots[i] - 1].key, key) != 0)
		i = (i + 1) & (m->n_slots - 1);
	return &m->slots[i];
}

void map_release(struct map *m)
{
	free(m->entries);
	free(m->slots);
	*m = (struct map){0};
}

void *map_get(const struct map *m, const char *key)
{
	unsigned *slot = m->n_slots ? find_slot(m, key) : NULL;

	return slot && *slot ? m->entries[*slot - 1].value : NULL;
}

static void grow_slots(struct map *m)
{
	unsigned *old = m->slots;

	m->n_slots = m->n_slots ? m->n_slots * 2 : 16;
	m->slots = memory_alloc(m->n_slots, sizeof(*m->slots));
	free(old);
	for (size_t i = 0; i < m->n; i++)
		*find_slot(m, m->entries[i].key) = (unsigned)i + 1;
}

static void grow_entries(struct map *m)
{
	m->room = m->room ? m->room * 2 : 8;
	m->entries = memory_resize(m->entries, m->room, sizeof(*m->entries));
}

void map_put(struct map *m, const char *key, void *value)
{
	unsigned *slot;

	if ((m->n + 1) * 2 > m->n_slots)
		grow_slots(m);
	slot = find_slot(m, key);
	if (*slot) {
		m->entries[*slot - 1].value = value;
		return;
	}
	if (m->n == m->room)
		grow_entries(m);
	m->entries[m->n++] = (struct map_entry){key, value};
	*slot = (unsigned)m->n;
}
