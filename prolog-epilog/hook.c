// SPDX-License-Identifier: Apache-2.0
// jobsight-hook: Slurm's Prolog, Epilog, TaskProlog, TaskEpilog, PrologSlurmctld and EpilogSlurmctld in
// one program; SLURM_SCRIPT_CONTEXT says which. It hands one datagram to the sampler and returns.
// Slurm drains a node whose hook fails and keeps jobs waiting for one that is slow, so it ends with
// 0 whatever happens, and never waits: what the sampler does not take at once is left in a folder,
// and one child a node, for all hooks, sees to what lies there. It prints nothing: Slurm reads the
// output of a TaskProlog as commands.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "prolog-epilog/boundary.h"
#include "prolog-epilog/note.h"
#include "prolog-epilog/pending.h"

enum {
	SILENT_S =
		20, // a sampler that gave no sign of life for so long hangs: it gives one each 5 s
	GATHER_MS = 20, // the child waits so long for boundaries that come at the same time
	BUSY_MS = 300,  // and so long for a sampler whose socket is full
	ONCE_S = 30,
	SPOOL_BYTES = 256 << 10,
};

#define SAMPLER JOBSIGHT_BINDIR "/jobsight-sampler"

// Task hooks run as the job's user with the job's environment: what it says there is their own
// business, they have no rights but the user's.
static const char *setting(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

static const char *of_environment(void *context, const char *name)
{
	(void)context;
	return getenv(name);
}

static int64_t now_ns(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// Whether the sampler has given no sign of life for long. One that never gave any is not judged.
static bool is_silent(const char *socket_path)
{
	const char *slash = strrchr(socket_path, '/');
	int len = slash ? (int)(slash - socket_path) : 1;
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(
		path, sizeof(path), "%.*s/" BOUNDARY_STATE, len, slash ? socket_path : ".");

	return n > 0 && (size_t)n < sizeof(path) && stat(path, &st) == 0 &&
	       now_ns() / 1000000000 - st.st_mtime > SILENT_S;
}

// 0, or why the sampler does not have it; EAGAIN: its socket is full.
static int tell(const char *path, const char *text, size_t len)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int code = 0;

	if (strlen(path) >= sizeof(to.sun_path))
		return ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	memcpy(to.sun_path, path, strlen(path) + 1);
	bool is_there = connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
	if (is_there && is_silent(path))
		code = ETIMEDOUT;
	else if (!is_there || send(fd, text, len, MSG_NOSIGNAL) < 0)
		code = errno;
	close(fd);
	return code;
}

// One line for the administrator, never more than SPOOL_BYTES of them.
static void note(const char *text, const char *why)
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

static void nap(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	(void)nanosleep(&t, NULL);
}

// Nothing of Slurm's is kept: it waits for the end of the hook's output, and kills what is left of the
// hook's group. Standard input becomes the guard, where the one-shot finds it.
static void detach(int guard)
{
	int null = open("/dev/null", O_RDWR);

	(void)setpgid(0, 0);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(guard, STDIN_FILENO);
	if (guard > STDERR_FILENO)
		close(guard);
	if (null > STDERR_FILENO)
		close(null);
	alarm(ONCE_S);
}

// The one child of all hooks that reached no sampler, or one that is busy: that looks into the folder,
// too, and usually comes first.
static _Noreturn void guard_pending(const char *spool, int why)
{
	const char *path = setting("JOBSIGHT_SAMPLER", SAMPLER);

	nap(why == EAGAIN ? BUSY_MS : GATHER_MS);
	if (pending_guard_ends(spool, STDIN_FILENO))
		_exit(0);
	if (why == EAGAIN)
		note("", "the sampler does not take what waits: a one-shot does");
	execl(path, path, "--once", "--spool", spool, (char *)NULL);
	note("", "no sample: the one-shot sampler cannot be run");
	_exit(0);
}

static void leave(const char *text, size_t len, int why)
{
	const char *spool = setting("JOBSIGHT_SPOOL", BOUNDARY_SPOOL);
	bool is_left = pending_put(spool, text, len);

	if (why != EAGAIN || !is_left)
		note(text, strerror(why));
	int guard = is_left ? pending_guard(spool) : -1;
	if (guard < 0)
		return; // there is one, who sees to ours too
	pid_t child = fork();
	if (child == 0) {
		detach(guard);
		guard_pending(spool, why);
	}
	if (child > 0) // before we end, whoever is first
		(void)setpgid(child, child);
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
	bool is_known =
		boundary_learn(of_environment, NULL, argc > 1 ? argv[1] : NULL, now_ns(), &b);
	int len = is_known ? boundary_write(&b, text) : -EINVAL;
	int why;

	if (len < 0)
		return 0;
	why = tell(setting("JOBSIGHT_SOCKET", BOUNDARY_SOCKET), text, (size_t)len);
	// Without it a label is missing, no more.
	(void)note_job(setting("JOBSIGHT_JOBS", NOTE_FOLDER), &b, of_environment, NULL);
	if (why && (b.event == BOUNDARY_BEGIN || b.event == BOUNDARY_END))
		leave(text, (size_t)len, why);
	return 0;
}
