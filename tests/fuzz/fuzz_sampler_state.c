// SPDX-License-Identifier: Apache-2.0
// The sampler's state, as the PMDA reads it: only what was a number is known.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/jobsight/jobsight.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	struct jobsight_values v = {0};

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	jobsight_parse(text, &v);
	if (v.node.age.known || v.node.spooled.known)
		abort();
	free(text);
	return 0;
}
