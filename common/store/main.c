// SPDX-License-Identifier: Apache-2.0
// jobsight-document: prints what the store knows of a job, for people and for other programs.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "common/document/document.h"
#include "common/log.h"
#include "common/options.h"
#include "common/settings.h"
#include "common/store/site.h"
#include "common/str.h"

struct arguments {
	const char *store;
	const char *cluster;
	const char *schema;
	bool pretty, series, no_series, list;
};

static const struct option options[] = {
	{"store", 's', OPTION_TEXT, offsetof(struct arguments, store), "URL",
		"Document store: sqlite:FILE or mongodb://...; default store.url of the settings."},
	{"cluster", 'C', OPTION_TEXT, offsetof(struct arguments, cluster), "NAME",
		"Only jobs of this cluster."},
	{"pretty", 'p', OPTION_FLAG, offsetof(struct arguments, pretty), NULL,
		"Indent the JSON; without it a job is one line."},
	{"series", 0, OPTION_FLAG, offsetof(struct arguments, series), NULL,
		"Print the time series alone."},
	{"no-series", 0, OPTION_FLAG, offsetof(struct arguments, no_series), NULL,
		"Print the summary alone."},
	{"list", 'l', OPTION_FLAG, offsetof(struct arguments, list), NULL,
		"List the jobs of the store, oldest change first."},
	{"schema", 0, OPTION_TEXT, offsetof(struct arguments, schema), "ID",
		"Print what the fields mean: summary-1.0.6, or timeseries-4 for the series."},
};

static const struct program program = {
	.name = "jobsight-document",
	.purpose = "Prints the summary document of a job.",
	.synopsis = "[options] JOBID\n[options] --list\n[options] --schema ID",
	.details =
		"The document is printed as MongoDB's relaxed Extended JSON, with its time series "
		"under \"timeseries\". JOBID is what people type: 1234, 1234_7. A job that ran "
		"more than once, or on several clusters, is printed once for each run, newest "
		"first.\n\n"
		"Exit codes: 0 printed, 1 no such job or the store failed, 2 wrong usage, "
		"75 the store is away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 1,
};

static int exit_code(const struct error *err)
{
	log_error("%s", err->text);
	return err->code == -EHOSTDOWN || err->code == -EBUSY ? EXIT_TRY_LATER : EXIT_FAILED;
}

static int print_doc(const struct doc *d, bool pretty, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	doc_to_json(d, true, pretty, &out);
	strbuf_putc(&out, '\n');
	if (fwrite(out.text, 1, out.len, stdout) != out.len)
		return error_set(err, EIO, "cannot write to the standard output");
	return 0;
}

static int print_run(
	struct store *s, const struct arguments *args, const struct job_key *key, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_item item;
	struct doc *summary = NULL;
	struct doc *series = NULL;
	int rc = store_get(s, key, &a, &item, err);

	if (rc <= 0) // it may have been deleted meanwhile
		return rc;
	if (!args->series)
		TRY(doc_from_bson(item.summary, &a, &summary, err));
	if (!args->no_series && item.series.len)
		TRY(doc_from_bson(item.series, &a, &series, err));
	if (summary && series)
		doc_put(summary, &a, "timeseries", series);
	if (!summary && !series)
		return 0;
	return print_doc(summary ? summary : series, args->pretty, err);
}

static int print_job(struct store *s, const struct arguments *args, const char *job_id)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};
	struct store_item *runs;
	size_t n;

	if (store_find(s, args->cluster, job_id, &a, &runs, &n, &err) < 0)
		return exit_code(&err);
	if (n == 0) {
		log_error("no document of job %s%s%s", job_id, args->cluster ? " on cluster " : "",
			args->cluster ? args->cluster : "");
		return EXIT_FAILED;
	}
	for (size_t i = 0; i < n; i++)
		if (print_run(s, args, &runs[i].key, &err) < 0)
			return exit_code(&err);
	return EXIT_DONE;
}

static int list_one(void *context, const struct store_item *item, struct error *err)
{
	const struct arguments *args = context;
	struct scalar state = {.kind = DOC_NULL};
	char submit[TIME_TEXT_SIZE];
	char end[TIME_TEXT_SIZE];

	if (item->fault || (args->cluster && !str_eq(args->cluster, item->key.cluster)))
		return 0;
	if (bson_find(item->summary, "jobsight.state", &state, NULL) < 0)
		return error_set(err, EBADMSG, "document of job %s is damaged", item->job_id);
	if (printf("%-12s %-12s %10" PRIu64 "  %s  %-20s  %-10s %8zu\n", item->key.cluster,
		    item->job_id, item->key.raw_id, format_time(item->key.submit_s, submit),
		    item->end_s == JOB_RUNNING ? "-" : format_time(item->end_s, end),
		    state.kind == DOC_TEXT ? state.text : "-", item->summary.len) < 0)
		return error_set(err, EIO, "cannot write to the standard output");
	return 0;
}

static int list(struct store *s, struct arguments *args)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};
	const char *cursor;

	printf("%-12s %-12s %10s  %-20s  %-20s  %-10s %8s\n", "CLUSTER", "JOB", "RAW ID", "SUBMIT",
		"END", "STATE", "BYTES");
	if (store_changes(s, "", 0, false, list_one, args, &a, &cursor, &err) < 0)
		return exit_code(&err);
	return EXIT_DONE;
}

static int print_schema(struct store *s, const struct arguments *args)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};
	struct bytes found;
	struct doc *d = NULL;
	int rc = store_get_schema(s, args->schema, &a, &found, &err);

	if (rc == 0) {
		log_error("the store has no %s", args->schema);
		return EXIT_FAILED;
	}
	if (rc > 0)
		rc = doc_from_bson(found, &a, &d, &err);
	if (rc == 0)
		rc = print_doc(d, args->pretty, &err);
	return rc < 0 ? exit_code(&err) : EXIT_DONE;
}

static int usage(const char *what)
{
	fprintf(stderr, "%s: %s (see %s --help)\n", program.name, what, program.name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	struct store *s;
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	if ((args.list || args.schema) != (common.operands.n == 0))
		return usage(common.operands.n ? "--list and --schema take no JOBID"
					       : "a JOBID, --list or --schema is needed");
	if (args.series && args.no_series)
		return usage("--series and --no-series exclude each other");
	if (settings_load(common.config, &a, &settings, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	if (store_open_site(&settings, args.store, true, &s, &err) < 0)
		return exit_code(&err);
	if (args.schema)
		code = print_schema(s, &args);
	else
		code = args.list ? list(s, &args) : print_job(s, &args, common.operands.items[0]);
	store_close(s);
	if (fflush(stdout) != 0 && code == EXIT_DONE) {
		log_error("cannot write to the standard output");
		code = EXIT_FAILED;
	}
	return code;
}
