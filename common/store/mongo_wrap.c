// SPDX-License-Identifier: Apache-2.0
// MongoDB: puts our own fields into a document and takes them out again, byte for byte.
#include <inttypes.h>
#include <string.h>

#include "common/sha256.h"
#include "common/store/mongo.h"

const char *mongo_key_text(const struct job_key *key, char buf[KEY_TEXT_SIZE])
{
	(void)str_format(buf, KEY_TEXT_SIZE, "%s/%" PRIu64 "/%" PRId64, key->cluster, key->raw_id,
		key->submit_s);
	return buf;
}

// Names what was put: the document and what else the item says of it.
const char *mongo_hash(const struct store_item *item, struct bytes b, char ret[HASH_TEXT_SIZE])
{
	struct sha256 h;
	char text[SHA256_TEXT_SIZE];

	sha256_start(&h);
	sha256_add(&h, item->job_id, strlen(item->job_id) + 1);
	sha256_add(&h, &item->end_s, sizeof(item->end_s));
	sha256_add(&h, b.data, b.len);
	sha256_end_text(&h, text);
	memcpy(ret, text, HASH_TEXT_SIZE - 1);
	ret[HASH_TEXT_SIZE - 1] = '\0';
	return ret;
}

static void append_stamp(bson_t *jobsight, const struct mongo_stamp *stamp)
{
	bson_t store;

	BSON_APPEND_DOCUMENT_BEGIN(jobsight, "store", &store);
	BSON_APPEND_UTF8(&store, "key", stamp->key_text);
	BSON_APPEND_UTF8(&store, "cluster", stamp->key.cluster);
	BSON_APPEND_INT64(&store, "raw_id", (int64_t)stamp->key.raw_id);
	BSON_APPEND_INT64(&store, "submit", stamp->key.submit_s);
	BSON_APPEND_UTF8(&store, "id", stamp->job_id);
	BSON_APPEND_INT64(&store, "end", stamp->end_s);
	BSON_APPEND_UTF8(&store, "hash", stamp->hash);
	if (stamp->order)
		BSON_APPEND_INT64(&store, "order", stamp->order);
	if (stamp->is_alone)
		BSON_APPEND_BOOL(&store, "alone", true);
	bson_append_document_end(jobsight, &store);
}

static bool iter_document(const bson_iter_t *i, bson_t *ret)
{
	const uint8_t *data;
	uint32_t len;

	if (!BSON_ITER_HOLDS_DOCUMENT(i))
		return false;
	bson_iter_document(i, &len, &data);
	return bson_init_static(ret, data, len);
}

bson_t *mongo_wrap(struct bytes b, const struct mongo_stamp *stamp)
{
	bson_t *out = bson_sized_new(b.len + 512);
	struct mongo_stamp alone = *stamp;
	bool is_done = false;
	bson_iter_t i;
	bson_t child;

	if (!bson_iter_init_from_data(&i, b.data, b.len))
		return out;
	while (bson_iter_next(&i)) {
		bson_t jobsight;

		if (strcmp(bson_iter_key(&i), "jobsight") != 0 || !iter_document(&i, &child)) {
			bson_append_iter(out, NULL, 0, &i);
			continue;
		}
		BSON_APPEND_DOCUMENT_BEGIN(out, "jobsight", &jobsight);
		bson_concat(&jobsight, &child);
		append_stamp(&jobsight, stamp);
		bson_append_document_end(out, &jobsight);
		is_done = true;
	}
	if (!is_done) {
		alone.is_alone = true;
		BSON_APPEND_DOCUMENT_BEGIN(out, "jobsight", &child);
		append_stamp(&child, &alone);
		bson_append_document_end(out, &child);
	}
	return out;
}

static const char *iter_text(const bson_iter_t *i)
{
	return BSON_ITER_HOLDS_UTF8(i) ? bson_iter_utf8(i, NULL) : "";
}

bool mongo_read_stamp(const bson_t *b, struct mongo_stamp *ret)
{
	bson_iter_t i;
	bson_iter_t at;

	*ret = (struct mongo_stamp){.key.cluster = "", .key_text = "", .job_id = "", .hash = ""};
	if (!bson_iter_init(&i, b) || !bson_iter_find_descendant(&i, "jobsight.store", &at) ||
		!BSON_ITER_HOLDS_DOCUMENT(&at) || !bson_iter_recurse(&at, &i))
		return false;
	while (bson_iter_next(&i)) {
		const char *key = bson_iter_key(&i);

		if (str_eq(key, "key"))
			ret->key_text = iter_text(&i);
		else if (str_eq(key, "cluster"))
			ret->key.cluster = iter_text(&i);
		else if (str_eq(key, "raw_id"))
			ret->key.raw_id = (uint64_t)bson_iter_as_int64(&i);
		else if (str_eq(key, "submit"))
			ret->key.submit_s = bson_iter_as_int64(&i);
		else if (str_eq(key, "id"))
			ret->job_id = iter_text(&i);
		else if (str_eq(key, "end"))
			ret->end_s = bson_iter_as_int64(&i);
		else if (str_eq(key, "hash"))
			ret->hash = iter_text(&i);
		else if (str_eq(key, "order"))
			ret->order = bson_iter_as_int64(&i);
		else if (str_eq(key, "alone"))
			ret->is_alone = bson_iter_as_bool(&i);
	}
	return *ret->key_text != '\0';
}

struct bytes mongo_unwrap(const bson_t *b, struct arena *a)
{
	AUTO_BSON *out = bson_sized_new(b->len);
	struct mongo_stamp stamp;
	bson_iter_t i;
	struct bytes ret;

	(void)mongo_read_stamp(b, &stamp);
	if (!bson_iter_init(&i, b))
		return (struct bytes){0};
	while (bson_iter_next(&i)) {
		bson_t child;
		bson_t jobsight;

		if (strcmp(bson_iter_key(&i), "jobsight") != 0 || !iter_document(&i, &child)) {
			bson_append_iter(out, NULL, 0, &i);
			continue;
		}
		if (stamp.is_alone)
			continue;
		BSON_APPEND_DOCUMENT_BEGIN(out, "jobsight", &jobsight);
		bson_copy_to_excluding_noinit(&child, &jobsight, "store", NULL);
		bson_append_document_end(out, &jobsight);
	}
	ret.len = out->len;
	ret.data = arena_copy(a, bson_get_data(out), out->len);
	return ret;
}
