// SPDX-License-Identifier: Apache-2.0
// A temporary folder of a test: files are written into it by name, all is removed at the end.
#pragma once

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"

struct folder {
	char path[200];
	char file[400]; // of the last folder_write
};

static inline struct folder folder_make(void)
{
	const char *base = getenv("TMPDIR");
	struct folder f = {0};

	str_format(f.path, sizeof(f.path), "%s/jobsight-test.XXXXXX", base ? base : "/tmp");
	cr_assert(mkdtemp(f.path) != NULL);
	return f;
}

static inline const char *folder_write_bytes(
	struct folder *f, const char *name, const void *data, size_t len, mode_t mode)
{
	int fd;

	str_format(f->file, sizeof(f->file), "%s/%s", f->path, name);
	fd = open(f->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	cr_assert(fd >= 0);
	cr_assert(write(fd, data, len) == (ssize_t)len);
	cr_assert(fchmod(fd, mode) == 0);
	close(fd);
	return f->file;
}

static inline const char *folder_write(struct folder *f, const char *name, const char *text)
{
	return folder_write_bytes(f, name, text, strlen(text), 0600);
}

static inline int folder_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *walk)
{
	(void)st;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void folder_remove(struct folder *f)
{
	nftw(f->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
