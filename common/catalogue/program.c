// SPDX-License-Identifier: Apache-2.0
// jobsight-catalogue: checks the catalogue and shows what follows from it.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/catalogue/print.h"
#include "common/catalogue/suggest.h"
#include "common/log.h"
#include "common/options.h"
#include "common/settings.h"

struct arguments {
	struct option_list directories;
};

static const struct option options[] = {
	{"catalogue", 'C', OPTION_LIST, offsetof(struct arguments, directories), "DIR",
		"Read this directory instead of the configured ones; may be given again: a later one "
		"adds to and replaces from those before."},
};

static const struct program program = {
	.name = "jobsight-catalogue",
	.purpose = "check the catalogue of job metrics and show what follows from it",
	.synopsis = "[options] check\n"
		    "[options] list\n"
		    "[options] show METRIC\n"
		    "[options] pmlogger\n"
		    "[options] docs",
	.details = "check     names file, line and reason of everything wrong\n"
		   "list      one line for each metric\n"
		   "show      the whole way of one metric, from counter to chart\n"
		   "pmlogger  the configuration of pmlogger that the catalogue implies\n"
		   "docs      the reference page of all metrics, in Markdown\n"
		   "\n"
		   "Ends with 2 when check finds something wrong, with 3 when another verb had to\n"
		   "leave out a wrong stanza.\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 2,
};

static void report(void *context, const struct error *why)
{
	(void)context;
	log_error("%s", why->text);
}

static int load(const struct arguments *args, const struct common_arguments *common,
	struct arena *a, struct catalogue *ret, struct error *err)
{
	const struct catalogue_problem problem = {.bad = report};
	struct settings settings = {0};

	if (args->directories.n > 0)
		return catalogue_load(
			args->directories.items, args->directories.n, &problem, a, ret, err);
	TRY(settings_load(common->config, a, &settings, err));
	const char *configured[] = {settings.catalogue_shipped, settings.catalogue_path};
	return catalogue_load(configured, ARRAY_LEN(configured), &problem, a, ret, err);
}

static int show(const struct catalogue *c, const char *name, struct strbuf *out)
{
	const struct metric *m = catalogue_find(c, name);
	struct suggestion near = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	if (m) {
		print_metric(m, out);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < c->n; i++)
		suggest(&near, name, c->metrics[i].name);
	log_error("there is no metric '%s'%s", name, suggestion_text(&near, buf));
	return EXIT_FAILED;
}

static int run(const struct catalogue *c, const struct option_list *operands, int n_wrong)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	const char *verb = operands->items[0];
	int code = n_wrong > 0 ? EXIT_DEFECTS : EXIT_DONE;

	if (str_eq(verb, "check")) {
		strbuf_printf(&out, "%zu metrics, %d wrong stanzas\n", c->n, n_wrong);
		code = n_wrong > 0 ? EXIT_USAGE : EXIT_DONE;
	} else if (str_eq(verb, "list")) {
		print_list(c, &out);
	} else if (str_eq(verb, "pmlogger")) {
		print_pmlogger(c, &out);
	} else if (str_eq(verb, "docs")) {
		print_docs(c, &out);
	} else {
		int found = show(c, operands->items[1], &out);
		code = found == EXIT_DONE ? code : found;
	}
	if (fputs(strbuf_text(&out), stdout) < 0 || fflush(stdout) != 0) {
		log_error("cannot write: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return code;
}

// The verb and its operand; -1 when both are as they should be.
static int check_operands(const struct option_list *operands)
{
	static const char *const verbs[] = {"check", "list", "show", "pmlogger", "docs"};
	struct suggestion near = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	if (operands->n == 0) {
		log_error("say what to do: check, list, show METRIC, pmlogger or docs");
		return EXIT_USAGE;
	}
	size_t n_wanted = str_eq(operands->items[0], "show") ? 2 : 1;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		suggest(&near, operands->items[0], verbs[i]);
		if (!str_eq(operands->items[0], verbs[i]))
			continue;
		if (operands->n == n_wanted)
			return -1;
		log_error(n_wanted == 2 ? "show needs the name of one metric"
					: "this verb takes nothing more");
		return EXIT_USAGE;
	}
	log_error("there is no verb '%s'%s", operands->items[0], suggestion_text(&near, buf));
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common = {0};
	struct catalogue catalogue;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code < 0)
		code = check_operands(&common.operands);
	if (code >= 0)
		return code;
	int n_wrong = load(&args, &common, &arena, &catalogue, &err);
	if (n_wrong < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	return run(&catalogue, &common.operands, n_wrong);
}
