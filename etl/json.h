// SPDX-License-Identifier: Apache-2.0
// Documents as JSON → a store of the moment, from which they are loaded as from any other.
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "common/postgres/postgres.h"
#include "common/store/store.h"

struct json_source {
	const char *path;    // "-": standard input
	const char *cluster; // of documents that name none; NULL: those are unfit
	const struct store_completer *completer;
};

// Objects one after the other, in lines or in an array, plain or Extended. What is no document is
// put into warehouse.load_error under its number in the file, and counted in *ret_unfit.
int json_fill_store(const struct json_source *source, struct store *s, struct postgres *p,
	uint64_t *ret_unfit, struct error *err) MUST_USE;
