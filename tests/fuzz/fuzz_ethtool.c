// SPDX-License-Identifier: Apache-2.0
// What `ethtool -i` and `ethtool -S` print, and the list of patterns of further counters.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/fabric/ethtool.h"
#include "pmdas/fabric/fabric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *copy = malloc(size + 1);
	struct fabric *f = calloc(1, sizeof(*f));
	struct ethtool_info info = {0};

	if (copy == NULL || f == NULL)
		abort();
	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	memcpy(copy, text, size + 1);
	if (fabric_parse_patterns(f, copy) == 0 && f->n_patterns > FABRIC_PATTERNS)
		abort();
	if (ethtool_parse(text, &info) == 0) {
		for (unsigned i = 0; i < info.n; i++) {
			if (strpbrk(info.names[i], "\"\\\n"))
				abort();
		}
	}
	ethtool_release(&info);
	free(f);
	free(copy);
	free(text);
	return 0;
}
