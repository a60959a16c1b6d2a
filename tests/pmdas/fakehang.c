// SPDX-License-Identifier: Apache-2.0
// A stand-in for drivers and mounts that hang: fakehang SOURCE MOUNTPOINT shows the tree SOURCE, read-only,
// by FUSE until MOUNTPOINT is unmounted. Reading a file NAME blocks for as long as there is a file
// NAME.hang beside it.
#define FUSE_USE_VERSION 35

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse3/fuse.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int source_of(void)
{
	return *(int *)fuse_get_context()->private_data;
}

static const char *below(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

static int hang_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	(void)info;
	return fstatat(source_of(), below(path), st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int hang_readlink(const char *path, char *buf, size_t size)
{
	ssize_t n = readlinkat(source_of(), below(path), buf, size - 1);

	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static int hang_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
	struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	int fd = openat(source_of(), below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
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
	return faccessat(source_of(), below(path), R_OK, 0) < 0 ? -errno : 0;
}

static int hang_read(
	const char *path, char *buf, size_t size, off_t offset, struct fuse_file_info *info)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	char name[4096];
	ssize_t n;
	int fd;

	(void)info;
	(void)snprintf(name, sizeof(name), "%s.hang", below(path));
	while (faccessat(source_of(), name, F_OK, 0) == 0)
		nanosleep(&pause, NULL);
	fd = openat(source_of(), below(path), O_RDONLY | O_CLOEXEC);
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
	// "-f": stay in the foreground, so that who started us knows our process.
	char foreground[] = "-f";
	char *arguments[] = {argv[0], foreground, argc == 3 ? argv[2] : NULL, NULL};
	int source;

	if (argc != 3) {
		fprintf(stderr, "usage: fakehang SOURCE MOUNTPOINT\n");
		return 2;
	}
	source = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source < 0) {
		perror(argv[1]);
		return 1;
	}
	return fuse_main(3, arguments, &operations, &source);
}
