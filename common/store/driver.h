// SPDX-License-Identifier: Apache-2.0
// What a backend of the document store must do; the contract is that of store.h. store.c has
// checked all arguments before a driver sees them. Private to common/store/.
#pragma once

#include "common/store/store.h"

struct store_changes_request {
	const char *cursor;
	uint64_t limit; // never 0
	bool with_series;
	store_each *each;
	void *context;
	struct arena *arena;
};

struct store_driver {
	const char *scheme; // "sqlite:"
	int (*open)(const char *url, const char *password, bool read_only, void **ret,
		struct error *err);
	void (*close)(void *state);
	void (*adopt)(void *state, const struct store_resource *of, size_t n,
		const struct store_completer *completer); // NULL: nothing to adopt
	int (*resources)(void *state, struct arena *a, const char ***ret, size_t *ret_n,
		struct error *err); // NULL: there are none
	int (*put)(void *state, const struct store_item *items, size_t n, struct error *err);
	int (*get)(void *state, const struct job_key *key, struct arena *a, struct store_item *ret,
		struct error *err);
	int (*find)(void *state, const char *cluster, const char *job_id, struct arena *a,
		struct store_item **ret, size_t *ret_n, struct error *err);
	int (*changes)(void *state, const struct store_changes_request *r, const char **ret_cursor,
		struct error *err);
	int (*delete_before)(void *state, const char *cluster, int64_t end_s, uint64_t *ret_n,
		struct error *err);
	int (*put_schema)(void *state, const char *id, struct bytes document, struct error *err);
	int (*get_schema)(
		void *state, const char *id, struct arena *a, struct bytes *ret, struct error *err);
};

extern const struct store_driver sqlite_driver;
extern const struct store_driver mongo_driver;  // mongodb://
extern const struct store_driver mongos_driver; // mongodb+srv://

// An item found, with everything copied to the arena.
void store_item_copy(struct arena *a, const struct store_item *item, struct store_item *ret);
