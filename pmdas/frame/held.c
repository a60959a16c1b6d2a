// SPDX-License-Identifier: Apache-2.0
// Reads small files that stay open; see held.h.
#include "pmdas/frame/held.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define LEFT_OUT 64

void frame_held_close(struct frame_held *h)
{
	if (h->fd != 0)
		close(h->fd - 1);
	*h = (struct frame_held){0};
}

static int open_it(struct frame_held *h, int folder, const char *file)
{
	int fd;

	if (h->not_before > 0) {
		h->not_before--;
		return -ENOENT;
	}
	fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
	if (fd >= 0)
		h->fd = fd + 1;
	else if (errno == ENOENT)
		h->not_before = LEFT_OUT;
	return fd < 0 ? -errno : 0;
}

ssize_t frame_held_head(struct frame_held *h, int folder, const char *file, char *buf, size_t size)
{
	ssize_t n;

	if (h->fd == 0) {
		int rc = open_it(h, folder, file);

		if (rc < 0)
			return rc;
	}
	n = pread(h->fd - 1, buf, size - 1, 0);
	if (n < 0) {
		int rc = -errno;

		frame_held_close(h);
		return rc;
	}
	buf[n] = '\0';
	return n;
}

ssize_t frame_held_read(struct frame_held *h, int folder, const char *file, char *buf, size_t size)
{
	ssize_t n = frame_held_head(h, folder, file, buf, size);

	return n == (ssize_t)size - 1 ? -EFBIG : n;
}
