// SPDX-License-Identifier: Apache-2.0
// MongoDB: the collection of documents that describe the others, as SUPReMM's set-up leaves it.
#include "common/store/mongo.h"

#include <errno.h>

int mongo_put_schema(void *state, const char *id, struct bytes document, struct error *err)
{
	const struct mongo_store *s = state;
	AUTO_COLLECTION *to = mongo_collection(s, SCHEMA_NAME, "");
	AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8(id));
	AUTO_BSON *upsert = BCON_NEW("upsert", BCON_BOOL(true));
	bson_error_t fault;
	bson_t b;

	if (!bson_init_static(&b, document.data, document.len))
		return error_set(err, EINVAL, "store: document %s is damaged", id);
	if (!mongoc_collection_replace_one(to, which, &b, upsert, NULL, &fault))
		return mongo_fail(s, "write to", &fault, err);
	return 0;
}

int mongo_get_schema(
	void *state, const char *id, struct arena *a, struct bytes *ret, struct error *err)
{
	const struct mongo_store *s = state;
	AUTO_COLLECTION *from = mongo_collection(s, SCHEMA_NAME, "");
	AUTO_BSON *which = BCON_NEW("_id", BCON_UTF8(id));
	AUTO_CURSOR *cursor = mongoc_collection_find_with_opts(from, which, NULL, NULL);
	bson_error_t fault;
	const bson_t *b;

	if (mongoc_cursor_next(cursor, &b)) {
		*ret = (struct bytes){arena_copy(a, bson_get_data(b), b->len), b->len};
		return 1;
	}
	return mongoc_cursor_error(cursor, &fault) ? mongo_fail(s, "read", &fault, err) : 0;
}
