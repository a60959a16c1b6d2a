// SPDX-License-Identifier: Apache-2.0
// jobsight-check: are the sources of the configuration there, and sane? Each is opened and its
// first record read; nothing is written, and one that fails does not hide the others.
#include <stdio.h>

#include "accounting/import.h"
#include "common/log.h"
#include "common/macro.h"
#include "common/memory.h"
#include "common/start.h"

struct arguments {
	const char *warehouse;
	struct option_list clusters, categories;
};

static const struct option options[] = {
	{"cluster", 'C', OPTION_LIST, offsetof(struct arguments, clusters), "NAME",
		"Only these clusters; default all of the configuration."},
	{"category", 0, OPTION_LIST, offsetof(struct arguments, categories), "NAME",
		"Only these categories, as those of jobsight-import."},
	{"warehouse", 'w', OPTION_TEXT, offsetof(struct arguments, warehouse), "TEXT",
		"PostgreSQL connection (libpq keywords or URI) without password; default "
		"warehouse.url of the settings."},
};

static const struct program program = {
	.name = "jobsight-check",
	.purpose = "Checks that the sources of accounting can be read.",
	.synopsis = "[options]",
	.details = "Opens every source that jobsight-import would read, and the warehouse, and "
		   "reads a first record of each. Changes nothing.\n\n"
		   "Exit codes: 0 all are well, 1 one is not, 2 wrong usage or configuration.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 0,
};

struct run { // everything main holds
	struct arguments args;
	struct settings settings;
	struct import_plan plan;
	unsigned wrong;
};

static int read_first(const struct connector *c, const struct import_request *q, struct error *err)
{
	AUTO_FREE struct record *r = memory_alloc(1, sizeof(*r));
	void *state = NULL;
	int rc;

	TRY(c->open(q, &state, err));
	rc = c->next(state, r, err);
	c->close(state);
	return rc;
}

static void tell(struct run *r, const char *cluster, const char *what, const char *source, int rc,
	const struct error *err)
{
	printf("%-8s %s%s%s  %s",
		rc < 0 ? "FAILED"
		: rc   ? "well"
		       : "empty",
		cluster, *cluster ? ": " : "", what, source);
	if (rc < 0)
		printf("\n         %s", err->text);
	putchar('\n');
	r->wrong += rc < 0;
}

static int check_source(void *context, const struct cluster_settings *cluster,
	enum category category, const char *source, struct error *err)
{
	struct run *r = context;
	AUTO_FREE struct problems *met = memory_alloc(1, sizeof(*met));
	struct import_request q = {.settings = &r->settings,
		.cluster = cluster ? cluster->name : "",
		.place = "",
		.problems = met};
	const struct connector *connector = NULL;
	struct timezone_rules *zone = NULL;
	struct error why = {0};
	int rc;

	(void)err;
	met->ignored = &r->plan.ignored;
	met->strict = &r->plan.strict;
	met->where = categories[category].name;
	rc = connector_find(category, source, &connector, &q.spec, &why);
	if (rc == 0 && cluster)
		rc = timezone_open(cluster->timezone, &zone, &why);
	q.zone = zone;
	if (rc == 0)
		rc = read_first(connector, &q, &why);
	tell(r, q.cluster, categories[category].name, source, rc, &why);
	problems_release(met);
	timezone_close(zone);
	return 0;
}

static void check_warehouse(struct run *r)
{
	static const char there[] = "SELECT count(*) FROM warehouse.import_run";
	const char *url = r->args.warehouse ? r->args.warehouse : r->settings.warehouse_url;
	struct postgres *p = NULL;
	struct error why = {0};
	int rc = postgres_open(url, r->settings.warehouse_password, &p, &why);

	if (rc == 0)
		rc = postgres_query(p, there, NULL, 0, NULL, &why);
	tell(r, "", "warehouse", "", rc < 0 ? rc : 1, &why);
	postgres_close(p);
}

static int make_plan(struct run *r, struct error *err)
{
	r->plan = (struct import_plan){.settings = &r->settings,
		.clusters = r->args.clusters,
		.categories = r->args.categories};
	TRY(postgres_check_url(r->args.warehouse, err));
	return import_plan_check(&r->plan, err);
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct run r = {0};
	struct common_arguments common = {0};
	struct error err = {0};
	int rc = start(&program, argc, argv, &r.args, &common, &arena, &r.settings);

	if (rc >= 0)
		return rc;
	if (make_plan(&r, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (import_each(&r.plan, check_source, &r, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_FAILED;
	}
	check_warehouse(&r);
	return r.wrong ? EXIT_FAILED : EXIT_DONE;
}
