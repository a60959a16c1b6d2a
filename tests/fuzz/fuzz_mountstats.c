// SPDX-License-Identifier: Apache-2.0
// /proc/self/mountstats, twice, so that what is known meets what is new.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/filesystems/nfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *copy = malloc(size + 1);
	struct filesystems f = {0};
	struct nfs *n = nfs_new(&f);
	uint64_t unknown = 0;

	if (copy == NULL || n == NULL)
		abort();
	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	memcpy(copy, text, size + 1);
	if (nfs_parse(n, copy, &unknown) > 1024)
		abort();
	(void)nfs_parse(n, text, &unknown);
	nfs_free(n);
	free(copy);
	free(text);
	return 0;
}
