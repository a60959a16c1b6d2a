// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/redirect.h>

#include <string.h>

#include "common/log.h"
#include "common/options.h"

struct arguments {
	bool is_dry;
	const char *store;
	uint64_t count;
	int64_t since_s, wait_s;
	struct option_list jobs;
};

static const struct option options[] = {
	{"dry-run", 'n', OPTION_FLAG, offsetof(struct arguments, is_dry), NULL, "Change nothing."},
	{"store", 's', OPTION_TEXT, offsetof(struct arguments, store), "URL", "Where to."},
	{"count", 0, OPTION_COUNT, offsetof(struct arguments, count), "N",
		"A long help text that has to be broken at a blank because it does not fit into one line of the page."},
	{"since", 0, OPTION_TIME, offsetof(struct arguments, since_s), "TIME", "From here."},
	{"wait", 0, OPTION_DURATION, offsetof(struct arguments, wait_s), "TIME", "So long."},
	{"job", 'j', OPTION_LIST, offsetof(struct arguments, jobs), "ID", "Only these."},
};

static const struct program program = {
	.name = "jobsight-test",
	.purpose = "tests the options",
	.synopsis = "[options] FILE\n--other",
	.details = "Exit codes: 0.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 2,
};

static struct arguments args;
static struct common_arguments common;

static int parse(const char *const *argv)
{
	char *copy[20] = {(char *)"jobsight-test"};
	int n = 1;

	args = (struct arguments){0};
	for (; argv[n - 1]; n++)
		copy[n] = (char *)argv[n - 1];
	return options_parse(&program, n, copy, &args, &common);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

Test(options, every_kind_in_every_form)
{
	cr_assert(eq(int,
		PARSE("--dry-run", "--store", "a", "--count=5", "--since=2026-11-21", "--wait",
			"1h", "--job=1,2", "-j3", "-j", "4_5", "one", "--", "-two"),
		-1));
	cr_assert(args.is_dry);
	cr_assert(eq(str, args.store, "a"));
	cr_assert(eq(u64, args.count, 5));
	cr_assert(eq(i64, args.since_s, 1795219200));
	cr_assert(eq(i64, args.wait_s, 3600));
	cr_assert(eq(sz, args.jobs.n, 4));
	cr_assert(eq(str, args.jobs.items[0], "1"));
	cr_assert(eq(str, args.jobs.items[3], "4_5"));
	cr_assert(eq(sz, common.operands.n, 2));
	cr_assert(eq(str, common.operands.items[1], "-two"));
	cr_assert(eq(ptr, common.config, NULL));
}

Test(options, letters_together)
{
	cr_assert(eq(int, PARSE("-nvsX", "--config=/c"), -1));
	cr_assert(args.is_dry);
	cr_assert(eq(str, args.store, "X"));
	cr_assert(eq(str, common.config, "/c"));
	cr_assert(log_enabled(LOG_LEVEL_DEBUG));
	cr_assert(eq(int, PARSE("-q"), -1));
	cr_assert(not(log_enabled(LOG_LEVEL_WARNING)));
	cr_assert(eq(int, PARSE("-"), -1));
	cr_assert(eq(sz, common.operands.n, 1));
}

static char *captured(FILE *f)
{
	static char text[8192];
	size_t n = fread(text, 1, sizeof(text) - 1, f);

	text[n] = '\0';
	fclose(f);
	return text;
}

Test(options, usage_errors_are_one_line, .init = cr_redirect_stderr)
{
	static const struct {
		const char *args[3];
		const char *why;
	} cases[] = {
		{{"--stor", "x"}, "unknown option --stor; did you mean --store?"},
		{{"--nonsense=3"}, "unknown option --nonsense "},
		{{"-z"}, "unknown option -z"},
		{{"--store"}, "--store needs a URL"},
		{{"-s"}, "-s needs a URL"},
		{{"--dry-run=1"}, "--dry-run takes no value"},
		{{"--count", "x"}, "--count needs a whole number, not \"x\""},
		{{"--since=yesterday"}, "--since needs a time such as"},
		{{"--wait=long"}, "--wait needs a duration such as"},
		{{"1", "2", "3"}, "unexpected argument \"3\""},
	};
	char *text;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		cr_assert(eq(int,
			PARSE(cases[i].args[0], cases[i].args[1],
				cases[i].args[1] ? cases[i].args[2] : NULL),
			EXIT_USAGE));
	fflush(stderr);
	text = captured(cr_get_redirected_stderr());
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *end = strchr(text, '\n');

		cr_assert(ne(ptr, end, NULL));
		*end = '\0';
		cr_assert(ne(ptr, strstr(text, cases[i].why), NULL), "%s: %s", cases[i].why, text);
		cr_assert(eq(int, strncmp(text, "jobsight-test: ", 15), 0));
		text = end + 1;
	}
	cr_assert(eq(str, text, ""));
}

Test(options, help, .init = cr_redirect_stdout)
{
	char *text;

	cr_assert(eq(int, PARSE("--help"), EXIT_DONE));
	fflush(stdout);
	text = captured(cr_get_redirected_stdout());
	cr_assert(eq(int, strncmp(text, "jobsight-test: tests the options\n", 33), 0));
	cr_assert(ne(ptr,
		strstr(text, "usage: jobsight-test [options] FILE\n       jobsight-test --other\n"),
		NULL));
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		cr_assert(ne(ptr, strstr(text, options[i].name), NULL));
	cr_assert(ne(ptr, strstr(text, "Exit codes: 0."), NULL));
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		cr_assert(le(sz, strcspn(line, "\n"), 96), "%s", line);
}

Test(options, version, .init = cr_redirect_stdout)
{
	cr_assert(eq(int, PARSE("-V"), EXIT_DONE));
	fflush(stdout);
	cr_assert(eq(
		str, captured(cr_get_redirected_stdout()), "jobsight-test " JOBSIGHT_VERSION "\n"));
}
