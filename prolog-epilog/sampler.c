// SPDX-License-Identifier: Apache-2.0
// jobsight-sampler: takes a sample of the node at each job boundary that a hook tells it.
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/catalogue/configured.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/options.h"
#include "prolog-epilog/journal.h"
#include "prolog-epilog/queue.h"
#include "prolog-epilog/tally.h"

enum { IDLE_S = 5, ONCE_LOCK_MS = 20000 };

struct arguments {
	const char *archives, *socket, *pmcd, *host, *spool;
	uint64_t version, slurm_uid;
	bool tasks, once;
	struct option_list catalogue;
};

#define AT(member) offsetof(struct arguments, member)
static const struct option options[] = {
	{"archives", 'a', OPTION_TEXT, AT(archives), "DIR",
		"Root of the archive tree (/var/log/jobsight)."},
	{"socket", 's', OPTION_TEXT, AT(socket), "PATH",
		"Where hooks send to (" BOUNDARY_SOCKET ")."},
	{"spool", 0, OPTION_TEXT, AT(spool), "PATH",
		"Where hooks put what did not reach a sampler (" BOUNDARY_SPOOL ")."},
	{"pmcd", 'p', OPTION_TEXT, AT(pmcd), "HOST",
		"Which pmcd to ask, as in pminfo -h (local:)."},
	{"host", 0, OPTION_TEXT, AT(host), "NAME",
		"The node's name in the tree, instead of what pmcd says."},
	{"archive-version", 0, OPTION_COUNT, AT(version), "N",
		"Format of archives, 2 (default) or 3."},
	{"slurm-uid", 0, OPTION_COUNT, AT(slurm_uid), "UID",
		"SlurmUser, besides root: may send boundaries."},
	{"tasks", 0, OPTION_FLAG, AT(tasks), NULL,
		"Any user may send begin and end of tasks of their own."},
	{"once", 0, OPTION_FLAG, AT(once), NULL, "One boundary from standard input, then end."},
	{"catalogue", 'C', OPTION_LIST, AT(catalogue), "DIR",
		"Read this directory instead of the configured ones; may be given again."},
};

static const struct program program = {
	.name = "jobsight-sampler",
	.purpose = "record a sample of the node at each job's begin and end",
	.synopsis = "[options]",
	.details =
		"Runs on each node beside pmcd; jobsight-hook tells it the boundaries. It writes\n"
		"DIR/HOST/yyyy/mm/dd/boundaries-yyyymmdd, an ordinary PCP archive.\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
};

struct sampler {
	const struct arguments *args;
	struct pmcd *pmcd;
	struct journal journal;
	struct queue queue;
	struct tally tally;
	bool was_away; // pmcd, last time: said once
};

static void say_pmcd(struct sampler *s, int code, const struct error *err)
{
	if (code < 0 && !s->was_away)
		log_warning("%s; boundaries are recorded without samples", err->text);
	else if (code >= 0 && s->was_away)
		log_notice("pmcd answers again");
	s->was_away = code < 0;
	s->tally.is_connected = code >= 0;
}

static void count(
	struct sampler *s, const struct boundary *b, size_t n, bool sampled, bool recorded)
{
	struct tally *t = &s->tally;

	for (size_t i = 0; i < n && recorded; i++)
		t->recorded[b[i].event]++;
	t->unsampled += recorded && !sampled ? n : 0;
	t->lost += recorded ? 0 : n;
	t->waiting -= n;
}

// Boundaries that came together share a sample: it is later than all of them.
static int take_sample(struct sampler *s, const struct boundary *b, size_t n)
{
	struct error err = {0};
	pmResult *r = NULL;
	int code = pmcd_sample(s->pmcd, &r, &err);

	say_pmcd(s, code, &err);
	code = journal_put(&s->journal, s->pmcd, r, b, n, &err);
	count(s, b, n, r != NULL, code >= 0);
	if (code < 0) {
		log_error("%zu boundaries from job %s on are lost: %s", n, b->job, err.text);
		// Whatever state the files are in: opening them again puts it right.
		journal_close(&s->journal);
	}
	if (r)
		pmFreeResult(r);
	return code;
}

// Said again and again: how old it is shows that we live.
static void say_counts(struct sampler *s)
{
	struct error err = {0};

	if (tally_write(&s->tally, s->args->socket, &err) < 0)
		log_debug("%s", err.text);
	spool_rotate(s->args->spool, clock_now_s());
}

static void *work(void *context)
{
	struct sampler *s = context;
	struct boundary b[JOURNAL_MAX_BOUNDARIES];
	struct error err = {0};
	int64_t say_ns = 0;
	bool has_news = false;

	while (!queue_is_done(&s->queue)) {
		if (clock_monotonic_ns() >= say_ns) {
			say_counts(s);
			say_ns = clock_monotonic_ns() + IDLE_S * NS_PER_S;
			has_news = false;
		}
		size_t n = queue_take(&s->queue, b, ARRAY_LEN(b), has_news ? 1 : IDLE_S);
		if (n && !has_news) {
			has_news = true;
			say_ns = clock_monotonic_ns() + NS_PER_S / 2;
		}
		if (n)
			(void)take_sample(s, b, n);
		else if (!queue_is_done(&s->queue))
			say_pmcd(s, pmcd_connect(s->pmcd, &err), &err);
	}
	return NULL;
}

static int open_socket(const struct arguments *args, struct error *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return error_set(err, errno, "socket: %s", strerror(errno));
	if (strlen(args->socket) >= sizeof(at.sun_path)) {
		close(fd);
		return error_set(err, ENAMETOOLONG, "%s: too long for a socket", args->socket);
	}
	memcpy(at.sun_path, args->socket, strlen(args->socket) + 1);
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0) {
		close(fd);
		return error_set(
			err, EADDRINUSE, "%s: another sampler listens there", args->socket);
	}
	(void)unlink(args->socket);
	mode_t mask = umask(args->tasks ? 0111 : 0177);
	int code = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
	                           setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0
	                   ? errno
	                   : 0;
	umask(mask);
	if (code) {
		close(fd);
		return error_set(err, code, "%s: %s", args->socket, strerror(code));
	}
	return fd;
}

static bool may_send(const struct arguments *args, const struct boundary *b, uid_t uid)
{
	if (uid == 0 || uid == geteuid() || (args->slurm_uid && uid == args->slurm_uid))
		return true;
	return args->tasks && uid == b->uid &&
	       (b->event == BOUNDARY_TASK_BEGIN || b->event == BOUNDARY_TASK_END);
}

// The user that the kernel says a datagram is from; -1: it does not say.
static uid_t sender(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred who;
			memcpy(&who, CMSG_DATA(c), sizeof(who));
			return who.uid;
		}
	return (uid_t)-1;
}

static bool receive(struct sampler *s, int fd)
{
	char text[BOUNDARY_MAX_BYTES + 1];
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	struct iovec data = {text, sizeof(text)};
	struct msghdr m = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control)};
	struct boundary b;
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EINTR;
	uid_t uid = sender(&m);
	if (boundary_parse(text, (size_t)n, &b) < 0) {
		log_warning("a datagram of user %u is no boundary", uid);
		s->tally.refused++;
	} else if (!may_send(s->args, &b, uid)) {
		log_warning("user %u may not send %s of job %s", uid, boundary_event_name(b.event),
			b.job);
		s->tally.refused++;
	} else if (queue_put(&s->queue, &b)) {
		s->tally.waiting++;
	} else {
		log_error("job %s: %s is lost, %d wait", b.job, boundary_event_name(b.event),
			QUEUE_ROOM);
		s->tally.lost++;
	}
	return true;
}

static int serve(struct sampler *s, const sigset_t *signals, struct error *err)
{
	pthread_t worker;
	int fd = open_socket(s->args, err);

	TRY(fd);
	struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
		{.fd = signalfd(-1, signals, SFD_CLOEXEC), .events = POLLIN}};
	int code = pthread_create(&worker, NULL, work, s);
	if (p[1].fd < 0 || code) {
		close(fd);
		return error_set(err, code ? code : errno, "cannot begin to work");
	}
	while (p[1].revents == 0 && (poll(p, ARRAY_LEN(p), -1) >= 0 || errno == EINTR))
		while (p[0].revents && receive(s, fd))
			;
	(void)unlink(s->args->socket);
	while (receive(s, fd)) // what was sent until then
		;
	queue_close(&s->queue);
	pthread_join(worker, NULL);
	close(p[1].fd);
	close(fd);
	return 0;
}

// Several one-shots at a time take turns at their archive.
static int sample_once(struct sampler *s, struct error *err)
{
	char text[BOUNDARY_MAX_BYTES + 1];
	ssize_t n = read(STDIN_FILENO, text, sizeof(text));
	int64_t until = clock_monotonic_ns() + ONCE_LOCK_MS * (NS_PER_S / 1000);
	struct boundary b;
	pmResult *r = NULL;
	int code;

	if (n < 0 || boundary_parse(text, (size_t)n, &b) < 0)
		return error_set(err, EINVAL, "standard input is no boundary");
	code = pmcd_sample(s->pmcd, &r, err);
	say_pmcd(s, code, err);
	do {
		code = journal_put(&s->journal, s->pmcd, r, &b, 1, err);
		if (code == -EBUSY)
			usleep(5000);
	} while (code == -EBUSY && clock_monotonic_ns() < until);
	if (r)
		pmFreeResult(r);
	return code;
}

static int run(const struct arguments *args, const struct catalogue *c, struct error *err)
{
	AUTO_FREE struct sampler *s = memory_alloc(1, sizeof(*s));
	struct error why = {0};
	sigset_t signals;
	int code;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	s->args = args;
	s->pmcd = pmcd_make(args->pmcd, c);
	s->journal = (struct journal){.root = args->archives,
		.host = args->host,
		.kind = args->once ? "boundaries-once" : "boundaries",
		.version = (int)args->version};
	queue_init(&s->queue);
	if (args->once) {
		code = sample_once(s, err);
	} else {
		say_pmcd(s, pmcd_connect(s->pmcd, &why), &why);
		code = serve(s, &signals, err);
	}
	journal_close(&s->journal);
	pmcd_release(s->pmcd);
	return code;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {.archives = "/var/log/jobsight",
		.socket = BOUNDARY_SOCKET,
		.spool = BOUNDARY_SPOOL,
		.pmcd = "local:",
		.version = 2};
	struct common_arguments common = {0};
	struct catalogue catalogue;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	if (args.version != 2 && args.version != 3) {
		log_error("archives have version 2 or 3");
		return EXIT_USAGE;
	}
	pmcd_limits();
	if (catalogue_load_configured(&args.catalogue, common.config, &arena, &catalogue, &err) <
		0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (run(&args, &catalogue, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
