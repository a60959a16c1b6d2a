// SPDX-License-Identifier: Apache-2.0
// Where a report goes.
#pragma once

#include <stddef.h>

#include "common/error.h"

// path NULL or "-": standard output. A file is there whole or not at all.
int output_write(const char *path, const char *text, size_t len, struct error *err) MUST_USE;
// HTML as PDF: made by a program called as `PROGRAM - FILE`, as weasyprint is.
int output_print(
	const char *program, const char *html, const char *path, struct error *err) MUST_USE;
