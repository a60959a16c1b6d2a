// SPDX-License-Identifier: Apache-2.0
// mongo-tool put URL COLLECTION FILE: documents as MongoDB's other clients write them, one canonical
// Extended JSON object a line (libbson reads it: NaN, ObjectId and the like pass), each in the place
// of the one with its _id.
// mongo-tool read URL COLLECTION: how many documents and bytes a bare walk along all of them gives.
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool put(mongoc_collection_t *to, const char *line, bson_error_t *fault)
{
	bson_t *document = bson_new_from_json((const uint8_t *)line, -1, fault);
	bson_t *upsert = BCON_NEW("upsert", BCON_BOOL(true));
	bson_t *which = bson_new();
	bson_iter_t id;
	bool is_done = false;

	if (document && bson_iter_init_find(&id, document, "_id")) {
		bson_append_iter(which, "_id", -1, &id);
		is_done = mongoc_collection_replace_one(to, which, document, upsert, NULL, fault);
	}
	bson_destroy(document);
	bson_destroy(upsert);
	bson_destroy(which);
	return is_done;
}

static bool put_file(mongoc_collection_t *to, const char *path, bson_error_t *fault)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	bool is_done = f != NULL;

	while (is_done && getline(&line, &room, f) > 0)
		if (*line == '{')
			is_done = put(to, line, fault);
	free(line);
	if (f)
		(void)fclose(f);
	return is_done;
}

static bool read_all(mongoc_collection_t *from, bson_error_t *fault)
{
	bson_t all = BSON_INITIALIZER;
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &all, NULL, NULL);
	const bson_t *document;
	unsigned long n = 0;
	unsigned long bytes = 0;
	bool is_done;

	while (mongoc_cursor_next(cursor, &document)) {
		n++;
		bytes += document->len;
	}
	is_done = !mongoc_cursor_error(cursor, fault);
	if (is_done)
		printf("%lu %lu\n", n, bytes);
	mongoc_cursor_destroy(cursor);
	bson_destroy(&all);
	return is_done;
}

int main(int argc, char **argv)
{
	bson_error_t fault = {
		.message = "usage: mongo-tool put URL COLLECTION FILE | read URL COLLECTION"};
	bool is_put = argc == 5 && strcmp(argv[1], "put") == 0;
	bool is_read = argc == 4 && strcmp(argv[1], "read") == 0;
	mongoc_client_t *client;
	mongoc_collection_t *to;
	mongoc_uri_t *uri;
	bool is_done = false;

	mongoc_init();
	uri = is_put || is_read ? mongoc_uri_new_with_error(argv[2], &fault) : NULL;
	client = uri ? mongoc_client_new_from_uri(uri) : NULL;
	if (client) {
		to = mongoc_client_get_collection(client, mongoc_uri_get_database(uri), argv[3]);
		is_done = is_put ? put_file(to, argv[4], &fault) : read_all(to, &fault);
		mongoc_collection_destroy(to);
	}
	mongoc_client_destroy(client);
	mongoc_uri_destroy(uri);
	mongoc_cleanup();
	if (!is_done)
		(void)fprintf(stderr, "mongo-tool: %s\n", fault.message);
	return is_done ? 0 : 1;
}
