// SPDX-License-Identifier: Apache-2.0
// Small files that are read again and again, kept open: to open one in /sys costs ten times what reading does.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct frame_held {          // all zero: closed
	int fd;              // and one
	unsigned not_before; // where it is not there: how many readings are left out
};

// As frame_read_file(), from the beginning. A file whose device went is opened anew the next time; one that is
// not there is looked for again after 64 readings.
ssize_t frame_held_read(struct frame_held *h, int folder, const char *file, char *buf, size_t size);
void frame_held_close(struct frame_held *h);
