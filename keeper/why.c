// SPDX-License-Identifier: Apache-2.0
// jobsight-why: walks the chain of a job (accounting, archives, document, warehouse, page) and says at
// which link and why there is no data, or not all. It changes nothing.
#include "keeper/why.h"

#include <stdio.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/str.h"

struct arguments {
	const char *cluster;
	int64_t now;
	bool json;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"cluster", 'C', OPTION_TEXT, AT(cluster), "NAME",
		"The cluster; may be left out where there is only one."},
	{"json", 'j', OPTION_FLAG, AT(json), NULL, "Print all that is known, as JSON."},
	{"at", 0, OPTION_TIME, AT(now), "TIME", "Judge as if it were then; default: now."},
};

static const struct program program = {
	.name = "jobsight-why",
	.purpose = "Says why a job has no data, or not all, and what to do about it.",
	.synopsis = "[options] JOBID",
	.details =
		"The chain is walked from the accounting to the page in the portal. JOBID is what "
		"people type: 1234, 1234_7; every run of a requeued job is walked, newest first.\n\n"
		"Exit codes: 0 there is data of the whole job, 1 there is none, 2 wrong usage, "
		"3 some is missing, 75 not yet, or a server is away. Of several runs the newest "
		"counts.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 1,
};

static void (*const walk[LINKS])(struct why *w) = {
	[LINK_ACCOUNTING] = link_accounting,
	[LINK_ARCHIVES] = link_archives,
	[LINK_DOCUMENT] = link_document,
	[LINK_WAREHOUSE] = link_warehouse,
	[LINK_PAGE] = link_page,
};

static const enum exit_code codes[VERDICTS] = {
	[VERDICT_WHOLE] = EXIT_DONE,
	[VERDICT_PARTIAL] = EXIT_DEFECTS,
	[VERDICT_UNKNOWN] = EXIT_TRY_LATER,
	[VERDICT_WAIT] = EXIT_TRY_LATER,
	[VERDICT_NONE] = EXIT_FAILED,
};

static void print_json(struct why *runs, size_t n, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct doc *list = doc_array(a);

	for (size_t i = 0; i < n; i++)
		doc_put(list, a, NULL, why_json(&runs[i]));
	struct doc *root = doc_object(a);
	doc_put(root, a, "runs", list);
	doc_to_json(root, false, true, &out);
	puts(strbuf_text(&out));
}

static int run(const struct arguments *args, const struct common_arguments *common,
	struct arena *arena, struct error *err)
{
	struct settings settings;
	struct why like = {.arena = arena,
		.settings = &settings,
		.now_s = args->now ? args->now : clock_now_s()};
	struct why *runs;
	size_t n;

	TRY(settings_load(common->config, arena, &settings, err));
	TRY(settings_cluster(&settings, args->cluster, &like.cluster, err));
	TRY(why_find(&like, common->operands.n ? common->operands.items[0] : "", &runs, &n, err));
	if (n == 0)
		n = 1; // of which only the reason is known
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < LINKS && !why_has(&runs[i], CAUSE_NOT_FOUND); k++)
			walk[k](&runs[i]);
		if (!args->json)
			why_print(&runs[i]);
	}
	if (args->json)
		print_json(runs, n, arena);
	return fflush(stdout) == 0 ? codes[why_worst(&runs[0])] : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	code = run(&args, &common, &arena, &err);
	if (code >= 0)
		return code;
	log_error("%s", err.text);
	return EXIT_USAGE;
}
