// SPDX-License-Identifier: Apache-2.0
// The folder of boundaries that wait. It is root's, and still nothing in it is believed: links are not
// followed, files of others are not read, and what is read must be a boundary.
#include "prolog-epilog/pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GUARD_NAME "guard"

enum { TRIES = 64, UNFINISHED_S = 10 };

static int open_folder(const char *spool, bool may_create)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s" PENDING_SUFFIX, spool);
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	int fd = open(path, flags);
	// many hooks may find at once that it is not there yet
	if (fd < 0 && errno == ENOENT && may_create && (mkdir(path, 0755) == 0 || errno == EEXIST))
		fd = open(path, flags);
	return fd < 0 ? -errno : fd;
}

// A name that nobody has yet, near one that others hardly begin at.
static int begin_file(int folder, char name[8])
{
	struct timespec now = {0};
	unsigned at = (unsigned)getpid();
	int fd = -1;

	clock_gettime(CLOCK_MONOTONIC, &now);
	at += (unsigned)now.tv_nsec / 1000;
	for (unsigned i = 0; i < TRIES && fd < 0; i++) {
		snprintf(name, 8, "%04u", (at + i) % PENDING_SLOTS);
		fd = openat(folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

bool pending_put(const char *spool, const char *text, size_t len)
{
	int folder = open_folder(spool, true);
	char name[8];
	bool is_there = false;

	if (folder < 0)
		return false;
	int fd = begin_file(folder, name);
	if (fd >= 0) {
		is_there = write(fd, text, len) == (ssize_t)len;
		close(fd);
		if (!is_there)
			(void)unlinkat(folder, name, 0);
	}
	close(folder);
	return is_there;
}

int pending_guard(const char *spool)
{
	int folder = open_folder(spool, true);
	int code = 0;

	if (folder < 0)
		return folder;
	int fd = openat(
		folder, GUARD_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0644);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		code = -errno;
	close(folder);
	if (code < 0 && fd >= 0)
		close(fd);
	return code < 0 ? code : fd;
}

// The descriptor that is claimed is not read: a copy shares its place in the folder.
static DIR *open_list(int folder)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !d)
		close(fd);
	return d;
}

static bool is_slot(const char *name)
{
	return strlen(name) == 4 && strspn(name, "0123456789") == 4;
}

static bool is_empty(const char *spool)
{
	int folder = open_folder(spool, false);
	DIR *d = folder < 0 ? NULL : open_list(folder);
	bool found = false;

	for (const struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d))
		found = is_slot(e->d_name);
	if (d)
		closedir(d);
	if (folder >= 0)
		close(folder);
	return !found;
}

bool pending_guard_ends(const char *spool, int guard)
{
	if (!is_empty(spool))
		return false;
	flock(guard, LOCK_UN);
	return is_empty(spool) || flock(guard, LOCK_EX | LOCK_NB) < 0;
}

int pending_claim(const char *spool)
{
	int folder = open_folder(spool, false);

	if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) < 0) {
		int code = errno;
		close(folder);
		return -code;
	}
	return folder;
}

// 1: *ret holds; 0: not whole, but may become so; <0: never will.
static int read_slot(int folder, const char *name, int64_t now_s, struct boundary *ret)
{
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	char text[BOUNDARY_MAX_BYTES + 1];
	struct stat st = {0};
	ssize_t n = -1;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
		(st.st_uid == 0 || st.st_uid == geteuid()))
		n = read(fd, text, sizeof(text));
	close(fd);
	if (n >= 0 && boundary_parse(text, (size_t)n, ret) > 0)
		return 1;
	return n >= 0 && now_s - st.st_mtime < UNFINISHED_S ? 0 : -1;
}

size_t pending_list(int claim, struct pending *ret, size_t max, int64_t now_s)
{
	DIR *d = open_list(claim);
	size_t n = 0;

	for (const struct dirent *e = d ? readdir(d) : NULL; e && n < max; e = readdir(d)) {
		if (!is_slot(e->d_name))
			continue;
		int is_whole = read_slot(dirfd(d), e->d_name, now_s, &ret[n].boundary);
		if (is_whole > 0)
			memcpy(ret[n++].name, e->d_name, strlen(e->d_name) + 1);
		else if (is_whole < 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
	return n;
}

void pending_remove(int claim, const struct pending *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)unlinkat(claim, p[i].name, 0);
}
