// SPDX-License-Identifier: Apache-2.0
// Messages of the relay: whatever is let through names a place inside the tree, and writing it gives
// the same message. The checksum is mended first, so that the parser behind it is reached.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relay/crc32c.h"
#include "relay/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf again = {0};
	struct envelope e;
	struct error err = {0};

	if (envelope_read(data, size, &e, &err) < 0)
		return;
	if (e.path[0] == '/' || strstr(e.path, "..") == e.path || strstr(e.path, "/.") ||
		e.offset + e.len > ENVELOPE_FILE_MAX || relay_path_day(e.path) < 0)
		abort();
	envelope_put(&e, &again);
	if (again.len != size || memcmp(again.text, data, size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *mended;

	check(data, size);
	if (size < ENVELOPE_SUM)
		return 0;
	mended = malloc(size);
	if (!mended)
		return 0;
	memcpy(mended, data, size);
	uint32_t sum = crc32c(mended, size - ENVELOPE_SUM);
	for (size_t i = 0; i < ENVELOPE_SUM; i++)
		mended[size - 1 - i] = (uint8_t)(sum >> 8 * i);
	check(mended, size);
	free(mended);
	return 0;
}
