// SPDX-License-Identifier: Apache-2.0
// Finds the installed verbs, and asks each for its purpose.
#include "common/verbs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"

#define PREFIX "jobsight-"

enum { PATH_BYTES = 4096, ANSWER_MS = 2000 };

bool verb_is_name(const char *verb)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	return *verb >= 'a' && *verb <= 'z' && !verb[strspn(verb, allowed)];
}

static const char *own_folder(struct arena *a)
{
	char path[PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len <= 0)
		return NULL;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	return arena_strdup(a, path);
}

size_t verbs_folders(struct arena *a, const char ***ret)
{
	const char *own = own_folder(a);
	const char *path = getenv("PATH");
	size_t room = 3;
	size_t n = 0;
	const char **folders;

	for (const char *p = path; p && *p; p++)
		room += *p == ':';
	folders = arena_array(a, room, sizeof(*folders));
	if (own) {
		folders[n++] = own;
		folders[n++] = arena_printf(a, "%s/../libexec/jobsight", own);
	}
	while (path && *path) {
		size_t len = strcspn(path, ":");

		if (len)
			folders[n++] = arena_strndup(a, path, len);
		path += len + (path[len] == ':');
	}
	*ret = folders;
	return n;
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static void scan_folder(struct arena *a, const char *folder, struct map *ret)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		const char *verb = entry->d_name + strlen(PREFIX);
		const char *path;

		if (!str_starts(entry->d_name, PREFIX) || !verb_is_name(verb) || map_get(ret, verb))
			continue;
		path = arena_printf(a, "%s/%s", folder, entry->d_name);
		if (is_program(path))
			map_put(ret, arena_strdup(a, verb), arena_strdup(a, path));
	}
	closedir(dir);
}

static int compare_entries(const void *x, const void *y)
{
	const struct map_entry *a = x;
	const struct map_entry *b = y;

	return strcmp(a->key, b->key);
}

void verbs_find(struct arena *a, struct map *ret)
{
	struct map found = {0};
	const char **folders;
	size_t n = verbs_folders(a, &folders);

	for (size_t i = 0; i < n; i++)
		scan_folder(a, folders[i], &found);
	if (found.n)
		qsort(found.entries, found.n, sizeof(*found.entries), compare_entries);
	for (size_t i = 0; i < found.n; i++)
		map_put(ret, found.entries[i].key, found.entries[i].value);
	map_release(&found);
}

// Starts `path --help` with its output in a pipe and everything else on /dev/null.
static pid_t start_help(const char *path, int *ret_fd)
{
	// posix_spawn does not write to its arguments.
	char help[] = "--help";
	char *argv[] = {(char *)(uintptr_t)path, help, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, path, &actions, NULL, argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (pid < 0)
		close(fds[0]);
	else
		*ret_fd = fds[0];
	return pid;
}

static void read_line(int fd, struct strbuf *ret)
{
	int64_t deadline_ns = clock_monotonic_ns() + ANSWER_MS * (NS_PER_S / 1000);
	char chunk[256];

	while (!strchr(strbuf_text(ret), '\n') && ret->len < 1024) {
		int64_t left_ns = deadline_ns - clock_monotonic_ns();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (left_ns <= 0 || poll(&p, 1, (int)(left_ns / (NS_PER_S / 1000)) + 1) <= 0)
			return;
		n = read(fd, chunk, sizeof(chunk));
		if (n <= 0)
			return;
		strbuf_add(ret, chunk, (size_t)n);
	}
}

void verb_purpose(const char *path, struct strbuf *ret)
{
	CLEANUP(strbuf_release) struct strbuf answer = {0};
	const char *text;
	int fd = -1;
	pid_t pid = start_help(path, &fd);

	if (pid < 0)
		return;
	read_line(fd, &answer);
	close(fd);
	// It has said what was wanted, or nothing in time.
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	text = strstr(strbuf_text(&answer), ": ");
	text = text ? text + 2 : strbuf_text(&answer);
	strbuf_add(ret, text, strcspn(text, "\n"));
}
