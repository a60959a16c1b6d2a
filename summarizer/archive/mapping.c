// SPDX-License-Identifier: Apache-2.0
// Mapped files.
#include "summarizer/archive/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int mapping_open(const char *path, struct mapping *ret, struct error *err)
{
	struct stat st;
	*ret = (struct mapping){0};
	CLEANUP(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s: not a regular file", path);
	if (st.st_size == 0)
		return 0;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	(void)madvise(p, (size_t)st.st_size, MADV_SEQUENTIAL);
	ret->bytes = (struct bytes){p, (size_t)st.st_size};
	return 0;
}

void mapping_close(struct mapping *m)
{
	if (m->bytes.data)
		munmap((void *)(uintptr_t)m->bytes.data, m->bytes.len);
	*m = (struct mapping){0};
}
