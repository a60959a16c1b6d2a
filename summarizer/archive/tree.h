// SPDX-License-Identifier: Apache-2.0
// The archive tree: ROOT/<host>/<yyyy>/<mm>/<dd>/ (UTC day on which the archive begins) holds any
// number of ordinary PCP archives. That layout is the index: only days near the window are looked
// into. Any other folder works too: all archives below it are found. Whose and when an archive is
// always decides its label, never its path.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/map.h"

struct archive_place {
	const char *base; // path without ".meta"
	const char *host; // of the label
	int64_t start_ns; // of the label
};

struct archive_host {
	const char *name;
	struct archive_place *places; // by start, then path
	size_t n, room;
};

struct archive_tree {           // all zero is an empty one
	struct map hosts;       // full name to struct archive_host
	struct map short_names; // name up to the first dot to struct archive_host
	size_t n;               // archives
};

// Days before the window that are looked into: an archive may run on for this long.
#define ARCHIVE_TREE_DAYS_BEFORE 2
#define ARCHIVE_TREE_MAX_DEPTH   8

// Adds what lies below a root and may touch [since, until] (seconds). Unreadable or damaged files
// are reported through bad() and left out; <0 only when the root itself cannot be read.
struct archive_tree_request {
	const char *root;
	int64_t since_s, until_s;
	void (*bad)(void *context, const struct error *why);
	void *context;
};
int archive_tree_scan(struct archive_tree *t, const struct archive_tree_request *r, struct arena *a,
	struct error *err) MUST_USE;

// Adds one archive that is known already; an archive that is there twice counts once.
void archive_tree_add(struct archive_tree *t, struct arena *a, const char *base, const char *host,
	int64_t start_ns);

// The archives of a host: by its full name, else by the name up to the first dot when just one
// host has it. NULL: none.
const struct archive_host *archive_tree_host(const struct archive_tree *t, const char *name);
void archive_tree_release(struct archive_tree *t);
