// SPDX-License-Identifier: Apache-2.0
// jobsight-portal: what people see. Reads settings, opens what it needs, serves until told to end.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/catalogue/catalogue.h"
#include "common/log.h"
#include "common/options.h"
#include "portal/documents.h"
#include "portal/http.h"
#include "portal/portal.h"
#include "portal/postgres.h"
#include "portal/statics.h"

#define THREADS     8
#define CONNECTIONS 512
#define IDLE_S      30
#define STATEMENT_S 15
#define DRAIN_S     10

struct arguments {
	const char *listen, *web;
};

static const struct option options[] = {
	{"listen", 'l', OPTION_TEXT, offsetof(struct arguments, listen), "ADDRESS",
		"HOST:PORT or unix:PATH instead of portal.listen; port 0 takes a free one."},
	{"web", 0, OPTION_TEXT, offsetof(struct arguments, web), "DIRECTORY",
		"Static files instead of portal.web."},
};

static const struct program program = {
	.name = "jobsight-portal",
	.purpose = "Serves the web portal: what every job did with the machine.",
	.synopsis = "[options]",
	.details =
		"Prints `listening on URL` on standard output when it is ready. SIGTERM and SIGINT "
		"let the requests in progress end, then the program ends with 0.\n\n"
		"Who is asking is said by a proxy in front (portal.auth: header) or is one person "
		"(portal.auth: fixed), which is for one's own machine.",
	.options = options,
	.n_options = ARRAY_LEN(options),
};

static void log_problem(void *context, const struct error *why)
{
	(void)context;
	log_warning("catalogue: %s", why->text);
}

static int load_catalogue(
	const struct settings *s, struct arena *a, struct portal *p, struct error *err)
{
	const char *directories[] = {s->catalogue_shipped, s->catalogue_path};
	struct catalogue_problem problem = {.bad = log_problem};
	struct catalogue *c = arena_alloc(a, sizeof(*c));
	int code = catalogue_load(directories, ARRAY_LEN(directories), &problem, a, c, err);
	p->catalogue = c;
	return code < 0 ? code : 0;
}

static int load_zones(
	const struct settings *s, struct arena *a, struct portal *p, struct error *err)
{
	// NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
	p->zones = arena_array(a, s->n_clusters, sizeof(*p->zones));
	for (size_t i = 0; i < s->n_clusters; i++)
		if (s->clusters[i].timezone)
			TRY(timezone_open(s->clusters[i].timezone, &p->zones[i], err));
	return 0;
}

static int open_portal(
	const struct settings *s, struct arena *a, struct portal *p, struct error *err)
{
	struct warehouse_options w = {.url = s->portal_warehouse,
		.password = s->portal_password,
		.connections = THREADS,
		.timeout_s = STATEMENT_S};
	p->settings = s;
	TRY(identity_configure(s, &p->identity, err));
	TRY(load_catalogue(s, a, p, err));
	TRY(load_zones(s, a, p, err));
	TRY(statics_load(s->portal_web, a, &p->statics, err));
	TRY(warehouse_open(&w, &p->warehouse, err));
	return documents_open(s, &p->documents, err);
}

static void close_portal(struct portal *p)
{
	documents_close(p->documents);
	warehouse_close(p->warehouse);
	statics_release(p->statics);
	for (size_t i = 0; p->zones && i < p->settings->n_clusters; i++)
		timezone_close(p->zones[i]);
}

// Signals are taken by waiting for them: blocked before any thread starts, so in all of them.
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int serve(struct portal *p, struct error *err)
{
	sigset_t signals;
	block_signals(&signals);
	struct http_options o = {.listen = p->settings->portal_listen,
		.threads = THREADS,
		.connections = CONNECTIONS,
		.timeout_s = IDLE_S,
		.handle = portal_handle,
		.context = p};
	struct http_server *server;
	TRY(http_start(&o, &server, err));
	printf("listening on %s\n", http_url(server));
	fflush(stdout);
	log_notice("listening on %s", http_url(server));
	int number = 0;
	while (sigwait(&signals, &number) != 0 || (number != SIGTERM && number != SIGINT))
		;
	log_notice("ending");
	http_stop(server, DRAIN_S);
	return 0;
}

static int run(const struct common_arguments *common, const struct arguments *args)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(close_portal) struct portal p = {0};
	struct settings s;
	struct error err = {0};
	if (settings_load(common->config, &a, &s, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	s.portal_listen = args->listen ? args->listen : s.portal_listen;
	s.portal_web = args->web ? args->web : s.portal_web;
	if (open_portal(&s, &a, &p, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (serve(&p, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	struct arguments args = {0};
	struct common_arguments common = {0};
	int code = options_parse(&program, argc, argv, &args, &common);
	return code >= 0 ? code : run(&common, &args);
}
