// SPDX-License-Identifier: Apache-2.0
// Files of BeeGFS's client.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/filesystems/beegfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *copy = malloc(size + 1);
	struct filesystems_beegfs r = {0};

	if (copy == NULL)
		abort();
	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	memcpy(copy, text, size + 1);
	(void)beegfs_parse_status(copy, &r);
	(void)beegfs_parse_nodes(text, &r);
	free(copy);
	free(text);
	return 0;
}
