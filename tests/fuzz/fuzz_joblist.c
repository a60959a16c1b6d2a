// SPDX-License-Identifier: Apache-2.0
// Any bytes as the list of jobs of a sweep in shards; what is taken is written and read again the same.
#include <stdlib.h>
#include <string.h>

#include "summarizer/joblist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf once = {0};
	CLEANUP(strbuf_release) struct strbuf twice = {0};
	struct joblist l;
	struct error err = {0};
	if (joblist_read((struct bytes){data, size}, "fuzz", &a, &l, &err) < 0)
		return err.text[0] ? 0 : (abort(), 0);
	if (joblist_write(&l, &once, &err) < 0)
		return 0;
	struct bytes b = {(const uint8_t *)once.text, once.len};
	if (joblist_read(b, "again", &a, &l, &err) < 0 || joblist_write(&l, &twice, &err) < 0 ||
		once.len != twice.len || memcmp(once.text, twice.text, once.len) != 0)
		abort();
	return 0;
}
