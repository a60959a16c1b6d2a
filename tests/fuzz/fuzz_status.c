// SPDX-License-Identifier: Apache-2.0
// Status files that the doctor reads: a number is one that a line of that name holds.
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/str.h"
#include "keeper/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"updated", "connected", "last_message", "rejected"};
	CLEANUP(arena_release) struct arena arena = {0};
	const char *text = arena_strndup(&arena, (const char *)data, size);

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		uint64_t value = 0;

		if (status_number(text, names[i], &value) && !strstr(text, names[i]))
			abort();
	}
	return 0;
}
