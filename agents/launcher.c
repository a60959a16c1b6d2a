// SPDX-License-Identifier: Apache-2.0
// jobsight-launcher: runs the probe on the login node of every cluster at once, by SSH, and keeps
// what became of each: the cluster as its users see it.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "agents/log.h"
#include "agents/probe.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/ssh/ssh.h"
#include "common/start.h"

struct arguments {
	struct option_list clusters;
	const char *csv;
	bool print;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"cluster", 'C', OPTION_LIST, AT(clusters), "NAME",
		"Only these clusters; default: all that have a login."},
	{"csv", 'o', OPTION_TEXT, AT(csv), "FILE", "The file that grows; default: launcher.csv."},
	{"print", 'p', OPTION_FLAG, AT(print), NULL, "Print the lines, and write nothing."},
};

static const struct program program = {
	.name = "jobsight-launcher",
	.purpose = "Probes every cluster from its login node, as a user.",
	.synopsis = "[options]",
	.details =
		"For cron on the server. Runs launcher.command on the login node of each cluster "
		"(clusters: login, login_key) and appends a line of CSV for each to launcher.csv: the "
		"cluster, then what jobsight-jobstats prints. jobsight-import brings them to the "
		"warehouse. A host whose key is not in launcher.known_hosts is refused.\n\n"
		"Exit codes: 0 all clusters are well, 1 failed, 2 wrong usage, 3 a cluster is not, 75 "
		"another run is under way.",
	.options = options,
	.n_options = ARRAY_LEN(options),
};

struct visit { // one thread's work; it shares nothing but the settings
	const struct settings *settings;
	const struct cluster_settings *cluster;
	struct arena arena;
	struct probe probe;
	pthread_t thread;
};

// What the agent printed: one line, or something else is wrong over there.
static int take_answer(struct visit *v, const struct ssh_answer *answer, struct error *err)
{
	struct csv_row row;
	struct csv c;
	int rc;

	if (answer->status != 0)
		return error_set(err, EIO, "%s ended with code %d: %s",
			v->settings->launcher_command, answer->status,
			strbuf_text(&answer->errors));
	csv_open(&c, v->cluster->name,
		(struct bytes){(const uint8_t *)strbuf_text(&answer->out), answer->out.len}, ',');
	rc = csv_next(&c, &v->arena, &row, err);
	TRY(rc);
	if (rc == 0)
		return error_set(err, EIO, "%s printed nothing", v->settings->launcher_command);
	return probe_take(&row, 0, v->cluster->name, &v->arena, &v->probe, err);
}

static int visit_login(struct visit *v, struct error *err)
{
	struct ssh_answer answer = {0};
	struct ssh_target target;
	int rc;

	TRY(ssh_target_parse(v->cluster->login, &v->arena, &target, err));
	if (!v->cluster->login_key)
		return error_set(err, EINVAL, "login_key is not set");
	target.key = v->cluster->login_key;
	target.known_hosts = v->settings->launcher_known_hosts;
	target.limit_s = v->settings->launcher_limit;
	rc = ssh_run(&target, v->settings->launcher_command, &answer, err);
	if (rc == 0)
		rc = take_answer(v, &answer, err);
	ssh_answer_release(&answer);
	return rc;
}

static void *visit_cluster(void *context)
{
	struct visit *v = context;
	struct error err = {0};

	v->probe = (struct probe){.time_s = clock_now_s(),
		.outcome = PROBE_UNREACHABLE,
		.job = "",
		.wait_s = -1,
		.run_s = -1,
		.reason = ""};
	if (visit_login(v, &err) < 0) {
		v->probe.outcome = PROBE_UNREACHABLE;
		v->probe.reason = probe_reason(&v->arena, err.text);
	}
	return NULL;
}

static bool is_wanted(const struct cluster_settings *c, const struct option_list *only)
{
	for (size_t i = 0; i < only->n; i++)
		if (str_eq(only->items[i], c->name))
			return true;
	return only->n == 0 && c->login;
}

static int check_names(const struct settings *s, const struct option_list *only, struct error *err)
{
	const struct cluster_settings *c;

	for (size_t i = 0; i < only->n; i++) {
		if (settings_cluster(s, only->items[i], &c, err) < 0)
			return err->code = -EINVAL; // of the command line, not of a file
		if (!c->login)
			return error_set(err, EINVAL, "cluster %s has no login", c->name);
	}
	return 0;
}

static void visit_all(struct visit *visits, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&visits[i].thread, NULL, visit_cluster, &visits[i]) != 0)
			visits[i].thread = pthread_self(); // no thread to be had: in turn, then
	for (size_t i = 0; i < n; i++) {
		if (pthread_equal(visits[i].thread, pthread_self()))
			visit_cluster(&visits[i]);
		else
			pthread_join(visits[i].thread, NULL);
	}
}

static int keep(const struct arguments *args, const struct settings *s, const struct visit *visits,
	size_t n, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf lines = {0};
	size_t bad = 0;

	for (size_t i = 0; i < n; i++) {
		const struct probe *p = &visits[i].probe;

		csv_put(&lines, visits[i].cluster->name);
		probe_put(&lines, p);
		bad += p->outcome != PROBE_OK;
		if (p->outcome != PROBE_OK)
			log_warning("%s: %s: %s", visits[i].cluster->name,
				probe_outcome_text(p->outcome), p->reason);
	}
	if (args->print)
		fputs(strbuf_text(&lines), stdout);
	else
		TRY(csv_log_append(args->csv ? args->csv : s->launcher_csv,
			s->launcher_max_mib << 20, &lines, err));
	return bad ? EXIT_DEFECTS : EXIT_DONE;
}

static int work(const struct arguments *args, const struct settings *s, struct error *err)
{
	AUTO_FREE struct visit *visits = memory_alloc(s->n_clusters + 1, sizeof(*visits));
	size_t n = 0;
	int rc;

	TRY(check_names(s, &args->clusters, err));
	for (size_t i = 0; i < s->n_clusters; i++)
		if (is_wanted(&s->clusters[i], &args->clusters))
			visits[n++] = (struct visit){.settings = s, .cluster = &s->clusters[i]};
	if (n == 0)
		return error_set(err, EINVAL, "no cluster has a login");
	visit_all(visits, n);
	rc = keep(args, s, visits, n, err);
	for (size_t i = 0; i < n; i++)
		arena_release(&visits[i].arena);
	return rc;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	int code = start(&program, argc, argv, &args, &common, &arena, &settings);

	if (code >= 0)
		return code;
	return exit_code_of(work(&args, &settings, &err), &err);
}
