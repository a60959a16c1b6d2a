// SPDX-License-Identifier: Apache-2.0
// Runs mmpmon as a child and talks to it; see mmpmon.h. Its environment is empty but for the language, its
// signals are as usual, and it ends when our end of the socket closes.
#include "pmdas/filesystems/mmpmon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS INT64_C(1000000)

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int spawn(struct mmpmon *m, int input, int output)
{
	char option[] = "-p";
	char language[] = "LC_ALL=C";
	char *arguments[] = {m->path, option, NULL};
	char *environment[] = {language, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes,
		POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn( // NOLINT: the one program that an agent starts
		&m->pid, m->path, &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	if (rc != 0)
		m->pid = 0;
	return -rc;
}

int mmpmon_start(struct mmpmon *m)
{
	int to[2];
	int from[2];
	int rc;

	if (m->left && waitpid(m->left, NULL, WNOHANG) == 0)
		return -EBUSY; // one that hangs is enough
	m->left = 0;
	// A socket, since a write to it need not raise a signal when the child is gone.
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, to) < 0)
		return -errno;
	if (pipe2(from, O_CLOEXEC) < 0) {
		rc = -errno;
		close(to[0]);
		close(to[1]);
		return rc;
	}
	rc = spawn(m, to[1], from[1]);
	close(to[1]);
	close(from[1]);
	if (rc < 0) {
		close(to[0]);
		close(from[0]);
		return rc;
	}
	m->out = to[0];
	m->in = from[0];
	m->used = 0;
	return 0;
}

void mmpmon_stop(struct mmpmon *m)
{
	bool may_kill;

	if (m->pid == 0)
		return;
	close(m->out);
	close(m->in);
	may_kill = kill(m->pid, SIGKILL) == 0 || errno == ESRCH;
	(void)kill(-m->pid, SIGKILL);
	if (may_kill) {
		while (waitpid(m->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	} else {
		m->left = m->pid; // it ends by itself when it finds its input closed
	}
	m->pid = 0;
}

int mmpmon_ask(struct mmpmon *m, const char *requests)
{
	size_t length = strlen(requests);
	ssize_t n = send(m->out, requests, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	m->used = 0;
	if (n < 0)
		return -errno;
	return (size_t)n == length ? 0 : -EIO;
}

// Moves the first line out of the buffer to its end, behind which it is kept. NULL: there is none yet.
static int cut_line(struct mmpmon *m, size_t *ret_next)
{
	char *end = memchr(m->buffer, '\n', m->used);

	if (end == NULL)
		return 0;
	*end = '\0';
	*ret_next = (size_t)(end + 1 - m->buffer);
	return 1;
}

int mmpmon_line(struct mmpmon *m, int64_t deadline_ns, const char **ret)
{
	size_t next = strnlen(m->buffer, m->used) + 1;

	// What the last call gave ends with NUL and goes now.
	if (m->used && next <= m->used) {
		memmove(m->buffer, m->buffer + next, m->used - next);
		m->used -= next;
	}
	for (;;) {
		struct pollfd p = {.fd = m->in, .events = POLLIN};
		int64_t left = deadline_ns - now_ns();
		ssize_t n;

		if (cut_line(m, &next)) {
			*ret = m->buffer;
			return 1;
		}
		if (m->used == sizeof(m->buffer))
			return -E2BIG;
		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(left / NS_PER_MS) + 1) <= 0)
			continue;
		n = read(m->in, m->buffer + m->used, sizeof(m->buffer) - m->used);
		if (n <= 0)
			return n < 0 ? -errno : 0;
		// A NUL from outside must not be taken for ours.
		for (ssize_t i = 0; i < n; i++) {
			if (m->buffer[m->used + (size_t)i] == '\0')
				m->buffer[m->used + (size_t)i] = '?';
		}
		m->used += (size_t)n;
	}
}
