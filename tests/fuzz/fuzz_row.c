// SPDX-License-Identifier: Apache-2.0
// A summary document of any bytes → a row of the loader's stage, or a defect with words and the
// buffer as it was.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/document/document.h"
#include "common/macro.h"
#include "etl/copy.h"
#include "etl/extract.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *paths[] = {"cpu.jobcpus.user.avg", "memory.used", "energy.node"};

static const struct column columns[] = {
	{.name = "cpu_user", .from = &paths[0], .n_from = 2, .scale = 1},
	{.name = "memory_used", .from = &paths[1], .n_from = 1, .scale = 1024},
	{.name = "energy", .from = &paths[2], .n_from = 1, .scale = 1, .is_double = true},
};

// Files the document under its own key, where it has one, so that more than the key is reached.
static void file_item(struct bytes b, struct store_item *ret)
{
	struct scalar s;

	*ret = (struct store_item){.key = {"alpha", 101, 1790812800}, .summary = b};
	if (bson_find(b, "jobsight.raw_id", &s, NULL) > 0 && s.kind == DOC_INT)
		ret->key.raw_id = (uint64_t)s.integer;
	if (bson_find(b, "jobsight.submit", &s, NULL) > 0 && s.kind == DOC_INT)
		ret->key.submit_s = s.integer;
	if (bson_find(b, "acct.end_time", &s, NULL) > 0 && s.kind == DOC_INT)
		ret->end_s = s.integer;
}

// One pass over a document must find what single lookups find.
static void compare(struct bytes b, struct arena *a)
{
	static const char *const tried[] = {"acct", "acct.host_list", "acct.host_list.0",
		"acct.end_time", "acct.end_time.x", "cpu.user.avg", "cpu.user", "jobsight",
		"jobsight.cluster", "_id", "error", "cpu.error", "nothing.at.all"};
	struct bson_paths *p = bson_paths_new(a);
	struct bson_found found[ARRAY_LEN(tried)];
	size_t places[ARRAY_LEN(tried)];
	struct error err = {0};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(tried); i++)
		places[i] = bson_paths_add(p, tried[i]);
	rc = bson_gather(p, b, bson_paths_scratch(p, a), found);
	if ((rc < 0) != (bson_check(b, &err) < 0))
		abort();
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(tried); i++) {
		const struct bson_found *f = &found[places[i]];
		struct scalar s = {0};
		int error = 0;
		int there = bson_find(b, tried[i], &s, &error);

		if (there < 0)
			abort();
		if ((there > 0) != f->is_there || error != f->error)
			abort();
		if (there > 0 && (s.kind != f->value.kind || s.integer != f->value.integer ||
					 !str_eq(s.text, f->value.text)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct extract_column filled[ARRAY_LEN(columns)];
	const struct extract x = {filled, ARRAY_LEN(columns), ARRAY_LEN(columns) + 1};
	struct store_item item = {0};
	CLEANUP(strbuf_release) struct strbuf row = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = {0};
	CLEANUP(arena_release) struct arena a = {0};
	struct defect defect = {0};
	size_t before;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		filled[i] = (struct extract_column){&columns[i], "jobsight.coverage.cpu.user.time",
			(unsigned)i, columns[i].is_double};
	strbuf_add(&bytes, data, size);
	file_item((struct bytes){(const uint8_t *)strbuf_text(&bytes), size}, &item);
	compare(item.summary, &a);
	copy_start(&row);
	before = row.len;
	rc = extract_row(extractor_new(&x, &a), 1, &item, &row, &defect);
	if (rc == 0 ? row.len <= before : row.len != before || !*defect.reason)
		abort();
	return 0;
}
