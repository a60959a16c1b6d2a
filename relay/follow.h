// SPDX-License-Identifier: Apache-2.0
// The sender's view of a growing archive tree: what of each file was published and confirmed.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/map.h"

#define FOLLOW_PREFIX 1024 // bytes at the beginning whose change is a rewrite: more than any label

struct followed {
	char *path;          // below the root
	uint64_t generation; // of its contents; a rewritten file gets a higher one
	uint64_t confirmed, published, size;
	uint64_t inode;
	uint64_t prefix_hash; // of the first prefix_len bytes as published
	uint32_t prefix_len;
	int64_t mtime_ns;   // at the last look; 0: look again
	unsigned in_flight; // messages
	bool present, at_rest, skipped;
	bool unsure; // more of it may have been published than was remembered, by who was killed
};

struct follow {
	int root, notify; // descriptors
	const char *state;
	struct followed **files;
	size_t n, room;
	struct map by_path;
	bool changed; // the state on disk is older
	uint64_t backlog, skipped_files, rewritten;
};

struct follow_limits {
	uint64_t
		spool_bytes; // more unconfirmed than this: the oldest files are given up; 0: no limit
	int64_t spool_age_s; // files of days before are not begun; 0: no limit
};

int follow_open(struct follow *f, const char *root, const char *state, struct error *err) MUST_USE;
void follow_close(struct follow *f);
int follow_scan(struct follow *f, const struct follow_limits *limits, struct error *err) MUST_USE;
int follow_save(struct follow *f, struct error *err) MUST_USE;
void follow_rewind(struct follow *f); // nothing is in flight any more: publish again from confirmed

// The next bytes of a file. 0: there are none now (it shrank, vanished or was replaced: the next
// scan sees to it).
ssize_t follow_read(struct follow *f, struct followed *file, uint8_t *buf, size_t room);
// They were published.
void follow_published(struct followed *file, const uint8_t *data, size_t len);
