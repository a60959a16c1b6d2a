// SPDX-License-Identifier: Apache-2.0
// jobsight-doctor: of each host when its last sample, boundary, archive and relay message came, what is
// missing, and what to do. It reads the ends of archives alone and changes nothing.
#include "keeper/doctor.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/str.h"

enum { NAGIOS_UNKNOWN = 3 };

struct arguments {
	struct option_list archives;
	const char *cluster, *hosts;
	int64_t now;
	bool json, nagios, all;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"all", 'a', OPTION_FLAG, AT(all), NULL, "List hosts that are well, too."},
	{"json", 'j', OPTION_FLAG, AT(json), NULL, "Print all that is known, as JSON."},
	{"nagios", 'n', OPTION_FLAG, AT(nagios), NULL,
		"Print one line with figures and end as a plugin of Nagios or Icinga does."},
	{"cluster", 'C', OPTION_TEXT, AT(cluster), "NAME", "Only this cluster."},
	{"hosts", 'H', OPTION_TEXT, AT(hosts), "LIST",
		"Hosts that must be there (cn[001-100]); default: doctor.hosts."},
	{"archives", 'A', OPTION_LIST, AT(archives), "DIR",
		"Archive trees in place of those of the clusters."},
	{"at", 0, OPTION_TIME, AT(now), "TIME", "Judge as if it were then; default: now."},
};

static const struct program program = {
	.name = "jobsight-doctor",
	.purpose = "Says which hosts deliver, which do not, and what to do about it.",
	.synopsis = "[options]",
	.details =
		"Hosts are those of the archive trees, of doctor.hosts and of the jobs that the "
		"accounting has since doctor.forget; one that nobody expects and that was silent "
		"for as long is left out. Run on a node it tells what the hooks there spooled and "
		"how its relay does.\n\n"
		"Exit codes: 0 all is well, 1 failed, 2 wrong usage, 3 something is wrong and was "
		"named. With --nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 0,
};

static void visit_named(struct doctor *d, const struct arguments *args, const char *listed)
{
	for (size_t i = 0; i < args->archives.n; i++) {
		struct doctor_ward w = {.root = args->archives.items[i],
			.cluster = args->cluster,
			.listed = i == 0 ? listed : NULL};
		doctor_visit(d, &w);
	}
}

// doctor.hosts names no cluster: where there are several, hosts are matched in the first.
static int visit_clusters(
	struct doctor *d, const struct arguments *args, const char *listed, struct error *err)
{
	const struct settings *s = d->settings;
	const struct cluster_settings *only = NULL;

	if (args->cluster)
		TRY(settings_cluster(s, args->cluster, &only, err));
	for (size_t i = 0; i < s->n_clusters; i++) {
		const struct cluster_settings *c = &s->clusters[i];
		struct doctor_ward w = {.cluster = c->name,
			.root = c->archives,
			.accounting = c->accounting,
			.suffix = c->host_suffix,
			.timezone = c->timezone,
			.listed = listed};

		if (only && only != c)
			continue;
		listed = NULL;
		doctor_visit(d, &w);
	}
	if (s->n_clusters == 0) { // a node that was told nothing but the relay's settings
		struct doctor_ward w = {.root = s->relay_tree, .listed = listed};
		doctor_visit(d, &w);
	}
	return 0;
}

static int examine(struct doctor *d, const struct arguments *args, struct error *err)
{
	const char *listed = args->hosts ? args->hosts : d->settings->doctor_hosts;

	doctor_services(d);
	if (args->archives.n)
		visit_named(d, args, listed);
	else
		TRY(visit_clusters(d, args, listed, err));
	doctor_judge(d);
	return 0;
}

static int report(const struct doctor *d, const struct arguments *args)
{
	bool is_well = d->counts[SEVERITY_OK] == d->n;

	for (int k = 0; k < SERVICE_KINDS; k++)
		is_well &= d->services[k].findings.n == 0;
	if (args->nagios)
		return doctor_print_nagios(d);
	if (args->json)
		doctor_print_json(d);
	else
		doctor_print_table(d, args->all);
	if (fflush(stdout) != 0)
		return EXIT_FAILED;
	return is_well ? EXIT_DONE : EXIT_DEFECTS;
}

static int run(const struct arguments *args, const struct common_arguments *common)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct doctor d = {.arena = &arena, .now_s = args->now ? args->now : clock_now_s()};
	struct settings settings;
	struct error err = {0};
	int code = EXIT_USAGE;

	if (settings_load(common->config, &arena, &settings, &err) == 0) {
		d.settings = &settings;
		if (examine(&d, args, &err) == 0)
			code = report(&d, args);
	}
	map_release(&d.relayed);
	if (err.code == 0)
		return code;
	if (args->nagios) {
		printf("JOBSIGHT UNKNOWN - %s\n", err.text);
		return NAGIOS_UNKNOWN;
	}
	log_error("%s", err.text);
	return EXIT_USAGE;
}

// A monitor takes 2 for "critical": a wrong command line is its "unknown".
static bool is_for_monitor(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (str_eq(argv[i], "--nagios") || str_eq(argv[i], "-n"))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	struct arguments args = {0};
	struct common_arguments common;
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code == EXIT_USAGE && is_for_monitor(argc, argv) ? NAGIOS_UNKNOWN : code;
	return run(&args, &common);
}
