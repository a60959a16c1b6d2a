// SPDX-License-Identifier: Apache-2.0
// The receiver's side: bytes into files below a root, whatever the order and how often.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/map.h"
#include "relay/envelope.h"

#define TREE_OPEN_FILES 64

struct tree_file {
	char path[ENVELOPE_PATH_MAX + 1];
	int fd;
};

struct tree {
	int root, log;
	struct arena arena;
	struct map generations; // path to uint64_t
	struct tree_file open[TREE_OPEN_FILES];
	size_t n_open;
	uint64_t stale;  // messages of an older generation, or for a file that was removed here
	uint64_t resets; // files begun again
};

int tree_open(struct tree *t, const char *root, const char *state, struct error *err) MUST_USE;
void tree_close(struct tree *t);

// -EBADMSG: the tree has something there that no message may touch (a link, a folder); nothing was
// changed. Any other error is the disk's: the same message may succeed later.
int tree_apply(struct tree *t, const struct envelope *e, struct error *err) MUST_USE;
// All that was applied is on disk afterwards.
int tree_sync(struct tree *t, struct error *err) MUST_USE;
