// SPDX-License-Identifier: Apache-2.0
// Small files of /sys, /proc and the stand-ins, and the few forms of text in them. All names are
// relative to a folder that stands for the root, so that a test can put a machine of its own there.
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int frame_open_root(const char *root); // "" = "/"; a descriptor, or a negative errno value

// For readdir(); NULL: there is none, or errno says why.
DIR *frame_open_folder(int root, const char *path);

// Reads at most size-1 bytes and ends them with NUL; the length, or a negative errno value. A file
// that is longer gives -EFBIG.
ssize_t frame_read_file(int root, const char *path, char *buf, size_t size);
ssize_t frame_read_head(int root, const char *path, char *buf, size_t size); // cut, not refused
int frame_read_number(int root, const char *path, uint64_t *ret);

// Decimal or 0x hexadecimal, blanks around it allowed; 0, -EINVAL or -ERANGE.
int frame_parse_number(const char *text, uint64_t *ret);

// A decimal number at *s, moved behind it. 0, -EINVAL or -ERANGE.
int frame_take_number(const char **s, uint64_t *ret);

// The kernel's list form, "0-3,8": the ids in ascending order. Their number, or -EINVAL (not such a
// list, or not ascending) or -ERANGE (more than room).
int frame_parse_list(const char *text, unsigned *ids, unsigned room);

// What stands behind the key at the beginning of a line, without the blanks between, and how long it is
// up to the line's end. NULL: no line begins with the key.
const char *frame_find_line(const char *text, const char *key, size_t *ret_n);
