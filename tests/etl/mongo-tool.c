// SPDX-License-Identifier: Apache-2.0
// mongo-tool put URL COLLECTION FILE: documents as MongoDB's other clients write them, one canonical
// Extended JSON object a line (libbson reads it: NaN, ObjectId and the like pass), each in the place
// of the one with its _id.
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

int main(int argc, char **argv)
{
	bson_error_t fault = {.message = "usage: mongo-tool put URL COLLECTION FILE"};
	mongoc_client_t *client;
	mongoc_collection_t *to;
	mongoc_uri_t *uri;
	bool is_done = false;

	mongoc_init();
	uri = argc == 5 && strcmp(argv[1], "put") == 0 ? mongoc_uri_new_with_error(argv[2], &fault)
	                                               : NULL;
	client = uri ? mongoc_client_new_from_uri(uri) : NULL;
	if (client) {
		to = mongoc_client_get_collection(client, mongoc_uri_get_database(uri), argv[3]);
		is_done = put_file(to, argv[4], &fault);
		mongoc_collection_destroy(to);
	}
	mongoc_client_destroy(client);
	mongoc_uri_destroy(uri);
	mongoc_cleanup();
	if (!is_done)
		(void)fprintf(stderr, "mongo-tool: %s\n", fault.message);
	return is_done ? 0 : 1;
}
