// SPDX-License-Identifier: Apache-2.0
// Small files that are read again and again, kept open: to open one in /sys costs ten times what
// reading does. One call reads one: the kernel makes the whole text of such a file at once, anew for
// each reading from its beginning.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct frame_held {          // all zero: closed
	int fd;              // and one
	unsigned not_before; // where it is not there: how many readings are left out
};

// As frame_read_file(). A file whose device went is opened anew the next time; one that is not there
// is looked for again after 64 readings, or after frame_held_close().
ssize_t frame_held_read(struct frame_held *h, int folder, const char *file, char *buf, size_t size);
ssize_t frame_held_head(struct frame_held *h, int folder, const char *file, char *buf,
	size_t size); // cut, not refused
void frame_held_close(struct frame_held *h);

static inline bool frame_held_is_open(const struct frame_held *h)
{
	return h->fd != 0;
}

static inline bool frame_held_is_absent(const struct frame_held *h) // when last looked for
{
	return h->not_before != 0;
}
