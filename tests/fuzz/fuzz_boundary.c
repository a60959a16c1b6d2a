// SPDX-License-Identifier: Apache-2.0
// The hook's datagram: what is accepted is well formed, and writing it says the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prolog-epilog/boundary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct boundary b = {0};
	struct boundary again = {0};
	char text[BOUNDARY_MAX_BYTES];
	int len;

	if (boundary_parse(data, size, &b) < 0)
		return 0;
	if (b.event <= 0 || b.event >= BOUNDARY_EVENTS || b.asked_ns < 0 || *b.job == '\0' ||
		b.job[strspn(b.job, "0123456789")] != '\0' ||
		(*b.sluid && !boundary_is_sluid(b.sluid)))
		abort();
	len = boundary_write(&b, text);
	if (len <= 0 || boundary_parse(text, (size_t)len, &again) != len ||
		again.event != b.event || strcmp(again.job, b.job) != 0 || again.uid != b.uid ||
		again.restarts != b.restarts || strcmp(again.sluid, b.sluid) != 0 ||
		again.asked_ns != b.asked_ns)
		abort();
	return 0;
}
