// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/arena.h"
#include "common/map.h"

Test(map, keeps_insertion_order_and_replaces)
{
	struct map m = {0};
	struct arena a = {0};
	static int values[5000];

	cr_assert(eq(ptr, map_get(&m, "x"), NULL));
	for (int i = 0; i < 5000; i++)
		map_put(&m, arena_printf(&a, "key %d", i * 7919 % 5000), &values[i]);
	cr_assert(eq(sz, m.n, 5000));
	for (int i = 0; i < 5000; i++) {
		const char *key = arena_printf(&a, "key %d", i * 7919 % 5000);

		cr_assert(eq(ptr, map_get(&m, key), &values[i]));
		cr_assert(eq(str, m.entries[i].key, key));
	}
	map_put(&m, "key 7", &values[1]);
	cr_assert(eq(sz, m.n, 5000));
	cr_assert(eq(ptr, map_get(&m, "key 7"), &values[1]));
	cr_assert(eq(ptr, map_get(&m, "key 5000"), NULL));
	cr_assert(eq(ptr, map_get(&m, ""), NULL));
	map_release(&m);
	cr_assert(eq(sz, m.n, 0));
	map_put(&m, "", &values[0]);
	cr_assert(eq(ptr, map_get(&m, ""), &values[0]));
	map_release(&m);
	arena_release(&a);
}
