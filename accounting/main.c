// SPDX-License-Identifier: Apache-2.0
// jobsight-import: who, for which project, on which machine: from the sources of the site into the
// warehouse.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "accounting/import.h"
#include "accounting/ledger.h"
#include "common/log.h"
#include "common/macro.h"
#include "etl/lock.h"

struct arguments {
	const char *warehouse;
	struct option_list clusters, categories;
	int64_t since_s;
	bool again, codes, connectors;
};

static const struct option options[] = {
	{"cluster", 'C', OPTION_LIST, offsetof(struct arguments, clusters), "NAME",
		"Only these clusters; default all of the configuration."},
	{"category", 0, OPTION_LIST, offsetof(struct arguments, categories), "NAME",
		"Only these: project, business, architecture, user, association, event, job, "
		"filesystem, quota, probe, cloud."},
	{"since", 's', OPTION_TIME, offsetof(struct arguments, since_s), "TIME",
		"No jobs and events that ended before."},
	{"again", 0, OPTION_FLAG, offsetof(struct arguments, again), NULL,
		"Read everything, as if nothing had been read yet; changes that accounting made to "
		"old records are found so."},
	{"warehouse", 'w', OPTION_TEXT, offsetof(struct arguments, warehouse), "TEXT",
		"PostgreSQL connection (libpq keywords or URI) without password; default "
		"warehouse.url of the settings."},
	{"codes", 0, OPTION_FLAG, offsetof(struct arguments, codes), NULL,
		"List what can be wrong with records, with advice, and end."},
	{"connectors", 0, OPTION_FLAG, offsetof(struct arguments, connectors), NULL,
		"List what can be read, and end."},
};

static const struct program program = {
	.name = "jobsight-import",
	.purpose = "Imports accounting into the warehouse.",
	.synopsis = "[options]",
	.details =
		"Goes through the sources of the configuration: projects and business codes of "
		"the site, then of each cluster its architecture, users, associations, events, "
		"jobs, file systems, quotas, probes and instances of a cloud. A source that fails "
		"does not stop the others. Each batch is one transaction that also holds the place "
		"in the source, so an import may be killed at any time, and repeated.\n\n"
		"Records that cannot be taken go to warehouse.import_quarantine and are tried "
		"again in each run.\n\n"
		"Exit codes: 0 done, 1 a source failed, 2 wrong usage or configuration, 3 done, "
		"but something was wrong with records (--codes), 75 another import is at work or "
		"a server is away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 0,
};

struct run { // everything main holds
	struct arguments args;
	struct settings settings;
	struct arena arena;
	struct postgres *postgres;
	struct import_plan plan;
};

static void run_release(struct run *r)
{
	postgres_close(r->postgres);
	arena_release(&r->arena);
}

static int print(void (*make)(struct strbuf *out))
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	make(&out);
	return fputs(strbuf_text(&out), stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED
	                                                                   : EXIT_DONE;
}

static int make_plan(struct run *r, struct error *err)
{
	r->plan = (struct import_plan){.settings = &r->settings,
		.clusters = r->args.clusters,
		.categories = r->args.categories,
		.since_s = r->args.since_s,
		.again = r->args.again};
	TRY(postgres_check_url(r->args.warehouse, err));
	return import_plan_check(&r->plan, err);
}

static int work(struct run *r, struct import_outcome *ret, struct error *err)
{
	const char *url = r->args.warehouse ? r->args.warehouse : r->settings.warehouse_url;

	TRY(postgres_open(url, r->settings.warehouse_password, &r->postgres, err));
	TRY(lock_take(r->postgres, LOCK_IMPORTER, "importer", err));
	return import_run(r->postgres, &r->plan, ret, err);
}

static int conclude(const struct import_outcome *o)
{
	log_notice("%" PRIu64 " records: %" PRIu64 " rows new, %" PRIu64 " changed, %" PRIu64
		   " removed; %" PRIu64 " records put aside, %" PRIu64
		   " problems; %u steps done, %u failed",
		o->records, o->added, o->changed, o->removed, o->quarantined, o->problems, o->done,
		o->failed);
	if (o->failed)
		return o->failed == o->away ? EXIT_TRY_LATER : EXIT_FAILED;
	return o->quarantined || o->problems ? EXIT_DEFECTS : EXIT_DONE;
}

int main(int argc, char **argv)
{
	CLEANUP(run_release) struct run r = {0};
	struct common_arguments common = {0};
	struct import_outcome outcome = {0};
	struct error err = {0};
	int rc = options_parse(&program, argc, argv, &r.args, &common);

	if (rc >= 0)
		return rc;
	if (r.args.codes)
		return print(codes_manual);
	if (r.args.connectors)
		return print(connectors_manual);
	if (settings_load(common.config, &r.arena, &r.settings, &err) < 0 ||
		make_plan(&r, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (work(&r, &outcome, &err) < 0) {
		log_error("%s", err.text);
		return err.code == -EHOSTDOWN || err.code == -EBUSY ? EXIT_TRY_LATER : EXIT_FAILED;
	}
	return conclude(&outcome);
}
