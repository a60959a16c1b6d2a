// SPDX-License-Identifier: Apache-2.0
// Replaces a small file by writing beside it, syncing and renaming.
#include "common/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int state_folder(const char *path, struct error *err)
{
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

int state_replace(
	const char *folder, const char *name, const struct strbuf *text, struct error *err)
{
	char temporary[NAME_MAX];
	CLEANUP(close_fd) int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_fd) int fd = -1;

	if (dir < 0 || !str_format(temporary, sizeof(temporary), "%s.new", name))
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int rc = fd < 0 ? -errno : write_all(fd, strbuf_text(text), text->len);
	if (rc == 0 && (renameat(dir, temporary, dir, name) < 0 || fsync(dir) < 0))
		rc = -errno;
	if (rc < 0)
		return error_set(err, -rc, "%s/%s: %s", folder, name, strerror(-rc));
	return 0;
}

int state_lock(const char *folder, const char *name, struct error *err)
{
	char path[PATH_MAX];

	if (!str_format(path, sizeof(path), "%s/%s.lock", folder, name))
		return error_set(err, ENAMETOOLONG, "%s: too long", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return error_set(err, EBUSY, "%s: another process holds it", path);
	}
	return fd;
}

bool state_field(char **at, char **ret)
{
	char *start = *at;
	size_t n = strcspn(start, " \n");

	if (n == 0)
		return false;
	*at = start + n + (start[n] == ' ');
	if (start[n] == ' ')
		start[n] = '\0';
	*ret = start;
	return true;
}
