// SPDX-License-Identifier: Apache-2.0
// Document store → warehouse, batch by batch.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue/catalogue.h"
#include "common/error.h"
#include "common/postgres/postgres.h"
#include "common/store/store.h"

struct load_request {
	const char *store_url; // as recorded; its password is left out
	const struct catalogue *catalogue;
	uint64_t batch; // documents in one transaction
	bool again;     // from the beginning
	// Another session, asked for when there is more than one batch; NULL: none is to be had.
	struct postgres *(*second)(void *context);
	void *context;
};

struct load_result {
	uint64_t documents, added, changed, unchanged, rejected;
};

// On failure *ret says what was committed before.
int load_changes(struct postgres *p, struct store *s, const struct load_request *r,
	struct load_result *ret, struct error *err) MUST_USE;
