// SPDX-License-Identifier: Apache-2.0
// Arena: memory with one lifespan, given back as a whole. Everything that belongs to one job, one
// catalogue or one request is allocated here and never freed singly. Out of memory ends the
// program (arena_alloc never returns NULL): no program of ours can do anything useful then.
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "common/macro.h"

struct arena_block;

struct arena {
	struct arena_block *head; // all zero is an empty arena
	size_t used;              // bytes handed out, for statistics
};

void *arena_alloc(struct arena *a, size_t size); // zeroed, aligned for any type
void *arena_array(struct arena *a, size_t n, size_t size);
void *arena_copy(struct arena *a, const void *data, size_t size);
char *arena_strdup(struct arena *a, const char *s); // NULL gives NULL
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void arena_reset(struct arena *a);   // forgets all, keeps one block for reuse
void arena_release(struct arena *a); // gives all back; a is empty and usable again
