// SPDX-License-Identifier: Apache-2.0
// Answers of mmpmon, as they come from it: each line ends, and what is taken for a file system has a
// plain name.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/filesystems/gpfs.h"
#include "pmdas/filesystems/mmpmon.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct memory_file f = memory_file_open(data, size);
	struct mmpmon m = {.in = f.fd};
	const char *line;

	if (lseek(f.fd, 0, SEEK_SET) != 0)
		abort();
	while (mmpmon_line(&m, INT64_MAX, &line) == 1) {
		size_t n = strlen(line) + 1;
		char *copy = malloc(n); // exact, so that nothing is read behind it
		struct gpfs_reply r;

		if (copy == NULL)
			abort();
		memcpy(copy, line, n);
		if (gpfs_parse_line(copy, &r) == 1 &&
			(!*r.filesystem || strpbrk(r.filesystem, "\"\\ ")))
			abort();
		free(copy);
	}
	memory_file_close(&f);
	return 0;
}
