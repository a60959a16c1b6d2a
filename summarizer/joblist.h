// SPDX-License-Identifier: Apache-2.0
// The jobs of a sweep that several processes, also of several machines, share: chosen once, written
// to a file, so that all of them mean the same job by the same number.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/job.h"
#include "common/str.h"

struct joblist {
	const char *cluster;
	const char *catalogue; // hash
	struct job *jobs;
	size_t n;
};

// Appends the list's bytes.
int joblist_write(const struct joblist *l, struct strbuf *to, struct error *err) MUST_USE;
// Strings in the arena. path is for messages.
int joblist_read(struct bytes b, const char *path, struct arena *a, struct joblist *ret,
	struct error *err) MUST_USE;
