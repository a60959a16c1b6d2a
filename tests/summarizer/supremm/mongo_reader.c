// SPDX-License-Identifier: Apache-2.0
// mongo_reader URL COLLECTION: prints the documents of a collection as mongoexport does, a line each,
// through MongoDB's own driver and nothing of ours.
#include <mongoc/mongoc.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	bson_error_t fault;
	const bson_t *b = NULL;
	if (argc < 3)
		return 2;
	mongoc_init();
	mongoc_client_t *client = mongoc_client_new(argv[1]);
	mongoc_uri_t *uri = mongoc_uri_new(argv[1]);
	mongoc_collection_t *from =
		mongoc_client_get_collection(client, mongoc_uri_get_database(uri), argv[2]);
	bson_t *all = bson_new();
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, all, NULL, NULL);
	while (mongoc_cursor_next(cursor, &b)) {
		char *text = bson_as_relaxed_extended_json(b, NULL);
		printf("%s\n", text);
		bson_free(text);
	}
	int failed = mongoc_cursor_error(cursor, &fault);
	if (failed)
		fprintf(stderr, "%s: %s\n", argv[2], fault.message);
	mongoc_cursor_destroy(cursor);
	bson_destroy(all);
	mongoc_collection_destroy(from);
	mongoc_uri_destroy(uri);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return failed;
}
