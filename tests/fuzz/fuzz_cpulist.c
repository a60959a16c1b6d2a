// SPDX-License-Identifier: Apache-2.0
// The kernel's list form: accepted ids ascend and fit.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/frame/parse.h"

#define ROOM 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	unsigned *ids = malloc(ROOM * sizeof(*ids));
	int n;

	if (text == NULL || ids == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	n = frame_parse_list(text, ids, ROOM);
	if (n > ROOM)
		abort();
	for (int i = 1; i < n; i++) {
		if (ids[i] <= ids[i - 1])
			abort();
	}
	free(ids);
	free(text);
	return 0;
}
