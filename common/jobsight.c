// SPDX-License-Identifier: Apache-2.0
// jobsight VERB: runs jobsight-VERB, as git does; knows `settings` and `help` itself.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/options.h"
#include "common/settings.h"
#include "common/verbs.h"

struct settings_arguments {
	bool is_manual;
};

static const struct option settings_options[] = {
	{"manual", 'm', OPTION_FLAG, offsetof(struct settings_arguments, is_manual), NULL,
		"Print the manual of all settings (Markdown) instead of their values."},
};

static const struct program settings_program = {
	.name = "jobsight settings",
	.purpose = "print the settings in force, secrets hidden",
	.synopsis = "[--config FILE] [--manual]",
	.details = "Ends with 2 when the configuration is wrong, and says in which line.",
	.options = settings_options,
	.n_options = ARRAY_LEN(settings_options),
};

static int run_settings(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct settings_arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	int code = options_parse(&settings_program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	if (args.is_manual) {
		settings_manual(&out);
	} else {
		if (settings_load(common.config, &arena, &settings, &err) < 0) {
			log_error("%s", err.text);
			return EXIT_USAGE;
		}
		settings_print(&settings, &out);
	}
	fputs(strbuf_text(&out), stdout);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void put_verb(const char *verb, const char *purpose)
{
	printf("  %-14s %s\n", verb, purpose);
}

static int run_help(void)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(map_release) struct map verbs = {0};

	puts("jobsight: what every job really did with the machine\n\n"
	     "usage: jobsight VERB [arguments]\n"
	     "       jobsight help VERB\n"
	     "       jobsight --version\n\nverbs:");
	verbs_find(&arena, &verbs);
	for (size_t i = 0; i < verbs.n; i++) {
		CLEANUP(strbuf_release) struct strbuf purpose = {0};

		verb_purpose(verbs.entries[i].value, &purpose);
		put_verb(verbs.entries[i].key, strbuf_text(&purpose));
	}
	put_verb("settings", settings_program.purpose);
	put_verb("help", "print the help of a verb");
	return EXIT_DONE;
}

static int report_unknown(const char *verb)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(map_release) struct map verbs = {0};
	size_t least = 3; // more edits than two are another word

	verbs_find(&arena, &verbs);
	map_put(&verbs, "settings", NULL);
	map_put(&verbs, "help", NULL);
	fprintf(stderr, "jobsight: no verb \"%s\"", verb);
	for (size_t i = 0; i < verbs.n; i++) {
		size_t edits = str_distance(verb, verbs.entries[i].key);

		least = edits < least ? edits : least;
	}
	for (size_t i = 0, n = 0; i < verbs.n && least < 3; i++)
		if (str_distance(verb, verbs.entries[i].key) == least)
			fprintf(stderr, "%s \"%s\"", n++ ? " or" : "; did you mean",
				verbs.entries[i].key);
	fprintf(stderr, "%s (see jobsight --help)\n", least < 3 ? "?" : "");
	return EXIT_USAGE;
}

// Does not come back when the verb is there.
static int run_verb(const char *verb, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const char **folders;
	size_t n = verbs_folders(&arena, &folders);

	if (!verb_is_name(verb))
		return report_unknown(verb);
	argv[0] = arena_printf(&arena, "jobsight-%s", verb);
	for (size_t i = 0; i < n; i++) {
		const char *path = arena_printf(&arena, "%s/%s", folders[i], argv[0]);

		execv(path, argv);
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) {
			fprintf(stderr, "jobsight: %s: %s\n", path, strerror(errno));
			return EXIT_FAILED;
		}
	}
	return report_unknown(verb);
}

static int run_help_verb(const char *verb)
{
	char help[] = "--help";
	char *argv[] = {NULL, help, NULL};

	if (str_eq(verb, "settings"))
		return run_settings(2, argv);
	if (str_eq(verb, "help"))
		return run_help();
	return run_verb(verb, argv);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : NULL;

	if (!verb) {
		fputs("jobsight: no verb given (see jobsight --help)\n", stderr);
		return EXIT_USAGE;
	}
	if (str_eq(verb, "--version") || str_eq(verb, "-V")) {
		puts("jobsight " JOBSIGHT_VERSION);
		return EXIT_DONE;
	}
	if (str_eq(verb, "help") && argc > 2)
		return run_help_verb(argv[2]);
	if (str_eq(verb, "help") || str_eq(verb, "--help") || str_eq(verb, "-h"))
		return run_help();
	if (str_eq(verb, "settings"))
		return run_settings(argc - 1, argv + 1);
	if (*verb == '-') {
		fprintf(stderr, "jobsight: unknown option %s (see jobsight --help)\n", verb);
		return EXIT_USAGE;
	}
	return run_verb(verb, argv + 1);
}
