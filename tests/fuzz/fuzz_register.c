// SPDX-License-Identifier: Apache-2.0
// The text of a register: what is accepted must be the same number again when printed and read.
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/frame/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char again[32];
	uint64_t value;
	uint64_t reread = 0;
	const char *rest;
	size_t n;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (frame_parse_number(text, &value) == 0) {
		(void)snprintf(again, sizeof(again), "0x%" PRIx64, value);
		if (frame_parse_number(again, &reread) < 0 || reread != value)
			abort();
	}
	rest = frame_find_line(text, "key ", &n);
	if (rest != NULL && (strlen(rest) < n || memchr(rest, '\n', n) != NULL))
		abort();
	free(text);
	return 0;
}
