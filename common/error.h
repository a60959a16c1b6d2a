// SPDX-License-Identifier: Apache-2.0
// Errors: a function that can fail returns 0 (or a positive count) or a negative errno value, and
// says in words what was wrong and where in the struct error of its caller. Libraries never print
// and never exit; a program prints the text once, at the level that knows the job or file.
#pragma once

#include "common/macro.h"

struct error {
	int code;       // negative errno value; 0 = no error yet
	char text[500]; // one line, no trailing newline, UTF-8; cut when longer
};

// Each sets *err (NULL is allowed: nobody wants the words) and returns -code, so that
// `return error_set(err, EINVAL, ...)` is the whole failure path.
int error_set(struct error *err, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

// Prefixes the text with "FILE:LINE: "; line 0 leaves the line out. For all outside text.
int error_at(struct error *err, int code, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

// Puts "PREFIX: " before what is already there and returns the code that is there.
int error_prefix(struct error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);
