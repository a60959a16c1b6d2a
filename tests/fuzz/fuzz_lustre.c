// SPDX-License-Identifier: Apache-2.0
// Statistics of Lustre and LNet: a line that is understood has a name and a unit that are plain.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/filesystems/lustre.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	uint64_t values[11];
	char name[128];
	char *rest = text;
	char *line;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	(void)lustre_parse_lnet(text, values);
	lustre_short_name(name, sizeof(name), text);
	while ((line = filesystems_line(&rest)) != NULL) {
		struct lustre_line l;

		if (lustre_parse_line(line, &l) > 0 &&
			(!*l.name || !*l.unit || l.n > 4 || strpbrk(l.name, "\"\\/ ")))
			abort();
	}
	free(text);
	return 0;
}
