// SPDX-License-Identifier: Apache-2.0
// How full file systems are, asked in processes of their own: one that hangs costs itself alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

struct usage {
	const char *path;
	int code; // 0, or a negative errno value; -EXDEV: nothing is mounted there; -ETIMEDOUT
	uint64_t total_bytes, used_bytes, free_bytes; // free: to users
	uint64_t total_files, used_files;             // total 0: the file system has no limit
};

// Fills all rows but their paths, together in at most limit_s seconds.
int usage_measure(struct usage *rows, size_t n, int64_t limit_s, struct error *err) MUST_USE;
