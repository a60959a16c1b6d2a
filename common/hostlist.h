// SPDX-License-Identifier: Apache-2.0
// Slurm host lists: "cn[001-128,200]-ib[0-3],login1". Expansion is bounded: a list of more than
// max hosts is an error that says so, never an attempt.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

#define HOSTLIST_MAX 262144

struct hostlist {
	const char **hosts; // in the order written, duplicates kept as Slurm does
	size_t n;
};

// "", "None assigned" and NULL give an empty list.
int hostlist_expand(const char *text, size_t max, struct arena *a, struct hostlist *ret,
	struct error *err) MUST_USE;

// Shortest common notation of the names, in sorted order: cn[001-004,007].
char *hostlist_compress(const char *const *hosts, size_t n, struct arena *a);
