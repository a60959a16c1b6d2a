// SPDX-License-Identifier: Apache-2.0
// jobsight-hook: Slurm's Prolog, Epilog, TaskProlog, TaskEpilog, PrologSlurmctld and EpilogSlurmctld in
// one program; SLURM_SCRIPT_CONTEXT says which. It hands one datagram to the sampler and returns.
// Slurm drains a node whose hook fails and keeps jobs waiting for one that is slow, so it ends with
// 0 whatever happens, and all that may take long is done by a child that nobody waits for. It
// prints nothing: Slurm reads the output of a TaskProlog as commands.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "prolog-epilog/boundary.h"

enum { SEND_MS = 20, ONCE_S = 30, SPOOL_BYTES = 256 << 10 };

#define SAMPLER JOBSIGHT_BINDIR "/jobsight-sampler"

// Task hooks run as the job's user with the job's environment: what it says there is their own
// business, they have no rights but the user's.
static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static uint32_t number(const char *name)
{
	const char *s = getenv(name);

	return s ? (uint32_t)strtoul(s, NULL, 10) : 0;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// Releases of Slurm before 20.11 do not say which hook they run: argv does.
static enum boundary_event event_of(int argc, char **argv)
{
	enum boundary_event e = boundary_event_of_context(getenv("SLURM_SCRIPT_CONTEXT"));

	for (int k = 1; e == 0 && argc > 1 && k < BOUNDARY_EVENTS; k++)
		if (strcmp(argv[1], boundary_event_name((enum boundary_event)k)) == 0)
			e = (enum boundary_event)k;
	return e;
}

static bool learn(int argc, char **argv, struct boundary *b)
{
	const char *job = getenv("SLURM_JOB_ID");
	const char *sluid = getenv("SLURM_JOB_SLUID");

	*b = (struct boundary){.event = event_of(argc, argv), .asked_ns = now_ns(CLOCK_REALTIME)};
	if (b->event == 0 || !job || strlen(job) >= sizeof(b->job))
		return false;
	memcpy(b->job, job, strlen(job) + 1);
	b->restarts = number(getenv("SLURM_JOB_RESTART_COUNT") ? "SLURM_JOB_RESTART_COUNT"
							       : "SLURM_RESTART_COUNT");
	b->uid = number("SLURM_JOB_UID");
	// What a later release makes of it is no reason to lose the boundary.
	if (sluid && boundary_is_sluid(sluid))
		memcpy(b->sluid, sluid, strlen(sluid) + 1);
	return true;
}

// 0, or why the sampler does not have it.
static int tell(const char *path, const char *text, size_t len)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int64_t until = now_ns(CLOCK_MONOTONIC) + SEND_MS * INT64_C(1000000);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int code = 0;

	if (fd < 0 || strlen(path) >= sizeof(to.sun_path)) {
		code = fd < 0 ? errno : ENAMETOOLONG;
	} else {
		memcpy(to.sun_path, path, strlen(path) + 1);
		if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
			code = errno;
	}
	while (code == 0 && send(fd, text, len, MSG_NOSIGNAL) < 0) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || now_ns(CLOCK_MONOTONIC) >= until)
			code = errno;
		else
			(void)poll(&p, 1, 2);
	}
	if (fd >= 0)
		close(fd);
	return code;
}

// One line for the administrator never more than SPOOL_BYTES.
static void spool(const char *text, const char *why)
{
	int fd = open(setting("JOBSIGHT_SPOOL", BOUNDARY_SPOOL),
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
	char line[2 * BOUNDARY_MAX_BYTES];
	struct stat st;

	if (fd < 0)
		return;
	snprintf(line, sizeof(line), "%s", text);
	for (char *p = line; *p; p++)
		if (*p == '\n')
			*p = ' ';
	size_t len = strlen(line);
	snprintf(line + len, sizeof(line) - len, "%s\n", why);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < SPOOL_BYTES &&
		write(fd, line, strlen(line)) < 0)
		(void)0; // there is nowhere left to say so
	close(fd);
}

// Nothing of Slurm's is kept: it waits for the end of the hook's output.
static void detach(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	setsid();
	alarm(ONCE_S);
}

// Without a resident sampler a sample is taken by one that ends afterwards.
static void sample_once(const char *text, size_t len)
{
	const char *path = setting("JOBSIGHT_SAMPLER", SAMPLER);
	int ends[2];

	if (pipe(ends) < 0 || write(ends[1], text, len) != (ssize_t)len || dup2(ends[0], 0) < 0)
		_exit(0);
	close(ends[0]);
	close(ends[1]);
	execl(path, path, "--once", (char *)NULL);
	spool(text, "no sample: the one-shot sampler cannot be run");
	_exit(0);
}

static void do_alone(const char *text, size_t len, int why)
{
	pid_t child = fork();

	if (child < 0)
		return;
	if (child > 0) {
		(void)waitpid(child, NULL, 0); // forks once more and ends
		return;
	}
	if (fork() != 0)
		_exit(0);
	detach();
	spool(text, strerror(why));
	sample_once(text, len);
}

// For people. Slurm's own calls never begin with a dash, and get no answer but 0.
static bool answer(const char *argument)
{
	bool is_help = strcmp(argument, "--help") == 0;

	if (is_help)
		puts("jobsight-hook: tells the sampler that a job begins or ends on this node.\n\n"
		     "usage: jobsight-hook [begin|end|task-begin|task-end|controller-begin|controller-end]\n\n"
		     "Called by slurmd and slurmctld as Prolog, Epilog, TaskProlog, TaskEpilog,\n"
		     "PrologSlurmctld or EpilogSlurmctld; always ends with 0.");
	else if (strcmp(argument, "--version") == 0)
		puts("jobsight-hook " JOBSIGHT_VERSION);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct boundary b;
	char text[BOUNDARY_MAX_BYTES];
	if (argc == 2 && answer(argv[1]))
		return 0;
	bool is_known = learn(argc, argv, &b);
	int len = is_known ? boundary_write(&b, text) : -EINVAL;
	int why;

	if (len < 0)
		return 0;
	why = tell(setting("JOBSIGHT_SOCKET", BOUNDARY_SOCKET), text, (size_t)len);
	if (why && (b.event == BOUNDARY_BEGIN || b.event == BOUNDARY_END))
		do_alone(text, (size_t)len, why);
	return 0;
}
