// SPDX-License-Identifier: Apache-2.0
// Allocation that succeeds or ends the program.
#include "common/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static _Noreturn void memory_exhausted(void)
{
	static const char text[] = "out of memory\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)written; // nothing left to do about it
	abort();
}

void *memory_alloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		memory_exhausted();
	return p;
}

void *memory_resize(void *p, size_t n, size_t size)
{
	void *bigger = reallocarray(p, n ? n : 1, size ? size : 1);

	if (!bigger)
		memory_exhausted();
	return bigger;
}
