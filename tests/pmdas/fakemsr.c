// SPDX-License-Identifier: Apache-2.0
// A stand-in for the kernel's msr driver: fakemsr SOURCE MOUNTPOINT serves, by FUSE, MOUNTPOINT/N/msr
// for each folder SOURCE/N/msr.d of small text files, until MOUNTPOINT is unmounted. As in the driver
// the offset of a read is the register's address, reads are multiples of 8 bytes, which read the same
// register again, and an unknown register gives EIO. A file 0xADDRESS.hang makes the read block for as
// long as the file is there. Every attempt to write is refused and counted in SOURCE/writes, so that a
// test can show that there was none.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "tests/pmdas/fakefuse.h"

// The CPU's number in "/N" or "/N/msr", -1 = neither; *ret_msr tells which.
static int parse_path(const char *path, bool *ret_msr)
{
	char *end;
	long cpu;

	if (path[0] != '/' || !isdigit((unsigned char)path[1]))
		return -1;
	cpu = strtol(path + 1, &end, 10);
	if (cpu > 100000)
		return -1;
	*ret_msr = strcmp(end, "/msr") == 0;
	return *ret_msr || *end == '\0' ? (int)cpu : -1;
}

static bool cpu_exists(int cpu)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%d/msr.d", cpu);
	return faccessat(fakefuse_source(), name, F_OK, 0) == 0;
}

static int fake_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
	bool msr = false;
	int cpu = parse_path(path, &msr);

	(void)info;
	memset(st, 0, sizeof(*st));
	st->st_nlink = 1;
	st->st_uid = getuid();
	st->st_mode = msr ? S_IFREG | 0600 : S_IFDIR | 0755;
	if (strcmp(path, "/") == 0)
		return 0;
	return cpu >= 0 && cpu_exists(cpu) ? 0 : -ENOENT;
}

static int fake_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t offset,
	struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
	struct dirent *e;
	DIR *dir;

	(void)offset, (void)info, (void)flags;
	if (strcmp(path, "/") != 0)
		return fill(buf, "msr", NULL, 0, 0) ? -ENOMEM : 0;
	dir = fakefuse_open_folder(".");
	if (dir == NULL)
		return -errno;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): a stream of our own
		if (isdigit((unsigned char)e->d_name[0]))
			fill(buf, e->d_name, NULL, 0, 0);
	}
	closedir(dir);
	return 0;
}

static int fake_open(const char *path, struct fuse_file_info *info)
{
	bool msr = false;
	int cpu = parse_path(path, &msr);

	if (cpu < 0 || !msr)
		return -ENOENT;
	if (!cpu_exists(cpu))
		return -ENXIO;
	info->direct_io = 1;
	return 0;
}

static int fake_read(
	const char *path, char *buf, size_t size, off_t address, struct fuse_file_info *info)
{
	bool msr = false;
	int cpu = parse_path(path, &msr);
	char name[64];
	uint64_t value;
	int rc;

	(void)info;
	if (size % sizeof(value))
		return -EINVAL;
	(void)snprintf(name, sizeof(name), "%d/msr.d/0x%llx.hang", cpu, (long long)address);
	fakefuse_hang_while(name);
	if (!cpu_exists(cpu))
		return -ENXIO;
	for (size_t at = 0; at < size; at += sizeof(value)) {
		(void)snprintf(name, sizeof(name), "%d/msr.d/0x%llx", cpu, (long long)address);
		rc = frame_read_number(fakefuse_source(), name, &value);
		if (rc < 0)
			return -EIO;
		memcpy(buf + at, &value, sizeof(value));
	}
	return (int)size;
}

static int fake_write(
	const char *path, const char *buf, size_t size, off_t address, struct fuse_file_info *info)
{
	int fd = openat(
		fakefuse_source(), "writes", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);

	(void)buf, (void)size, (void)info;
	if (fd >= 0) {
		dprintf(fd, "%s 0x%llx\n", path, (long long)address);
		close(fd);
	}
	return -EPERM;
}

int main(int argc, char **argv)
{
	static const struct fuse_operations operations = {
		.getattr = fake_getattr,
		.readdir = fake_readdir,
		.open = fake_open,
		.read = fake_read,
		.write = fake_write,
	};

	return fakefuse_main(argc, argv, &operations);
}
