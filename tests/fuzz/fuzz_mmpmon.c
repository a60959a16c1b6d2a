// SPDX-License-Identifier: Apache-2.0
// Answers of mmpmon: what is taken for a file system has a plain name.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/filesystems/gpfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *rest = text;
	char *line;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	while ((line = filesystems_line(&rest)) != NULL) {
		struct gpfs_reply r;

		if (gpfs_parse_line(line, &r) == 1 &&
			(!*r.filesystem || strpbrk(r.filesystem, "\"\\ ")))
			abort();
	}
	free(text);
	return 0;
}
