// SPDX-License-Identifier: Apache-2.0
// Command lines by table.
#include "common/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/str.h"

struct shared { // what every program has besides its own table
	const char *config;
	bool help, version, verbose, quiet;
};

static const struct option shared_options[] = {
	{"config", 'c', OPTION_TEXT, offsetof(struct shared, config), "FILE",
		"Configuration file; default $JOBSIGHT_CONFIG, or /etc/jobsight/jobsight.yaml "
		"if it exists."},
	{"verbose", 'v', OPTION_FLAG, offsetof(struct shared, verbose), NULL,
		"Say more about what is done."},
	{"quiet", 'q', OPTION_FLAG, offsetof(struct shared, quiet), NULL, "Say errors only."},
	{"help", 'h', OPTION_FLAG, offsetof(struct shared, help), NULL, "Print this and end."},
	{"version", 'V', OPTION_FLAG, offsetof(struct shared, version), NULL,
		"Print the version and end."},
};

// Lists given on the command line live as long as the program, and the interface gives nobody the
// duty to free them; here they stay reachable.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as said
static struct arena list_memory;

struct parse {
	const struct program *program;
	void *args;
	struct shared shared;
	struct common_arguments *common;
};

struct found {
	const struct option *option;
	char *target; // the struct that its offset is in
};

static int usage_error(const struct program *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

static int usage_error(const struct program *p, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "%s: %s (see %s --help)\n", p->name, text, p->name);
	return EXIT_USAGE;
}

// By long name (n characters of it), or by letter when name is NULL.
static struct found find_option(struct parse *ps, const char *name, size_t n, char letter)
{
	const struct option *tables[] = {ps->program->options, shared_options};
	const size_t sizes[] = {ps->program->n_options, ARRAY_LEN(shared_options)};
	char *targets[] = {ps->args, (char *)&ps->shared};

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (size_t i = 0; i < sizes[t]; i++) {
			const struct option *o = &tables[t][i];
			bool is_it = name ? strlen(o->name) == n && strncmp(o->name, name, n) == 0
			                  : o->letter == letter;

			if (is_it)
				return (struct found){o, targets[t]};
		}
	return (struct found){0};
}

static const char *nearest_option(const struct program *p, const char *name)
{
	const char *best = NULL;
	size_t least = 3; // more edits than two are another word

	for (size_t i = 0; i < p->n_options + ARRAY_LEN(shared_options); i++) {
		const char *other = i < p->n_options ? p->options[i].name
		                                     : shared_options[i - p->n_options].name;
		size_t edits = str_distance(name, other);

		if (edits < least) {
			least = edits;
			best = other;
		}
	}
	return best;
}

static void list_add(struct option_list *list, const char *item)
{
	const char **items = arena_array(&list_memory, list->n + 1, sizeof(*items));

	for (size_t i = 0; i < list->n; i++)
		items[i] = list->items[i];
	items[list->n] = item;
	list->items = items;
	list->n++;
}

static void list_add_all(struct option_list *list, const char *value)
{
	while (*value) {
		size_t len = strcspn(value, ",");

		if (len)
			list_add(list, arena_strndup(&list_memory, value, len));
		value += len + (value[len] == ',');
	}
}

static int set_value(const struct option *o, void *target, const char *value)
{
	switch (o->type) {
	case OPTION_FLAG:
		*(bool *)target = true;
		return 0;
	case OPTION_TEXT:
		*(const char **)target = value;
		return 0;
	case OPTION_COUNT:
		return parse_u64(value, target);
	case OPTION_TIME:
		return parse_time(value, NULL, target);
	case OPTION_DURATION:
		return parse_duration(value, target);
	case OPTION_LIST:
		list_add_all(target, value);
		return 0;
	}
	return -EINVAL;
}

static const char *type_word(enum option_type type)
{
	switch (type) {
	case OPTION_COUNT:
		return "a whole number";
	case OPTION_TIME:
		return "a time such as 2026-11-21 or 2026-11-21T03:32:10Z";
	case OPTION_DURATION:
		return "a duration such as 90s, 5m, 1h30m or 2d";
	default:
		return "a text";
	}
}

static int apply(struct parse *ps, struct found f, const char *value)
{
	const struct option *o = f.option;

	if (set_value(o, f.target + o->offset, value) == 0)
		return 0;
	return usage_error(
		ps->program, "--%s needs %s, not \"%s\"", o->name, type_word(o->type), value);
}

// --name, --name=value, --name value; *i moves over the value.
static int parse_long(struct parse *ps, int argc, char **argv, int *i)
{
	const char *name = argv[*i] + 2;
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;
	struct found f = find_option(ps, name, len, 0);

	if (!f.option) {
		const char *near = nearest_option(ps->program, name);

		if (near)
			return usage_error(ps->program, "unknown option --%.*s; did you mean --%s?",
				(int)len, name, near);
		return usage_error(ps->program, "unknown option --%.*s", (int)len, name);
	}
	if (f.option->type == OPTION_FLAG && value)
		return usage_error(ps->program, "--%s takes no value", f.option->name);
	if (f.option->type != OPTION_FLAG && !value) {
		if (*i + 1 >= argc)
			return usage_error(ps->program, "--%s needs a %s", f.option->name,
				f.option->argument ? f.option->argument : "value");
		value = argv[++*i];
	}
	return apply(ps, f, value);
}

// -v, -vq, -cFILE, -c FILE
static int parse_letters(struct parse *ps, int argc, char **argv, int *i)
{
	for (const char *p = argv[*i] + 1; *p; p++) {
		struct found f = find_option(ps, NULL, 0, *p);
		int code;

		if (!f.option)
			return usage_error(ps->program, "unknown option -%c", *p);
		if (f.option->type != OPTION_FLAG) {
			if (!p[1] && *i + 1 >= argc)
				return usage_error(ps->program, "-%c needs a %s", *p,
					f.option->argument ? f.option->argument : "value");
			return apply(ps, f, p[1] ? p + 1 : argv[++*i]);
		}
		code = apply(ps, f, NULL);
		if (code)
			return code;
	}
	return 0;
}

static int parse_operand(struct parse *ps, const char *text)
{
	if (ps->common->operands.n == ps->program->max_operands)
		return usage_error(ps->program, "unexpected argument \"%s\"", text);
	list_add(&ps->common->operands, text);
	return 0;
}

static int parse_all(struct parse *ps, int argc, char **argv)
{
	bool only_operands = false;

	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		int code;

		if (only_operands || arg[0] != '-' || !arg[1])
			code = parse_operand(ps, arg);
		else if (str_eq(arg, "--"))
			code = !(only_operands = true);
		else if (arg[1] == '-')
			code = parse_long(ps, argc, argv, &i);
		else
			code = parse_letters(ps, argc, argv, &i);
		if (code)
			return code;
	}
	return 0;
}

// "help" broken at blanks to lines of the given width, each after the first indented.
static void put_wrapped(const char *text, size_t indent, size_t width)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && indent + column + 1 + len > width) {
			printf("\n%*s", (int)indent, "");
			column = 0;
		} else if (column) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, text);
		column += len;
		text += len + strspn(text + len, " ");
	}
	putchar('\n');
}

static void put_option(const struct option *o)
{
	enum { HELP_COLUMN = 28, WIDTH = 96 };
	char left[96];

	str_format(left, sizeof(left), "  %c%c%c --%s%s%s", o->letter ? '-' : ' ',
		o->letter ? o->letter : ' ', o->letter ? ',' : ' ', o->name, o->argument ? " " : "",
		o->argument ? o->argument : "");
	printf("%-*s", HELP_COLUMN - 1, left);
	if (strlen(left) > HELP_COLUMN - 2)
		printf("\n%*s", HELP_COLUMN, "");
	else
		putchar(' ');
	put_wrapped(o->help, HELP_COLUMN, WIDTH);
}

static void put_help(const struct program *p)
{
	printf("%s: %s\n\n", p->name, p->purpose);
	for (const char *line = p->synopsis ? p->synopsis : ""; line;) {
		size_t len = strcspn(line, "\n");

		printf("%s %s %.*s\n", line == p->synopsis ? "usage:" : "      ", p->name, (int)len,
			line);
		line = line[len] ? line + len + 1 : NULL;
	}
	puts("\noptions:");
	for (size_t i = 0; i < p->n_options; i++)
		put_option(&p->options[i]);
	for (size_t i = 0; i < ARRAY_LEN(shared_options); i++)
		put_option(&shared_options[i]);
	if (p->details)
		printf("\n%s\n", p->details);
}

int options_parse(
	const struct program *p, int argc, char **argv, void *args, struct common_arguments *common)
{
	struct parse ps = {.program = p, .args = args, .common = common};
	int code;

	*common = (struct common_arguments){0};
	code = parse_all(&ps, argc, argv);
	// --help answers also where the rest is wrong, as long as it came first.
	if (ps.shared.help) {
		put_help(p);
		return EXIT_DONE;
	}
	if (ps.shared.version) {
		printf("%s %s\n", p->name, JOBSIGHT_VERSION);
		return EXIT_DONE;
	}
	if (code)
		return code;
	common->config = ps.shared.config;
	log_open(p->name, ps.shared.quiet     ? LOG_LEVEL_ERROR
			  : ps.shared.verbose ? LOG_LEVEL_DEBUG
					      : LOG_LEVEL_NOTICE);
	return -1;
}

int exit_code_of(int rc, const struct error *err)
{
	if (rc >= 0)
		return rc;
	log_error("%s", err->text);
	if (rc == -EBUSY || rc == -EHOSTDOWN)
		return EXIT_TRY_LATER;
	return rc == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}
