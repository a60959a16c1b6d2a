// SPDX-License-Identifier: Apache-2.0
// BSON from outside: what passes the check must become a tree, and the tree the same document.
#include <stdlib.h>
#include <string.h>

#include "common/document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *context, const struct scalar *item)
{
	(void)item;
	++*(size_t *)context;
	return 0;
}

// Every lookup ends, and agrees with the tree about what is there.
static void look_up(struct bytes b, const struct doc *tree)
{
	static const char *const paths[] = {
		"", "_id", "cpu.jobcpus.user.avg", "a", "a.b", "all.0", "error", "..", "a..b"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct scalar s = {.text = NULL};
		int error;
		size_t n = 0;
		int rc = bson_find(b, paths[i], &s, &error);

		if (rc > 0 && s.kind == DOC_TEXT && strlen(s.text) > b.len)
			abort();
		if (bson_each(b, paths[i], count, &n) > 0 && n > b.len)
			abort();
		if (tree && tree->n && !strstr(paths[i], "..") &&
			(rc > 0) != (doc_find(tree, paths[i]) != NULL))
			abort();
	}
}

// Names that come twice and wide integers make the first bytes differ; the second never do. True:
// they did not differ.
static bool go_round(struct bytes b, const struct doc *tree, struct arena *a)
{
	struct error err = {0};
	struct bytes first;
	struct bytes second;
	struct doc *again;

	if (doc_to_bson(tree, a, &first, &err) < 0 || bson_check(first, &err) < 0 ||
		doc_from_bson(first, a, &again, &err) < 0 ||
		doc_to_bson(again, a, &second, &err) < 0)
		abort();
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	return first.len == b.len && memcmp(first.data, b.data, b.len) == 0;
}

// What another program wrote becomes a document that may be stored, or is damaged.
static void read_foreign(struct bytes b, bool is_good)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};
	struct bytes kept;
	struct doc *tree;

	if (doc_from_foreign(b, &a, &tree, &err) < 0) {
		if (is_good)
			abort();
		return;
	}
	if (doc_to_bson(tree, &a, &kept, &err) < 0 || bson_check(kept, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	const struct bytes b = {data, size};
	struct error err = {0};
	struct doc *tree = NULL;
	int checked = bson_check(b, &err);
	int read = doc_from_bson(b, &a, &tree, &err);

	if (checked == 0 && read < 0)
		abort();
	read_foreign(b, read == 0);
	look_up(b, checked == 0 && go_round(b, tree, &a) ? tree : NULL);
	return 0;
}
