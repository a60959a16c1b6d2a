// SPDX-License-Identifier: Apache-2.0
// What quota tools printed: any text gives quotas or wrong lines, no more than it has lines.
#include <stdlib.h>
#include <string.h>

#include "accounting/quota.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct quota_text text = {.arena = &a, .t = 1};
	struct record *record = calloc(1, sizeof(*record));
	struct quota q;
	size_t lines = 1;
	int rc;

	if (!record)
		abort();
	text.at = arena_strndup(&a, (const char *)data, size);
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	while ((rc = quota_text_next(&text, &q)) != 0) {
		if (lines-- == 0)
			abort();
		if (rc > 0 && quota_record(&q, &a, record) && !record->values[AT_quota_name].is_set)
			abort();
	}
	free(record);
	return 0;
}
