// SPDX-License-Identifier: Apache-2.0
// Files of ports: counters, states, rates and words. What is taken for a name can be in a label.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/fabric/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char word[24];
	uint64_t value;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	(void)fabric_parse_counter(text, &value);
	(void)fabric_parse_state(text, &value);
	if (fabric_parse_rate(text, &value) == 0 && value > UINT64_C(12500000000000))
		abort();
	fabric_copy_word(word, sizeof(word), text);
	if (strpbrk(word, "\"\\\n{}"))
		abort();
	free(text);
	return 0;
}
