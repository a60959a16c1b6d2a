// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "common/arena.h"

static int all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return 0;
	return 1;
}

Test(arena, memory_is_zeroed_aligned_and_apart)
{
	struct arena a = {0};
	unsigned char *last = NULL;

	for (size_t size = 1; size < 3000; size += 7) {
		unsigned char *p = arena_alloc(&a, size);

		cr_assert(eq(u64, (uintptr_t)p % alignof(max_align_t), 0));
		cr_assert(all_zero(p, size));
		cr_assert(ne(ptr, p, last));
		memset(p, 0xff, size);
		last = p;
	}
	arena_release(&a);
	cr_assert(eq(ptr, a.head, NULL));
	cr_assert(eq(sz, a.used, 0));
}

Test(arena, reset_gives_clean_memory_again)
{
	struct arena a = {0};

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 200; i++) {
			unsigned char *p = arena_alloc(&a, 100);

			cr_assert(all_zero(p, 100));
			memset(p, 0xaa, 100);
		}
		cr_assert(eq(sz, a.used, 20000));
		arena_reset(&a);
		cr_assert(eq(sz, a.used, 0));
	}
	arena_release(&a);
}

Test(arena, larger_than_a_block)
{
	struct arena a = {0};
	unsigned char *p = arena_alloc(&a, 5 << 20);

	p[(5 << 20) - 1] = 1;
	cr_assert(ne(ptr, arena_alloc(&a, 1), NULL));
	arena_release(&a);
}

Test(arena, texts)
{
	struct arena a = {0};
	char long_text[1000];

	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	cr_assert(eq(str, arena_strdup(&a, "abc"), "abc"));
	cr_assert(eq(ptr, arena_strdup(&a, NULL), NULL));
	cr_assert(eq(str, arena_strndup(&a, "abcdef", 3), "abc"));
	cr_assert(eq(str, arena_strndup(&a, "ab", 9), "ab"));
	cr_assert(eq(str, arena_printf(&a, "%d-%s", 7, "x"), "7-x"));
	cr_assert(eq(str, arena_printf(&a, "%s", long_text), long_text));
	cr_assert(eq(int, memcmp(arena_copy(&a, "a\0b", 3), "a\0b", 3), 0));
	arena_release(&a);
}
