// SPDX-License-Identifier: Apache-2.0
// Splitting, filling in, posix_spawnp, waitpid.
#include "keeper/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/str.h"

enum { WORDS_MAX = 64 };

// One word from *at on; false: a quote is not closed.
static bool take_word(const char **at, struct strbuf *ret)
{
	const char *p = *at;

	while (*p && *p != ' ' && *p != '\t') {
		if (*p != '\'' && *p != '"') {
			strbuf_putc(ret, *p++);
			continue;
		}
		const char *end = strchr(p + 1, *p);
		if (!end)
			return false;
		strbuf_add(ret, p + 1, (size_t)(end - p - 1));
		p = end + 1;
	}
	*at = p;
	return true;
}

int command_split(const char *text, struct arena *a, const char ***ret, struct error *err)
{
	const char **words = arena_array(a, WORDS_MAX + 1, sizeof(*words));
	size_t n = 0;

	for (const char *p = text + strspn(text, " \t"); *p; p += strspn(p, " \t")) {
		CLEANUP(strbuf_release) struct strbuf word = {0};

		if (n == WORDS_MAX || !take_word(&p, &word))
			return error_set(err, EINVAL, "\"%s\": %s", text,
				n == WORDS_MAX ? "too many words" : "a quote is not closed");
		words[n++] = arena_strdup(a, strbuf_text(&word));
	}
	if (n == 0)
		return error_set(err, EINVAL, "the command is empty");
	*ret = words;
	return 0;
}

static char *fill_in(
	struct arena *a, const char *word, const struct command_place *places, size_t n)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	while (*word) {
		size_t i = 0;

		while (i < n && !str_starts(word, places[i].name))
			i++;
		if (i < n) {
			strbuf_puts(&out, places[i].value);
			word += strlen(places[i].name);
		} else {
			strbuf_putc(&out, *word++);
		}
	}
	return arena_strdup(a, strbuf_text(&out));
}

static int wait_for(pid_t pid, const char *name, struct error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "%s: %s", name, strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(err, EIO, "%s ended with %s %d", name,
		WIFEXITED(status) ? "code" : "signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static void connect_fd(posix_spawn_file_actions_t *actions, int fd, int to)
{
	if (fd >= 0)
		posix_spawn_file_actions_adddup2(actions, fd, to);
	else
		posix_spawn_file_actions_addopen(
			actions, to, "/dev/null", to == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
}

int command_run(const char *const *words, const struct command_place *places, size_t n_places,
	int in, int out, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	posix_spawn_file_actions_t actions;
	char *argv[WORDS_MAX + 1] = {0};
	pid_t pid;

	for (size_t i = 0; i < WORDS_MAX && words[i]; i++)
		argv[i] = fill_in(&a, words[i], places, n_places);
	posix_spawn_file_actions_init(&actions);
	connect_fd(&actions, in, STDIN_FILENO);
	connect_fd(&actions, out, STDOUT_FILENO);
	int code = argv[0] ? posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) : EINVAL;
	posix_spawn_file_actions_destroy(&actions);
	if (code)
		return error_set(err, code, "%s: %s", argv[0] ? argv[0] : "", strerror(code));
	return wait_for(pid, argv[0], err);
}
