// SPDX-License-Identifier: Apache-2.0
// The frame of the stand-ins by FUSE; see fakefuse.h.
#include "tests/pmdas/fakefuse.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int fakefuse_source(void)
{
	return *(int *)fuse_get_context()->private_data;
}

DIR *fakefuse_open_folder(const char *path)
{
	int fd = openat(fakefuse_source(), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

void fakefuse_hang_while(const char *name)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	while (faccessat(fakefuse_source(), name, F_OK, 0) == 0)
		nanosleep(&pause, NULL);
}

int fakefuse_main(int argc, char **argv, const struct fuse_operations *operations)
{
	// "-f": stay in the foreground, so that who started us knows our process.
	char foreground[] = "-f";
	char *arguments[] = {argv[0], foreground, argc == 3 ? argv[2] : NULL, NULL};
	int source;

	if (argc != 3) {
		fprintf(stderr, "usage: %s SOURCE MOUNTPOINT\n", argv[0]);
		return 2;
	}
	source = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (source < 0) {
		perror(argv[1]);
		return 1;
	}
	return fuse_main(3, arguments, operations, &source);
}
