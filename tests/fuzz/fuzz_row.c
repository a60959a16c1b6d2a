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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct extract_column filled[ARRAY_LEN(columns)];
	const struct extract x = {filled, ARRAY_LEN(columns), ARRAY_LEN(columns) + 1};
	struct store_item item = {0};
	CLEANUP(strbuf_release) struct strbuf row = {0};
	CLEANUP(strbuf_release) struct strbuf bytes = {0};
	struct defect defect = {0};
	size_t before;
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		filled[i] = (struct extract_column){&columns[i], "jobsight.coverage.cpu.user.time",
			(unsigned)i, columns[i].is_double};
	strbuf_add(&bytes, data, size);
	file_item((struct bytes){(const uint8_t *)strbuf_text(&bytes), size}, &item);
	copy_start(&row);
	before = row.len;
	rc = extract_row(&x, 1, &item, &row, &defect);
	if (rc == 0 ? row.len <= before : row.len != before || !*defect.reason)
		abort();
	return 0;
}
