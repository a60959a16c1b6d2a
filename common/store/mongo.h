// SPDX-License-Identifier: Apache-2.0
// The parts of the MongoDB backend among themselves; nothing else includes libmongoc.
//
// A stored document is the one that was put, with an object `jobsight.store` added: the job's key,
// the place in the order of change, a hash of what was put. Reading takes it out again.
#pragma once

#include <mongoc/mongoc.h>

#include "common/store/driver.h"
#include "common/str.h"

#define SUMMARY_PREFIX "resource_"
#define SERIES_PREFIX  "timeseries-resource_"
#define SCHEMA_NAME    "schema"

// With more writes than this in one message a stand-in for MongoDB runs out of connections.
enum { BULK_MAX = 20 };

enum { HASH_TEXT_SIZE = 33, KEY_TEXT_SIZE = 512 };

struct mongo_store {
	mongoc_client_t *client;
	mongoc_database_t *database;
	char *shown; // HOST/DATABASE, for messages: a URL may hold a password
	bool read_only;
	struct arena ready_memory;
	const char **ready; // resources whose indexes are known to be there
	size_t n_ready;
	const struct store_resource *adopted; // by resource; in ready_memory
	size_t n_adopted;
	struct store_completer completer; // .complete NULL: none
	int64_t opened_ms;
};

// mongo_client.c
int mongo_open(
	const char *url, const char *password, bool read_only, void **ret, struct error *err);
void mongo_close(void *state);
int mongo_fail(const struct mongo_store *s, const char *doing, const bson_error_t *fault,
	struct error *err);
mongoc_collection_t *mongo_collection(
	const struct mongo_store *s, const char *prefix, const char *resource);
// All resources with a summary collection, in a.
int mongo_resources(
	void *state, struct arena *a, const char ***ret, size_t *ret_n, struct error *err);
// Makes the indexes of a resource's collections where they are absent.
int mongo_prepare(struct mongo_store *s, const char *resource, struct error *err);

static inline void release_collection(mongoc_collection_t **c)
{
	mongoc_collection_destroy(*c);
}

static inline void release_cursor(mongoc_cursor_t **c)
{
	mongoc_cursor_destroy(*c);
}

static inline void release_bulk(mongoc_bulk_operation_t **b)
{
	mongoc_bulk_operation_destroy(*b);
}

static inline void release_bson(bson_t **b)
{
	bson_destroy(*b);
}

#define AUTO_BSON       CLEANUP(release_bson) bson_t
#define AUTO_COLLECTION CLEANUP(release_collection) mongoc_collection_t
#define AUTO_CURSOR     CLEANUP(release_cursor) mongoc_cursor_t
#define AUTO_BULK       CLEANUP(release_bulk) mongoc_bulk_operation_t

// mongo.c: the item that a stored summary is; everything in a.
int mongo_item(struct mongo_store *s, const char *resource, const bson_t *b, bool with_series,
	struct arena *a, struct store_item *ret, struct error *err);

// mongo_changes.c
int mongo_changes(void *state, const struct store_changes_request *r, const char **ret_cursor,
	struct error *err);

// mongo_supremm.c: the cursor is changed to where it has come.
void mongo_adopt(void *state, const struct store_resource *of, size_t n,
	const struct store_completer *completer);
int mongo_supremm_changes(struct mongo_store *s, const struct store_changes_request *r,
	const char **cursor, struct error *err);
int mongo_supremm_get(struct mongo_store *s, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err);
int mongo_supremm_find(struct mongo_store *s, const char *cluster, const char *job_id,
	store_each *each, void *context, struct error *err);

// mongo_schema.c
int mongo_put_schema(void *state, const char *id, struct bytes document, struct error *err);
int mongo_get_schema(
	void *state, const char *id, struct arena *a, struct bytes *ret, struct error *err);

// mongo_wrap.c
struct mongo_stamp { // what jobsight.store holds
	struct job_key key;
	const char *key_text;
	const char *job_id;
	const char *hash;
	int64_t end_s;
	int64_t order; // summaries only
	bool is_alone; // the document had no `jobsight` of its own
};

const char *mongo_key_text(const struct job_key *key, char buf[KEY_TEXT_SIZE]);
const char *mongo_hash(const struct store_item *item, struct bytes b, char ret[HASH_TEXT_SIZE]);
bson_t *mongo_wrap(struct bytes b, const struct mongo_stamp *stamp);
// False when the document was not written by us. Texts are borrowed from b.
bool mongo_read_stamp(const bson_t *b, struct mongo_stamp *ret);
struct bytes mongo_unwrap(const bson_t *b, struct arena *a);

// mongo_tickets.c
struct mongo_ticket { // a run of numbers in the order of change, taken by one writer
	int64_t from;
	int64_t n; // at most BULK_MAX
};

struct mongo_tickets { // as a reader sees them
	int64_t last;  // highest number taken so far
	struct mongo_ticket *open;
	size_t n_open;
	const char *store_id;
};

int mongo_ticket_take(
	struct mongo_store *s, int64_t n, struct mongo_ticket *ret, struct error *err);
// 1 given back; 0: it had been declared dead meanwhile, and what was written with it counts as not
// seen by readers.
int mongo_ticket_give(struct mongo_store *s, const struct mongo_ticket *t, struct error *err);
int mongo_tickets_read(
	struct mongo_store *s, struct arena *a, struct mongo_tickets *ret, struct error *err);
