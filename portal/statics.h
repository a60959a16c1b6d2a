// SPDX-License-Identifier: Apache-2.0
// Static files: all of portal/web, read once at the start. What is not in this table does not
// exist, so no request can name a file. Addresses carry a hash of all contents and never expire.
#pragma once

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"

struct statics;

struct static_file {
	const char *name; // "portal.js", "vendor/uplot.js"
	const char *type;
	struct bytes data, gzip; // gzip.len 0: compression did not help
};

int statics_load(
	const char *directory, struct arena *a, struct statics **ret, struct error *err) MUST_USE;
void statics_release(struct statics *s); // its memory is the arena's, but for the index
const struct static_file *statics_find(const struct statics *s, const char *name); // NULL: none
const char *statics_hash(const struct statics *s);
