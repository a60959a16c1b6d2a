// SPDX-License-Identifier: Apache-2.0
// jobsight-export: reports on what the machines did and for whom, of the warehouse's statistics.
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"
#include "common/postgres/postgres.h"
#include "common/start.h"
#include "export/format.h"
#include "export/output.h"

struct arguments {
	const char *period, *format, *output, *warehouse;
	struct option_list clusters;
	bool list;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"period", 'p', OPTION_TEXT, AT(period), "PERIOD",
		"2026, 2026-Q3, 2026-10, 2026-10-05, or two of these with .. between; default the last "
		"whole month."},
	{"cluster", 'C', OPTION_LIST, AT(clusters), "NAME",
		"A chapter for each of these clusters; default one of all together."},
	{"format", 'f', OPTION_TEXT, AT(format), "FORMAT",
		"text, html, pdf or csv; default what --output ends in, or text."},
	{"output", 'o', OPTION_TEXT, AT(output), "FILE", "Default standard output."},
	{"list", 'l', OPTION_FLAG, AT(list), NULL, "List the reports that there are, and end."},
	{"warehouse", 'w', OPTION_TEXT, AT(warehouse), "TEXT",
		"PostgreSQL connection without password; default warehouse.url of the settings."},
};

static const struct program program = {
	.name = "jobsight-export",
	.purpose = "Makes reports of the warehouse.",
	.synopsis = "[options] [REPORT]",
	.details =
		"REPORT is a name (--list) or a path of a file of your own; default centre. Reports "
		"are YAML in export.reports and export.shipped, the first that has one; report.css "
		"there is the look of HTML and PDF. All figures are of one instant, and those that "
		"the portal has.\n\n"
		"Example: jobsight-export --period 2026-Q3 --cluster alpha --output alpha.pdf\n\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 75 the warehouse is "
		"away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 1,
};

static const char begin[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
static const char ask_now[] =
	"SELECT warehouse.day_of(now())::text, to_char(now() AT TIME ZONE (SELECT timezone FROM"
	" warehouse.site), 'YYYY-MM-DD HH24:MI')";

struct run { // everything main holds
	struct arguments args;
	struct common_arguments common;
	struct settings settings;
	struct arena arena;
	struct postgres *postgres;
	struct report report;
	struct edition edition;
};

static void run_release(struct run *r)
{
	postgres_close(r->postgres);
	arena_release(&r->arena);
}

static int is_report(const struct dirent *d)
{
	return str_ends(d->d_name, ".yaml") && d->d_name[0] != '.';
}

static void list(const struct run *r)
{
	const char *const folders[] = {r->settings.export_reports, r->settings.export_shipped};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct dirent **entries = NULL;
		int n = scandir(folders[i], &entries, is_report, alphasort);

		for (int k = 0; k < n; k++) {
			printf("%-16.*s %s\n", (int)(strlen(entries[k]->d_name) - strlen(".yaml")),
				entries[k]->d_name, folders[i]);
			free(entries[k]);
		}
		free(entries);
	}
}

static int take_period(struct run *r, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	int64_t today;

	TRY(postgres_query(r->postgres, ask_now, NULL, 0, &rows, err));
	TRY(parse_time(postgres_text(rows, 0, 0), NULL, &today));
	r->edition.made = arena_strdup(&r->arena, postgres_text(rows, 0, 1));
	if (!r->args.period)
		r->edition.period = period_last_month(today);
	return 0;
}

static int ask(struct run *r, struct error *err)
{
	struct edition *e = &r->edition;
	size_t n = r->args.clusters.n;

	e->report = &r->report;
	e->site = r->settings.export_site;
	e->n_chapters = n ? n : 1;
	e->chapters = arena_array(&r->arena, e->n_chapters, sizeof(*e->chapters));
	TRY(postgres_script(r->postgres, begin, err));
	TRY(take_period(r, err));
	for (size_t i = 0; i < e->n_chapters; i++)
		TRY(chapter_ask(r->postgres, &r->report, &e->period,
			n ? r->args.clusters.items[i] : NULL, &r->arena, &e->chapters[i], err));
	return postgres_script(r->postgres, "COMMIT", err);
}

static int work(struct run *r, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	const char *const folders[] = {r->settings.export_reports, r->settings.export_shipped};
	const char *name = r->common.operands.n ? r->common.operands.items[0] : "centre";
	const char *url = r->args.warehouse ? r->args.warehouse : r->settings.warehouse_url;
	const struct format *format;

	if (r->args.list) {
		list(r);
		return EXIT_DONE;
	}
	if (r->args.period)
		TRY(period_parse(r->args.period, &r->edition.period, err));
	TRY(format_find(r->args.format, r->args.output, &format, err));
	TRY(report_load(name, folders, ARRAY_LEN(folders), &r->arena, &r->report, err));
	TRY(postgres_check_url(r->args.warehouse, err));
	TRY(postgres_open(url, r->settings.warehouse_password, &r->postgres, err));
	TRY(ask(r, err));
	format->write(&r->edition, &out);
	if (format->is_printed)
		return output_print(r->settings.export_pdf, strbuf_text(&out), r->args.output, err);
	return output_write(r->args.output, strbuf_text(&out), out.len, err);
}

int main(int argc, char **argv)
{
	CLEANUP(run_release) struct run r = {0};
	struct error err = {0};
	int code = start(&program, argc, argv, &r.args, &r.common, &r.arena, &r.settings);

	return code >= 0 ? code : exit_code_of(work(&r, &err), &err);
}
