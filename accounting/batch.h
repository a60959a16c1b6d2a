// SPDX-License-Identifier: Apache-2.0
// Records on their way to the warehouse: rows of COPY for each table, of which any range of
// records can be sent by itself, so that the one that the server refuses can be found.
#pragma once

#include "accounting/stage.h"
#include "common/arena.h"
#include "common/postgres/postgres.h"

struct batch {
	struct strbuf rows[STAGES];
	struct batch_record {
		size_t begin[STAGES];
		const char *key;
	} * records;
	size_t n, room;
	struct arena arena; // of keys
};

// A record that follows goes with the one before. -EINVAL as stage_put; then nothing was added,
// and of a record that does not follow those that follow it must not be added either.
int batch_add(
	struct batch *b, const struct record *r, bool *ret_is_mended, struct error *err) MUST_USE;
// Sends the records [from, to).
int batch_copy(const struct batch *b, struct postgres *p, size_t from, size_t to,
	struct error *err) MUST_USE;
// The keys of these as a PostgreSQL array, written as the quarantine has them.
void batch_keys(const struct batch *b, size_t from, size_t to, struct strbuf *out);
void batch_clear(struct batch *b);
void batch_release(struct batch *b);
