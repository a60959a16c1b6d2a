// SPDX-License-Identifier: Apache-2.0
// A stand-in for drivers and mounts that hang: fakehang SOURCE MOUNTPOINT shows the tree SOURCE, read-only,
// by FUSE until MOUNTPOINT is unmounted. Reading a file NAME blocks for as long as there is a file
// NAME.hang beside it.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/pmdas/fakefuse.h"

static const char *below(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

static int hang_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	(void)info;
	return fstatat(fakefuse_source(), below(path), st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int hang_readlink(const char *path, char *buf, size_t size)
{
	ssize_t n = readlinkat(fakefuse_source(), below(path), buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static int hang_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
	struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	DIR *dir = fakefuse_open_folder(below(path));
	struct dirent *e;

	(void)offset, (void)info, (void)flags;
	if (dir == NULL)
		return -errno;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): a stream of our own
		struct stat st = {.st_mode = (mode_t)e->d_type << 12};

		fill(buf, e->d_name, &st, 0, 0);
	}
	closedir(dir);
	return 0;
}

static int hang_open(const char *path, struct fuse_file_info *info)
{
	if ((info->flags & O_ACCMODE) != O_RDONLY)
		return -EROFS;
	info->direct_io = 1;
	return faccessat(fakefuse_source(), below(path), R_OK, 0) < 0 ? -errno : 0;
}

static int hang_read(
	const char *path, char *buf, size_t size, off_t offset, struct fuse_file_info *info)
{
	char name[4096];
	ssize_t n;
	int fd;

	(void)info;
	(void)snprintf(name, sizeof(name), "%s.hang", below(path));
	fakefuse_hang_while(name);
	fd = openat(fakefuse_source(), below(path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pread(fd, buf, size, offset);
	n = n < 0 ? -errno : n;
	close(fd);
	return (int)n;
}

int main(int argc, char **argv)
{
	static const struct fuse_operations operations = {
		.getattr = hang_getattr,
		.readlink = hang_readlink,
		.readdir = hang_readdir,
		.open = hang_open,
		.read = hang_read,
	};

	return fakefuse_main(argc, argv, &operations);
}
