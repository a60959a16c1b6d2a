// SPDX-License-Identifier: Apache-2.0
// JSON from outside: what is read and may be written as BSON comes back from both kinds of text.
#include <stdlib.h>
#include <string.h>

#include "common/document/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What another program wrote always makes a document, where it is an object at all.
static void read_foreign(const char *text, size_t len)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};
	struct bytes b;
	struct doc *d;

	if (doc_from_foreign_json(text, len, &a, &d, &err) < 0 || d->kind != DOC_OBJECT)
		return;
	if (doc_to_bson(d, &a, &b, &err) < 0 || bson_check(b, &err) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct error err = {0};
	struct doc *d;
	struct doc *again;
	struct bytes first;
	struct bytes second;

	read_foreign((const char *)data, size);
	if (doc_from_json((const char *)data, size, &a, &d, &err) < 0)
		return 0;
	doc_to_json(d, false, size % 2, &text);
	if (doc_from_json(text.text, text.len, &a, &again, &err) < 0)
		abort();
	strbuf_clear(&text);
	doc_to_json(d, true, size % 2, &text);
	if (doc_from_json(text.text, text.len, &a, &again, &err) < 0)
		abort();
	if (d->kind != DOC_OBJECT || doc_to_bson(d, &a, &first, &err) < 0)
		return 0;
	if (doc_to_bson(again, &a, &second, &err) < 0 || first.len != second.len ||
		memcmp(first.data, second.data, first.len) != 0)
		abort();
	return 0;
}
