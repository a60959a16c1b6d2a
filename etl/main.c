// SPDX-License-Identifier: Apache-2.0
// jobsight-load: brings the warehouse in line with the document store.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/applications/applications.h"
#include "common/catalogue/catalogue.h"
#include "common/log.h"
#include "common/postgres/postgres.h"
#include "common/start.h"
#include "common/store/store.h"
#include "common/str.h"
#include "etl/adopt.h"
#include "etl/json.h"
#include "etl/load.h"
#include "etl/lock.h"
#include "etl/migrate.h"
#include "etl/refresh.h"
#include "etl/statistics.h"

struct arguments {
	const char *store, *warehouse, *json, *cluster;
	struct option_list catalogue, collections;
	uint64_t batch;
	bool migrate, again, no_refresh;
};

static const struct option options[] = {
	{"migrate", 'm', OPTION_FLAG, offsetof(struct arguments, migrate), NULL,
		"Bring the schema and the metric columns up to date; loads too only with --store."},
	{"store", 's', OPTION_TEXT, offsetof(struct arguments, store), "URL",
		"Document store: sqlite:FILE or mongodb://...; default store.url of the settings."},
	{"from-json", 'j', OPTION_TEXT, offsetof(struct arguments, json), "FILE",
		"Documents as JSON in place of a store: lines or an array, plain or Extended; -: "
		"standard input."},
	{"collection", 0, OPTION_LIST, offsetof(struct arguments, collections),
		"RESOURCE[=CLUSTER]",
		"What SUPReMM's summarizer left in MongoDB's resource_RESOURCE, too; default of "
		"CLUSTER: the one with this resource_id in the settings. --store URL on the "
		"command line takes those of all clusters."},
	{"cluster", 0, OPTION_TEXT, offsetof(struct arguments, cluster), "NAME",
		"With --from-json: cluster of documents that name none."},
	{"warehouse", 'w', OPTION_TEXT, offsetof(struct arguments, warehouse), "TEXT",
		"PostgreSQL connection (libpq keywords or URI) without password; default "
		"warehouse.url of the settings."},
	{"catalogue", 0, OPTION_LIST, offsetof(struct arguments, catalogue), "DIR",
		"Directories of stanzas in place of those of the settings."},
	{"batch", 'b', OPTION_COUNT, offsetof(struct arguments, batch), "N",
		"Documents in one transaction; default loader.batch of the settings."},
	{"again", 0, OPTION_FLAG, offsetof(struct arguments, again), NULL,
		"Read the whole store again, not only what changed; needed after new stanzas."},
	{"no-refresh", 0, OPTION_FLAG, offsetof(struct arguments, no_refresh), NULL,
		"Leave the figures by day, month and so on to the next run."},
};

static const struct program program = {
	.name = "jobsight-load",
	.purpose = "Brings the warehouse in line with the document store.",
	.synopsis = "[options]\n--migrate [options]",
	.details = "Each batch is one transaction that also holds the place in the store, so a "
		   "loader may be killed at any time. Documents that cannot be loaded are put into "
		   "warehouse.load_error with the reason, and the load goes on. Then the figures "
		   "of the days on which jobs changed are made anew, a day a transaction.\n\n"
		   "--migrate needs a role that owns the schema; loading needs a member of "
		   "jobsight_loader.\n\n"
		   "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some documents or "
		   "stanzas are unfit, 75 another loader is at work or a server is away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 0,
};

struct run { // everything main holds
	struct arguments args;
	struct settings settings;
	struct arena arena;
	struct catalogue catalogue;
	struct applications applications;
	struct store_completer completer;
	struct postgres *postgres;
	struct postgres *helper; // NULL: the server has no room for two
	struct store *store;
	int wrong_stanzas;
};

static void run_release(struct run *r)
{
	store_close(r->store);
	postgres_close(r->helper);
	postgres_close(r->postgres);
	arena_release(&r->arena);
}

static void bad_stanza(void *context, const struct error *why)
{
	(void)context;
	log_warning("%s", why->text);
}

// The directories of stanzas: those given, else those of the settings.
static size_t catalogue_directories(struct run *r, const char *const **ret)
{
	static const size_t usual = 2;
	const char **of_settings;

	if (r->args.catalogue.n > 0) {
		*ret = r->args.catalogue.items;
		return r->args.catalogue.n;
	}
	of_settings = arena_array(&r->arena, usual, sizeof(*of_settings));
	of_settings[0] = r->settings.catalogue_shipped;
	of_settings[1] = r->settings.catalogue_path;
	*ret = of_settings;
	return usual;
}

static int open_catalogue(struct run *r, struct error *err)
{
	const struct catalogue_problem problem = {.bad = bad_stanza};
	const char *const *directories;
	size_t n = catalogue_directories(r, &directories);

	r->wrong_stanzas = catalogue_load(directories, n, &problem, &r->arena, &r->catalogue, err);
	return r->wrong_stanzas;
}

static int migrate(struct run *r, struct error *err)
{
	const char *const *directories;
	size_t n = catalogue_directories(r, &directories);

	TRY(migrate_schema(r->postgres, err));
	TRY(migrate_catalogue(r->postgres, &r->catalogue, err));
	TRY(migrate_timezone(r->postgres, r->settings.warehouse_timezone, err));
	TRY(migrate_keep(r->postgres, r->settings.warehouse_keep_metrics,
		r->settings.warehouse_keep_jobs, err));
	return statistics_put(r->postgres, directories, n, &r->arena, err);
}

// mongodb://user:password@host/db without ":password": it is kept in the warehouse.
static const char *public_url(struct arena *a, const char *url)
{
	const char *user = strstr(url, "://");
	const char *at = user ? strrchr(url, '@') : NULL;
	const char *colon = at ? memchr(user + 3, ':', (size_t)(at - user - 3)) : NULL;

	if (!colon)
		return url;
	return arena_printf(a, "%.*s%s", (int)(colon - url), url, at);
}

static const char *warehouse_url(const struct run *r)
{
	return r->args.warehouse ? r->args.warehouse : r->settings.warehouse_url;
}

// A second session, opened when it is first asked for; one does where none is to be had. The lock
// tells that what a loader that was killed had sent to its own has come to an end.
static struct postgres *open_helper(void *context)
{
	struct run *r = context;
	struct error err = {0};
	int rc = 0;

	if (r->helper)
		return r->helper;
	rc = postgres_open(warehouse_url(r), r->settings.warehouse_password, &r->helper, &err);
	if (rc == 0)
		rc = lock_take(r->helper, LOCK_LOADER_SECOND, "loader", &err);
	if (rc < 0) {
		log_debug("%s", err.text);
		postgres_close(r->helper);
		r->helper = NULL;
	}
	return r->helper;
}

static int load_store(
	struct run *r, const char *recorded, struct load_result *ret, struct error *err)
{
	const struct load_request request = {
		.store_url = recorded,
		.catalogue = &r->catalogue,
		.batch = r->args.batch ? r->args.batch : r->settings.loader_batch,
		.again = r->args.again,
		.second = open_helper,
		.context = r,
	};
	uint64_t periods = 0;
	uint64_t months = 0;
	int rc;

	TRY(load_changes(r->postgres, r->store, &request, ret, err));
	if (r->args.no_refresh)
		return 0;
	TRY(refresh_marked(r->postgres, open_helper, r, &periods, err));
	log_info("%" PRIu64 " periods made anew", periods);
	// Whatever is wrong with what everybody may see, months are made and dropped.
	rc = refresh_publish(r->postgres, &months, err);
	if (months > 0)
		log_info("%" PRIu64 " months made for everybody", months);
	if (rc < 0) {
		struct error why = *err;

		TRY(refresh_keep(r->postgres, err));
		*err = why;
		return rc;
	}
	return refresh_keep(r->postgres, err);
}

// The folder of a store of the moment, and what SQLite puts into it.
static void remove_folder(const char *folder)
{
	static const char *const files[] = {
		"json.sqlite", "json.sqlite-wal", "json.sqlite-shm", ""};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		CLEANUP(strbuf_release) struct strbuf path = {0};

		strbuf_printf(&path, "%s/%s", folder, files[i]);
		if (remove(path.text) < 0 && errno != ENOENT)
			log_warning("cannot remove %s: %s", path.text, strerror(errno));
	}
}

static int load_json(struct run *r, struct load_result *ret, struct error *err)
{
	const struct json_source source = {
		.path = r->args.json, .cluster = r->args.cluster, .completer = &r->completer};
	const char *parent = getenv("TMPDIR");
	char *folder = arena_printf(
		&r->arena, "%s/jobsight-load.XXXXXX", parent && *parent ? parent : "/tmp");
	uint64_t unfit = 0;
	int rc;

	if (!mkdtemp(folder))
		return error_set(err, errno, "cannot make %s: %s", folder, strerror(errno));
	rc = store_open(arena_printf(&r->arena, "sqlite:%s/json.sqlite", folder), NULL, false,
		&r->store, err);
	if (rc == 0)
		rc = json_fill_store(&source, r->store, r->postgres, &unfit, err);
	if (rc == 0)
		rc = load_store(r, arena_printf(&r->arena, "json:%s", source.path), ret, err);
	store_close(r->store);
	r->store = NULL;
	remove_folder(folder);
	ret->documents += unfit;
	ret->rejected += unfit;
	return rc;
}

// What tells the applications of documents that SUPReMM wrote.
static int load_applications(struct run *r, struct error *err)
{
	const struct settings *s = &r->settings;

	r->completer = (struct store_completer){adopt_application, &r->applications};
	TRY(applications_load(&r->applications, s->applications_shipped, &r->arena, err));
	return applications_load(&r->applications, s->applications_path, &r->arena, err);
}

static int load(struct run *r, struct load_result *ret, struct error *err)
{
	const char *url = r->args.store ? r->args.store : r->settings.store_url;
	const struct adopt_request adopt = {
		.settings = &r->settings,
		.collections = &r->args.collections,
		.all = r->args.store != NULL,
		.completer = &r->completer,
	};

	if (r->args.json || r->args.store || r->args.collections.n)
		TRY(load_applications(r, err));
	if (r->args.json)
		return load_json(r, ret, err);
	TRY(store_open(url, r->settings.store_password, true, &r->store, err));
	TRY(adopt_collections(r->store, &adopt, err));
	return load_store(r, public_url(&r->arena, url), ret, err);
}

static int work(struct run *r, struct load_result *ret, struct error *err)
{
	TRY(open_catalogue(r, err));
	TRY(postgres_open(warehouse_url(r), r->settings.warehouse_password, &r->postgres, err));
	TRY(lock_take(r->postgres, LOCK_LOADER, "loader", err));
	if (r->args.migrate) {
		TRY(migrate(r, err));
		if (!r->args.store && !r->args.json)
			return 0;
	}
	TRY(migrate_check(r->postgres, err));
	return load(r, ret, err);
}

static int exit_code(const struct error *err)
{
	log_error("%s", err->text);
	return err->code == -EHOSTDOWN || err->code == -EBUSY ? EXIT_TRY_LATER : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	CLEANUP(run_release) struct run r = {0};
	struct common_arguments common = {0};
	struct load_result done = {0};
	struct error err = {0};
	int rc = start(&program, argc, argv, &r.args, &common, &r.arena, &r.settings);

	if (rc >= 0)
		return rc;
	if (postgres_check_url(r.args.warehouse, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	rc = work(&r, &done, &err);
	if (done.documents)
		log_notice("%" PRIu64 " documents: %" PRIu64 " jobs new, %" PRIu64
			   " changed, %" PRIu64 " the same, %" PRIu64 " documents rejected",
			done.documents, done.added, done.changed, done.unchanged, done.rejected);
	if (rc < 0)
		return exit_code(&err);
	return done.rejected || r.wrong_stanzas ? EXIT_DEFECTS : EXIT_DONE;
}
