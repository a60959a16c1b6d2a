// SPDX-License-Identifier: Apache-2.0
// Arena: a list of blocks, the newest first; allocation moves a mark in the newest.
#include "common/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"

enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

// Under AddressSanitizer each allocation is a block of its own, so that an overrun is seen.
#ifdef __has_feature // clang's way to ask; gcc defines the other
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
enum { SHARES_BLOCKS = 0 };
#else
enum { SHARES_BLOCKS = 1 };
#endif

struct arena_block {
	struct arena_block *next;
	size_t room, used;
	alignas(max_align_t) unsigned char data[];
};

static struct arena_block *add_block(struct arena *a, size_t size)
{
	size_t room = a->head ? a->head->room * 2 : FIRST_BLOCK;
	struct arena_block *b;

	if (room > LARGEST_BLOCK)
		room = LARGEST_BLOCK;
	if (room < size || !SHARES_BLOCKS)
		room = size;
	if (room > SIZE_MAX - sizeof(*b))
		room = SIZE_MAX - sizeof(*b); // cannot be had: ends the program in the next line
	b = memory_alloc(1, sizeof(*b) + room);
	b->room = room;
	b->next = a->head;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct arena_block *b = a->head;
	size_t start = b ? (b->used + align - 1) / align * align : 0;

	if (!b || start > b->room || size > b->room - start || (!SHARES_BLOCKS && b->used)) {
		b = add_block(a, size);
		start = 0;
	}
	b->used = start + size;
	a->used += size;
	return b->data + start;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		total = SIZE_MAX; // cannot be had: ends the program
	return arena_alloc(a, total);
}

void *arena_copy(struct arena *a, const void *data, size_t size)
{
	void *copy = arena_alloc(a, size);

	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_copy(a, s, strlen(s) + 1) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char small[256]; // most texts fit: one pass
	char *text;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(small, sizeof(small), fmt, args);
	va_end(args);
	if (len < (int)sizeof(small))
		return arena_strdup(a, len < 0 ? "" : small);
	text = arena_alloc(a, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

static void free_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_reset(struct arena *a)
{
	struct arena_block *b = a->head;

	a->used = 0;
	if (!b)
		return;
	free_blocks(b->next);
	b->next = NULL;
	memset(b->data, 0, b->used);
	b->used = 0;
}

void arena_release(struct arena *a)
{
	free_blocks(a->head);
	*a = (struct arena){0};
}
