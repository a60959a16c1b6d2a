// SPDX-License-Identifier: Apache-2.0
// The files of jobs; see note.h. Whole at any instant, and nothing of the environment is believed: a word is of
// few characters, the file's name of digits alone.
#include "prolog-epilog/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORD_MAX  127
#define WORD_MADE "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,+@:-"

static int open_folder(const char *path)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(path, flags);

	if (fd < 0 && errno == ENOENT && mkdir(path, 0755) == 0)
		fd = open(path, flags);
	return fd;
}

static const char *word(const char *value, const char *otherwise)
{
	size_t n = value ? strlen(value) : 0;

	return n > 0 && n <= WORD_MAX && strspn(value, WORD_MADE) == n ? value : otherwise;
}

static bool write_file(int folder, const char *job, const char *text)
{
	char begun[40];
	size_t len = strlen(text);

	snprintf(begun, sizeof(begun), ".%s", job);
	(void)unlinkat(folder, begun, 0); // of a hook that was killed
	int fd = openat(folder, begun, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	bool is_there = write(fd, text, len) == (ssize_t)len;
	close(fd);
	is_there = is_there && renameat(folder, begun, folder, job) == 0;
	if (!is_there)
		(void)unlinkat(folder, begun, 0);
	return is_there;
}

bool note_job(const char *folder, const struct boundary *b,
	const char *(*get)(void *context, const char *name), void *context)
{
	bool is_begin = b->event == BOUNDARY_BEGIN;
	char text[2 * WORD_MAX + 32];

	if (!is_begin && b->event != BOUNDARY_END)
		return true;
	int fd = open_folder(folder);
	if (fd < 0)
		return false;
	const char *account = word(get(context, "SLURM_JOB_ACCOUNT"), "");
	const char *gpus = word(get(context, "SLURM_JOB_GPUS"), "none");
	snprintf(text, sizeof(text), "%s%s%sgpus %s\n", *account ? "account " : "", account,
		*account ? "\n" : "", gpus);
	bool is_done = is_begin ? write_file(fd, b->job, text)
	                        : unlinkat(fd, b->job, 0) == 0 || errno == ENOENT;
	close(fd);
	return is_done;
}
