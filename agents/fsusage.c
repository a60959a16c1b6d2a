// SPDX-License-Identifier: Apache-2.0
// jobsight-fsusage: how full this login node's file systems are, as lines of a CSV file that
// jobsight-import reads: mount point, time, percent of bytes and of files used (as HPCStats writes
// them), then bytes used and in all, files used and in all. No number where the file system has
// none.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agents/log.h"
#include "agents/usage.h"
#include "common/clock.h"
#include "common/csv.h"
#include "common/log.h"
#include "common/start.h"

struct arguments {
	const char *csv;
	int64_t limit;
	bool print;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"csv", 'o', OPTION_TEXT, AT(csv), "FILE", "The file that grows; default: fsusage.csv."},
	{"limit", 'l', OPTION_DURATION, AT(limit), "TIME",
		"A file system that has not answered by then hangs; default: fsusage.limit."},
	{"print", 'p', OPTION_FLAG, AT(print), NULL, "Print the lines, and write nothing."},
};

static const struct program program = {
	.name = "jobsight-fsusage",
	.purpose = "Measures how full the file systems of a login node are.",
	.synopsis = "[options] [MOUNT-POINT ...]",
	.details =
		"For cron on a login node. Without operands the file systems are those of "
		"fsusage.filesystems. A folder where nothing is mounted, or a file system that "
		"hangs, is named and has no line; the others have theirs.\n\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but for some file systems, 75 "
		"another run is under way.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 1000,
};

static void put_percent(struct strbuf *out, uint64_t part, uint64_t whole)
{
	char text[16] = "";

	if (whole)
		(void)str_format(text, sizeof(text), "%.2f", 100.0 * (double)part / (double)whole);
	csv_put(out, text);
}

static void put_number(struct strbuf *out, uint64_t n, bool is_known)
{
	char text[24] = "";

	if (is_known)
		(void)str_format(text, sizeof(text), "%" PRIu64, n);
	csv_put(out, text);
}

static void put_line(struct strbuf *out, const struct usage *u, const char *now)
{
	csv_put(out, u->path);
	csv_put(out, now);
	put_percent(out, u->used_bytes, u->used_bytes + u->free_bytes); // as df(1) does
	put_percent(out, u->used_files, u->total_files);
	put_number(out, u->used_bytes, true);
	put_number(out, u->total_bytes, true);
	put_number(out, u->used_files, u->total_files != 0);
	put_number(out, u->total_files, u->total_files != 0);
	strbuf_putc(out, '\n');
}

static const char *what_is_wrong(int code)
{
	switch (code) {
	case -EXDEV:
		return "nothing is mounted there";
	case -ETIMEDOUT:
		return "does not answer";
	default:
		return strerror(-code);
	}
}

// The paths as given, or those of the setting, which separates them by commas.
static size_t list_paths(const struct common_arguments *common, const struct settings *s,
	struct arena *a, struct usage **ret)
{
	char *list = arena_strdup(a, s->fsusage_filesystems ? s->fsusage_filesystems : "");
	size_t n = 0;

	*ret = arena_array(a, common->operands.n + strlen(list) + 1, sizeof(**ret));
	for (size_t i = 0; i < common->operands.n; i++)
		(*ret)[n++].path = common->operands.items[i];
	while (common->operands.n == 0 && list) {
		char *path = strsep(&list, ", ");

		if (*path)
			(*ret)[n++].path = path;
	}
	return n;
}

static int work(const struct arguments *args, const struct settings *s, struct usage *rows,
	size_t n, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf lines = {0};
	char now[TIME_TEXT_SIZE];
	size_t bad = 0;

	format_time(clock_now_s(), now);
	TRY(usage_measure(rows, n, args->limit ? args->limit : s->fsusage_limit, err));
	for (size_t i = 0; i < n; i++) {
		if (rows[i].code == 0)
			put_line(&lines, &rows[i], now);
		else
			log_error("%s: %s", rows[i].path, what_is_wrong(rows[i].code));
		bad += rows[i].code != 0;
	}
	if (args->print)
		fputs(strbuf_text(&lines), stdout);
	else
		TRY(csv_log_append(args->csv ? args->csv : s->fsusage_csv, s->fsusage_max_mib << 20,
			&lines, err));
	return bad ? EXIT_DEFECTS : EXIT_DONE;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct usage *rows;
	struct error err = {0};
	int code = start(&program, argc, argv, &args, &common, &arena, &settings);

	if (code >= 0)
		return code;
	size_t n = list_paths(&common, &settings, &arena, &rows);
	if (n == 0) {
		log_error("no file systems: name them, or set fsusage.filesystems");
		return EXIT_USAGE;
	}
	return exit_code_of(work(&args, &settings, rows, n, &err), &err);
}
