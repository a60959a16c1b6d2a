// SPDX-License-Identifier: Apache-2.0
// jobsight-relay: brings growing archives from nodes to the server where they share no file system.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/options.h"
#include "common/state.h"
#include "relay/relay.h"

struct arguments {
	const char *tree, *state;
	bool once;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"tree", 't', OPTION_TEXT, AT(tree), "DIR",
		"Root of the archive tree; default: relay.tree."},
	{"state", 's', OPTION_TEXT, AT(state), "DIR",
		"Where the relay keeps its own files; default: relay.state."},
	{"once", 0, OPTION_FLAG, AT(once), NULL, "send: end when all that is there is confirmed."},
};

static const struct program program = {
	.name = "jobsight-relay",
	.purpose = "Brings growing archives from nodes to the server through RabbitMQ.",
	.synopsis = "[options] send|receive|status",
	.details = "send runs on a node and follows the archive tree there; receive runs on the "
		   "server and writes the same tree; status shows the counters of both. What is "
		   "not confirmed is sent again, what is not on disk is not acknowledged: any "
		   "crash on the way ends with identical trees.\n\n"
		   "Exit codes: 0 ended by a signal, or done (--once), 1 failed, 2 wrong usage, "
		   "75 another process works with the same state.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 1,
};

enum relay_event relay_pause(const struct relay *r, int fd, int64_t ms)
{
	struct pollfd p[2] = {{.fd = r->stop, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	int n = poll(p, 2, (int)(ms < INT_MAX ? ms : INT_MAX));

	if (n > 0 && p[0].revents)
		return RELAY_STOP;
	return n > 0 && p[1].revents ? RELAY_READY : RELAY_TIME;
}

int64_t relay_backoff(int64_t before_ms, int64_t limit_s)
{
	int64_t limit_ms = limit_s * 1000;
	int64_t next_ms = before_ms ? before_ms * 2 : 250;
	uint32_t chance = 0;

	if (getrandom(&chance, sizeof(chance), 0) < 0)
		chance = 0;
	next_ms += next_ms * (chance % 100) / 400;
	return next_ms < limit_ms ? next_ms : limit_ms;
}

static void print_status(const char *state, const char *who)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct bytes text;
	const char *path = arena_printf(&arena, "%s/%s.status", state, who);

	if (access(path, F_OK) < 0 || file_read(path, 65536, &arena, &text, NULL) < 0)
		return;
	char *line = (char *)text.data;
	for (char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
		*end = '\0';
		printf("%s.%s\n", who, line);
	}
}

int relay_status(const struct relay *r, struct error *err)
{
	print_status(r->state, "send");
	print_status(r->state, "receive");
	return fflush(stdout) < 0 ? error_set(err, errno, "stdout: %s", strerror(errno)) : 0;
}

static const struct verb {
	const char *name;
	int (*run)(const struct relay *r, struct error *err);
	bool needs_broker;
} verbs[] = {
	{"send", relay_send, true},
	{"receive", relay_receive, true},
	{"status", relay_status, false},
};

static const struct verb *find_verb(const struct common_arguments *common)
{
	for (size_t i = 0; common->operands.n && i < ARRAY_LEN(verbs); i++)
		if (str_eq(common->operands.items[0], verbs[i].name))
			return &verbs[i];
	return NULL;
}

static int open_stop(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static struct relay make_relay(const struct settings *s, const struct arguments *args)
{
	return (struct relay){
		.broker = {.url = s->relay_url,
			.password = s->relay_password,
			.ca = s->relay_ca_file,
			.queue = s->relay_queue},
		.tree = args->tree ? args->tree : s->relay_tree,
		.state = args->state ? args->state : s->relay_state,
		.limits = {.spool_bytes = s->relay_spool_mib << 20,
			.spool_age_s = s->relay_spool_age},
		.scan_s = s->relay_scan,
		.backoff_s = s->relay_backoff,
		.once = args->once,
		.stop = open_stop(),
	};
}

static int run(const struct verb *verb, const struct relay *r, struct error *err)
{
	if (verb->needs_broker)
		TRY(state_folder(r->state, err));
	return verb->run(r, err);
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	const struct verb *verb = find_verb(&common);
	if (!verb)
		(void)error_set(&err, EINVAL, "say send, receive or status; see --help");
	if (!verb || settings_load(common.config, &arena, &settings, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (verb->needs_broker && !settings.relay_url) {
		log_error("relay.url is not set");
		return EXIT_USAGE;
	}
	struct relay relay = make_relay(&settings, &args);
	code = exit_code_of(run(verb, &relay, &err), &err);
	close(relay.stop);
	return code;
}
