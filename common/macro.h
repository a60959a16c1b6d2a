// SPDX-License-Identifier: Apache-2.0
// The few macros that the whole tree may use; function-like macros live here or in .def expansions.
#pragma once

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args), nonnull(fmt)))
#define MUST_USE               __attribute__((warn_unused_result))

// A resource freed when its variable leaves scope: CLEANUP(strbuf_release) struct strbuf s = {0};
// the function takes a pointer to the variable.
#define CLEANUP(fn) __attribute__((cleanup(fn)))

static inline void free_pointer(void *p)
{
	free(*(void **)p);
}
#define AUTO_FREE CLEANUP(free_pointer)

// Hands ownership on: return TAKE(p) leaves p NULL, so that its cleanup frees nothing.
#define TAKE(p)                                  \
	({                                       \
		__typeof__(p) take_value_ = (p); \
		(p) = NULL;                      \
		take_value_;                     \
	})

// Returns a negative code upward; everything held is released by cleanup attributes.
#define TRY(expr)                         \
	do {                              \
		int try_code_ = (expr);   \
		if (try_code_ < 0)        \
			return try_code_; \
	} while (0)

// A large buffer that is written before it is read: builds that fill every variable leave it out.
#define UNINITIALIZED __attribute__((uninitialized))
