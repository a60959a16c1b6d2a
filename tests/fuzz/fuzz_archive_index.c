// SPDX-License-Identifier: Apache-2.0
// Any bytes as the temporal index of an archive; a time sought in it is found or is not.
#include <stdlib.h>

#include "summarizer/archive/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive_index x;
	struct archive_index_entry e;
	struct error err = {0};
	if (archive_index_parse((struct bytes){data, size}, "fuzz", &x, &err) < 0)
		return err.text[0] ? 0 : (abort(), 0);
	for (size_t i = 0; i < x.n; i++) {
		int64_t at = archive_index_at(&x, i).time_ns;
		if (archive_index_find(&x, at, &e) && e.time_ns > at)
			abort();
	}
	return 0;
}
