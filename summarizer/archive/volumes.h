// SPDX-License-Identifier: Apache-2.0
// Which data volumes an archive has: NAME.0, NAME.1.xz ...
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

struct volume {
	int number;
	const char *path;
};

struct volumes {
	struct volume
		*items; // by number; where a volume is there plain and compressed, the plain one
	size_t n;
};

// last: the last one that the index names; <0: not known.
int volumes_find(const char *base, int last, struct arena *a, struct volumes *ret,
	struct error *err) MUST_USE;
