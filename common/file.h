// SPDX-License-Identifier: Apache-2.0
// Whole small files, bounded.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"

// The file's bytes, followed by a NUL that is not counted. A file of more than max bytes, or a
// directory, is an error.
int file_read(const char *path, size_t max, struct arena *a, struct bytes *ret,
	struct error *err) MUST_USE;

// One secret: a regular file that only its owner can read (mode 0600 or less), owned by us or
// root; the trailing newline is dropped. Empty, several lines or NUL bytes are errors. The words of an
// error never hold the secret.
int file_read_secret(
	const char *path, struct arena *a, const char **ret, struct error *err) MUST_USE;
