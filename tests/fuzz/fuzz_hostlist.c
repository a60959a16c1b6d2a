// SPDX-License-Identifier: Apache-2.0
// Host lists: what expands must compress to something that expands to the same set of names.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/hostlist.h"
#include "common/map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOSTS_MAX = 2000 };

static void check_same_set(const struct hostlist *a, const struct hostlist *b)
{
	static char seen;
	CLEANUP(map_release) struct map in_a = {0};
	CLEANUP(map_release) struct map in_b = {0};

	for (size_t i = 0; i < a->n; i++)
		map_put(&in_a, a->hosts[i], &seen);
	for (size_t i = 0; i < b->n; i++)
		map_put(&in_b, b->hosts[i], &seen);
	if (in_a.n != in_b.n)
		abort();
	for (size_t i = 0; i < in_b.n; i++)
		if (!map_get(&in_a, in_b.entries[i].key))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct hostlist list;
	struct hostlist again;
	struct error err = {0};
	char *text = arena_strndup(&arena, (const char *)data, size);

	if (size == 0 || hostlist_expand(text, HOSTS_MAX, &arena, &list, &err) < 0)
		return 0;
	if (list.n > HOSTS_MAX)
		abort();
	text = hostlist_compress(list.hosts, list.n, &arena);
	if (hostlist_expand(text, HOSTS_MAX, &arena, &again, &err) < 0)
		abort();
	check_same_set(&list, &again);
	return 0;
}
