// SPDX-License-Identifier: Apache-2.0
// An input as a file for functions that take a path: in memory, closed by memory_file_close.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct memory_file {
	int fd;
	char path[32];
};

static inline struct memory_file memory_file_open(const uint8_t *data, size_t size)
{
	struct memory_file f = {.fd = memfd_create("fuzz", MFD_CLOEXEC)};

	if (f.fd < 0 || write(f.fd, data, size) != (ssize_t)size)
		abort();
	snprintf(f.path, sizeof(f.path), "/proc/self/fd/%d", f.fd);
	return f;
}

static inline void memory_file_close(struct memory_file *f)
{
	close(f->fd);
}
