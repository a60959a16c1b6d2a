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
#include "prolog-epilog/pending.h"
#include "prolog-epilog/queue.h"
#include "prolog-epilog/tally.h"

enum {
	IDLE_S = 5,
	SOON_MS = 10,      // after a datagram one looks for what found no room, then ever later
	LATE_S = 10,       // a sample so long after a boundary says nothing about it
	TASK_BURST = 1024, // so many of users' tasks at once, and then
	TASKS_A_SECOND = 20,
};

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
	{"once", 0, OPTION_FLAG, AT(once), NULL,
		"Take what hooks left beside the spool, with one sample, then end."},
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
	bool was_away;                   // pmcd, last time: said once
	int64_t task_credit_ns, task_ns; // of users' tasks, and when it was reckoned last
	bool tasks_refused;              // said once, until it was quiet for long
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

static int record(
	struct sampler *s, const pmResult *r, const struct boundary *b, size_t n, struct error *err)
{
	int code = journal_put(&s->journal, s->pmcd, r, b, n, err);

	count(s, b, n, r != NULL, code >= 0);
	if (code < 0) // whatever state the files are in: opening them again puts it right
		journal_close(&s->journal);
	return code;
}

// Those that waited too long come last; how many did not.
static size_t put_late_last(struct boundary *b, size_t n, int64_t now_ns)
{
	size_t fresh = 0;

	for (size_t i = 0; i < n; i++) {
		if (now_ns - b[i].asked_ns > LATE_S * NS_PER_S)
			continue;
		struct boundary x = b[fresh];
		b[fresh++] = b[i];
		b[i] = x;
	}
	return fresh;
}

// Boundaries that came together share a sample: it is later than all of them.
static int take_sample(struct sampler *s, struct boundary *b, size_t n, struct error *err)
{
	size_t fresh = put_late_last(b, n, clock_now_ns());
	struct error why = {0};
	pmResult *r = NULL;
	int code = 0;

	if (fresh) {
		say_pmcd(s, pmcd_sample(s->pmcd, &r, &why), &why);
		code = record(s, r, b, fresh, err);
	}
	if (r)
		pmFreeResult(r);
	if (n > fresh) {
		int late = record(s, NULL, b + fresh, n - fresh, err);
		code = code < 0 ? code : late;
	}
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
		if (n && take_sample(s, b, n, &err) < 0)
			log_error("boundaries from job %s on are lost: %s", b->job, err.text);
		if (n)
			continue;
		if (!queue_is_done(&s->queue))
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

// Anybody may send tasks of their own; what one user sends must fill neither the disk nor the queue.
static bool is_too_many(struct sampler *s, const struct boundary *b, uid_t uid)
{
	const int64_t price = NS_PER_S / TASKS_A_SECOND;
	int64_t now = clock_monotonic_ns();
	int64_t credit = s->task_credit_ns + now - s->task_ns;

	if (uid == 0 || (b->event != BOUNDARY_TASK_BEGIN && b->event != BOUNDARY_TASK_END))
		return false;
	if (credit >= TASK_BURST * price) {
		credit = TASK_BURST * price;
		s->tasks_refused = false;
	}
	bool is_refused = credit < price;
	s->task_ns = now;
	s->task_credit_ns = is_refused ? credit : credit - price;
	if (is_refused && !s->tasks_refused)
		log_warning("too many tasks, now of user %u, job %s", uid, b->job);
	s->tasks_refused |= is_refused;
	return is_refused;
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
	} else if (is_too_many(s, &b, uid)) {
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

// What found no room in the socket, or nobody to tell. What does not fit in here stays there.
static void take_pending(struct sampler *s)
{
	struct pending p[JOURNAL_MAX_BOUNDARIES];
	int claim = pending_claim(s->args->spool);
	size_t n = ARRAY_LEN(p);

	while (claim >= 0 && n == ARRAY_LEN(p)) {
		size_t taken = 0;
		n = pending_list(claim, p, ARRAY_LEN(p), clock_now_s());
		while (taken < n && queue_put(&s->queue, &p[taken].boundary)) {
			s->tally.waiting++;
			taken++;
		}
		pending_remove(claim, p, taken);
		if (taken < n)
			break;
	}
	if (claim >= 0)
		close(claim);
}

static void listen_to_hooks(struct sampler *s, struct pollfd p[2])
{
	int fd = p[0].fd;
	int wait_ms = SOON_MS;

	while (p[1].revents == 0) {
		int n = poll(p, 2, wait_ms);
		if (n < 0 && errno != EINTR)
			break;
		wait_ms = wait_ms < IDLE_S * 1000 / 2 ? 2 * wait_ms : IDLE_S * 1000;
		while (n > 0 && p[0].revents && receive(s, fd))
			wait_ms = SOON_MS;
		take_pending(s);
	}
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
	listen_to_hooks(s, p);
	(void)unlink(s->args->socket);
	while (receive(s, fd)) // what was sent until then
		;
	queue_close(&s->queue);
	pthread_join(worker, NULL);
	close(p[1].fd);
	close(fd);
	return 0;
}

// Those of a claim, with one sample for each record; what was recorded is removed.
static int record_pending(struct sampler *s, int claim, struct error *err)
{
	struct pending p[JOURNAL_MAX_BOUNDARIES];
	struct boundary b[JOURNAL_MAX_BOUNDARIES];
	size_t n;

	while ((n = pending_list(claim, p, ARRAY_LEN(p), clock_now_s())) > 0) {
		for (size_t i = 0; i < n; i++)
			b[i] = p[i].boundary;
		TRY(take_sample(s, b, n, err));
		pending_remove(claim, p, n);
	}
	return 0;
}

// Standard input is the guard, when a hook has begun us.
static int sample_once(struct sampler *s, struct error *err)
{
	int code = 0;

	do {
		int claim = pending_claim(s->args->spool);
		if (claim == -ENOENT || claim == -EWOULDBLOCK)
			break; // nothing is there, or another takes it
		if (claim < 0)
			return error_set(err, -claim, "%s: %s", s->args->spool, strerror(-claim));
		code = record_pending(s, claim, err);
		close(claim);
	} while (code == 0 && !pending_guard_ends(s->args->spool, STDIN_FILENO));
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
	return exit_code_of(run(&args, &catalogue, &err), &err);
}
