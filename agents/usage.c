// SPDX-License-Identifier: Apache-2.0
// A child for each file system answers through a pipe of one record. A child that hangs in the
// kernel cannot even be killed; it is left to end when the file system comes back.
#include "agents/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"

struct asked {
	pid_t pid;
	int fd;
};

// A mount point is on another device than the folder it is in, or that folder itself (the root).
static int check_mounted(const char *path)
{
	char above[PATH_MAX];
	struct stat here;
	struct stat there;

	if (!str_format(above, sizeof(above), "%s/..", path))
		return -ENAMETOOLONG;
	if (stat(path, &here) < 0 || stat(above, &there) < 0)
		return -errno;
	if (!S_ISDIR(here.st_mode))
		return -ENOTDIR;
	return here.st_dev != there.st_dev || here.st_ino == there.st_ino ? 0 : -EXDEV;
}

static void measure(struct usage *u)
{
	struct statvfs v = {0};

	u->code = check_mounted(u->path);
	if (u->code == 0 && statvfs(u->path, &v) < 0)
		u->code = -errno;
	if (u->code < 0)
		return;
	u->total_bytes = (uint64_t)v.f_blocks * v.f_frsize;
	u->used_bytes = (uint64_t)(v.f_blocks - v.f_bfree) * v.f_frsize;
	u->free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	u->total_files = v.f_files;
	u->used_files = v.f_files - v.f_ffree;
}

static int ask(struct usage *u, struct asked *ret)
{
	int fds[2];

	*ret = (struct asked){.pid = -1, .fd = -1};
	u->code = -ETIMEDOUT;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	ret->pid = fork();
	if (ret->pid == 0) {
		measure(u);
		ssize_t n = write(fds[1], u, sizeof(*u));
		_exit(n == (ssize_t)sizeof(*u) ? 0 : 1);
	}
	close(fds[1]);
	ret->fd = fds[0];
	return ret->pid < 0 ? -errno : 0;
}

static void hear(struct usage *u, struct asked *a, int64_t deadline_ns)
{
	struct pollfd p = {.fd = a->fd, .events = POLLIN};
	struct usage answer;
	int64_t left;

	do {
		left = (deadline_ns - clock_monotonic_ns()) / 1000000;
	} while (left > 0 && poll(&p, 1, (int)left) < 0 && errno == EINTR);
	if (p.revents && read(a->fd, &answer, sizeof(answer)) == (ssize_t)sizeof(answer)) {
		answer.path = u->path;
		*u = answer;
		waitpid(a->pid, NULL, 0);
		return;
	}
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, WNOHANG);
}

int usage_measure(struct usage *rows, size_t n, int64_t limit_s, struct error *err)
{
	struct asked *children = memory_alloc(n ? n : 1, sizeof(*children));
	int64_t deadline_ns = clock_monotonic_ns() + limit_s * NS_PER_S;
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		int code = ask(&rows[i], &children[i]);

		if (code < 0)
			rc = error_set(err, -code, "%s: %s", rows[i].path, strerror(-code));
	}
	for (size_t i = 0; i < n; i++) {
		if (children[i].pid > 0)
			hear(&rows[i], &children[i], deadline_ns);
		if (children[i].fd >= 0)
			close(children[i].fd);
	}
	free(children);
	return rc;
}
