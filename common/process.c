// SPDX-License-Identifier: Apache-2.0
// posix_spawn in a process group of its own, two pipes, poll.
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

enum { OUTPUT_MAX = 65536, TICK_MS = 50 };

struct pipes {
	int in;     // a file in memory: nobody has to be there to write it
	int out[2]; // our end, theirs
	int errors[2];
};

static void close_pipes(struct pipes *p)
{
	int *fds[] = {&p->in, &p->out[0], &p->out[1], &p->errors[0], &p->errors[1]};

	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}

static int open_input(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	int fd = memfd_create("input", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (write(fd, text ? text : "", len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -1;
}

static int spawn(const char *const *argv, const struct pipes *p, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int code;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_adddup2(&actions, p->in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, p->out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, p->errors[1], STDERR_FILENO);
	// posix_spawn(3) does not write to the words.
	code = posix_spawnp(ret, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -code;
}

static void take(int *fd, size_t most, struct strbuf *ret)
{
	char block[4096];
	ssize_t n = read(*fd, block, sizeof(block));

	if (n > 0 && ret->len < most)
		strbuf_add(ret, block, (size_t)n);
	if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	close(*fd);
	*fd = -1;
}

static bool has_ended(pid_t pid, int *status)
{
	return waitpid(pid, status, WNOHANG) == pid;
}

// Its output is read until it has ended; a child that it left behind may hold the pipes open
// longer.
static int attend(pid_t pid, struct pipes *p, int64_t deadline_ns, struct process *ret)
{
	int status = 0;
	bool ended = false;

	while (!ended) {
		struct pollfd fds[] = {{.fd = p->out[0], .events = POLLIN},
			{.fd = p->errors[0], .events = POLLIN}};

		if (clock_monotonic_ns() > deadline_ns) {
			kill(-pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return -ETIMEDOUT;
		}
		ended = has_ended(pid, &status);
		while (poll(fds, ARRAY_LEN(fds), ended ? 0 : TICK_MS) > 0) {
			if (fds[0].revents)
				take(&p->out[0], ret->most ? ret->most : OUTPUT_MAX, &ret->out);
			if (fds[1].revents)
				take(&p->errors[0], OUTPUT_MAX, &ret->errors);
			fds[0].fd = p->out[0];
			fds[1].fd = p->errors[0];
			if (clock_monotonic_ns() > deadline_ns)
				break;
		}
	}
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}

int process_run(const char *const *argv, const char *input, int64_t limit_s, struct process *ret,
	struct error *err)
{
	CLEANUP(close_pipes)
	struct pipes p = {.in = open_input(input), .out = {-1, -1}, .errors = {-1, -1}};
	int64_t deadline_ns = clock_monotonic_ns() + limit_s * NS_PER_S;
	pid_t pid;
	int rc;

	*ret = (struct process){.most = ret->most};
	if (p.in < 0 || pipe2(p.out, O_CLOEXEC) < 0 || pipe2(p.errors, O_CLOEXEC) < 0)
		return error_set(err, errno, "%s: %s", argv[0], strerror(errno));
	rc = spawn(argv, &p, &pid);
	if (rc < 0)
		return error_set(err, -rc, "%s: %s", argv[0], strerror(-rc));
	close(p.out[1]);
	close(p.errors[1]);
	p.out[1] = p.errors[1] = -1;
	rc = attend(pid, &p, deadline_ns, ret);
	if (rc < 0)
		return error_set(
			err, -rc, "%s: not over after %lld s", argv[0], (long long)limit_s);
	return 0;
}

void process_release(struct process *p)
{
	strbuf_release(&p->out);
	strbuf_release(&p->errors);
}
