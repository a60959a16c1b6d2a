// SPDX-License-Identifier: Apache-2.0
// Finds a job's user and account; see user.h. The name service may take its time: only the worker that
// looks through processes waits for it, once for each job.
#include "pmdas/jobs/user.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmdas/frame/parse.h"

#define NAMES_MAX 16384
#define NOTES     "run/jobsight/jobs"

static bool uid_of_process(int root, unsigned pid, unsigned *ret)
{
	char path[40];
	char text[2048];

	pmsprintf(path, sizeof(path), "proc/%u/status", pid);
	return frame_read_head(root, path, text, sizeof(text)) > 0 &&
	       jobs_parse_uid(text, ret) == 0;
}

// Below a root of another machine there is that machine's /etc/passwd.
static void name_elsewhere(int root, unsigned uid, char *ret, size_t size)
{
	char buf[NAMES_MAX];
	struct passwd entry;
	struct passwd *p;
	int fd = openat(root, "etc/passwd", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");

	if (file == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (fgetpwent_r(file, &entry, buf, sizeof(buf), &p) == 0) {
		if (p->pw_uid == uid) {
			jobs_copy_name(ret, size, p->pw_name);
			break;
		}
	}
	(void)fclose(file);
}

static void name_here(unsigned uid, char *ret, size_t size)
{
	char buf[NAMES_MAX];
	struct passwd entry;
	struct passwd *p;

	if (getpwuid_r(uid, &entry, buf, sizeof(buf), &p) == 0 && p != NULL)
		jobs_copy_name(ret, size, p->pw_name);
}

void jobs_find_user(
	const struct jobs *j, const char *path, unsigned pid, struct jobs_processes *ret)
{
	unsigned uid;

	if (jobs_parse_path_uid(path, &uid) < 0 &&
		(pid == 0 || !uid_of_process(j->root, pid, &uid)))
		return;
	jobs_set(&ret->uid, uid);
	ret->user[0] = '\0';
	if (j->is_elsewhere)
		name_elsewhere(j->root, uid, ret->user, sizeof(ret->user));
	else
		name_here(uid, ret->user, sizeof(ret->user));
}

bool jobs_read_note(int root, const char *id, char *text, size_t size)
{
	char path[64];

	pmsprintf(path, sizeof(path), NOTES "/%s", id);
	return frame_read_head(root, path, text, size) > 0;
}

void jobs_find_account(int root, const char *id, char *ret, size_t size)
{
	char text[1024];

	if (jobs_read_note(root, id, text, sizeof(text)))
		jobs_parse_word(text, "account", ret, size);
}
