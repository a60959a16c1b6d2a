// SPDX-License-Identifier: Apache-2.0
// Boundaries that hooks could not hand to the sampler: a folder beside the spool with one file for each,
// the text of its datagram, under one of a fixed number of names. So it is bounded, and no hook ever
// waits for another process.
//
// One process at a time takes them: a one-shot or the sampler (pending_claim). One child of the hooks
// at a time sees to it that somebody does (pending_guard). Nothing is overlooked: a hook puts its file
// first and tries to become the guard then; a guard that ends looks once more after it has given that
// up.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "prolog-epilog/boundary.h"

#define PENDING_SUFFIX ".pending" // of the spool's path
#define PENDING_SLOTS  1024

struct pending {
	struct boundary boundary;
	char name[8]; // in the folder
};

bool pending_put(const char *spool, const char *text, size_t len);
// A descriptor that is the guard's until it and its copies are closed; -EWOULDBLOCK: there is one.
int pending_guard(const char *spool);
// Whether all is taken: then the guard may end, and is none any more.
bool pending_guard_ends(const char *spool, int guard);

// A descriptor: until it is closed nobody else takes. -EWOULDBLOCK: another does; -ENOENT: nothing
// was ever put there.
int pending_claim(const char *spool);
// Up to max of them, in no order. What was no boundary a while after it was begun is removed.
size_t pending_list(int claim, struct pending *ret, size_t max, int64_t now_s);
void pending_remove(int claim, const struct pending *p, size_t n);
