// SPDX-License-Identifier: Apache-2.0
// See job.h.
#include "pmdas/accelerator/job.h"

#include <ctype.h>
#include <errno.h>
#include <pcp/pmapi.h>
#include <string.h>

#include "pmdas/frame/parse.h"

int job_parse(const char *cgroup, char *ret, size_t size)
{
	for (const char *s = cgroup; (s = strstr(s, "/job_")) != NULL; s++) {
		const char *id = s + 5;
		size_t n = 0;

		while (isalnum((unsigned char)id[n]))
			n++;
		if (n == 0 || n >= size || strchr("/\n", id[n]) == NULL)
			continue;
		memcpy(ret, id, n);
		ret[n] = '\0';
		return 0;
	}
	return -ENOENT;
}

int job_of(int root, unsigned pid, char *ret, size_t size)
{
	char path[40];
	char text[4096];
	ssize_t n;

	pmsprintf(path, sizeof(path), "proc/%u/cgroup", pid);
	n = frame_read_head(root, path, text, sizeof(text));
	return n < 0 ? (int)n : job_parse(text, ret, size);
}
