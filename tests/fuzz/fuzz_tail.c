// SPDX-License-Identifier: Apache-2.0
// The end of a data volume, and of an index beside it: any bytes give a time or an error, in no more
// steps than there are records. The first byte says where the index begins.
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/str.h"
#include "keeper/tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int put(const uint8_t *data, size_t size, char path[64])
{
	int fd = memfd_create("volume", MFD_CLOEXEC);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	str_format(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char volume[64];
	char index[64];
	struct tail t;
	struct error err = {0};

	if (size == 0)
		return 0;
	size_t cut = (size - 1) * data[0] / 256;
	int a = put(data + 1 + cut, size - 1 - cut, volume);
	int b = put(data + 1, cut, index);

	if (tail_read(AT_FDCWD, volume, index, &t, &err) < 0 && err.code == 0)
		abort();
	close(a);
	close(b);
	return 0;
}
