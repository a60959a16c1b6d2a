// SPDX-License-Identifier: Apache-2.0
// Runs at build time: writes what PCP and people need to know about a PMDA from the rows of its .def
// file, whose name is given as ROWS when this is compiled: generate WHAT > FILE, or all that pmcd needs
// by generate files FOLDER.
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"

enum {
#define CLUSTER(id, number) CLUSTER_##id = (number),
#include ROWS
};

struct row {
	unsigned cluster;
	unsigned item;
	const char *name;
	const char *type;
	const char *indom;
	const char *semantics;
	const char *unit;
	const char *oneline;
	const char *help;
};

struct indom {
	const char *name;
	const char *oneline;
	const char *help;
};

static const struct row rows[] = {
#define METRIC(cluster_, item_, name_, type_, indom_, sem_, unit_, reader, field, oneline_, help_) \
	{.cluster = CLUSTER_##cluster_,                                                            \
		.item = (item_),                                                                   \
		.name = (name_),                                                                   \
		.type = #type_,                                                                    \
		.indom = #indom_,                                                                  \
		.semantics = #sem_,                                                                \
		.unit = #unit_,                                                                    \
		.oneline = (oneline_),                                                             \
		.help = (help_)},
#include ROWS
};

static const struct indom indoms[] = {
#define INDOM(id, oneline_, help_) {.name = #id, .oneline = (oneline_), .help = (help_)},
#include ROWS
};

static const struct {
	const char *name;
	const char *symbol;
	unsigned domain;
	const char *oneline;
	const char *help;
} pmda = {
#define PMDA(name_, symbol_, domain_, oneline_, help_)                                  \
	.name = #name_, .symbol = #symbol_, .domain = (domain_), .oneline = (oneline_), \
	.help = (help_),
#include ROWS
};

static const struct {
	const char *name;
	const char *word;
} units[] = {
#define UNIT(id, word_, ...) {.name = #id, .word = (word_)},
#include "pmdas/frame/units.def"
};

static const struct {
	char letter;
	const char *name;
	const char *argument;
	const char *text;
} options[] = {
#define OPTION(letter_, name_, argument_, text_) \
	{.letter = (letter_), .name = (name_), .argument = (argument_), .text = (text_)},
#include "pmdas/frame/options.def"
};

// Name space. A node of the tree is written as a list of its children, in the order of the rows.

static void put_child(size_t len, size_t row)
{
	const char *rest = rows[row].name + len;
	size_t word = strcspn(rest, ".");

	if (rest[word] == '.')
		printf("\t%.*s\n", (int)word, rest);
	else
		printf("\t%s\t%s:%u:%u\n", rest, pmda.symbol, rows[row].cluster, rows[row].item);
}

// Has an earlier row the same first len characters, up to a dot?
static bool begins_earlier_row(size_t row, size_t len)
{
	for (size_t i = 0; i < row; i++) {
		if (strncmp(rows[i].name, rows[row].name, len) == 0 && rows[i].name[len] == '.')
			return true;
	}
	return false;
}

static void put_node(const char *prefix, size_t len)
{
	printf("%s%s%.*s {\n", pmda.name, len ? "." : "", len ? (int)len - 1 : 0, prefix);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *rest = rows[i].name + len;
		size_t word;

		if (strncmp(rows[i].name, prefix, len) != 0)
			continue;
		word = strcspn(rest, ".");
		if (rest[word] == '.' && begins_earlier_row(i, len + word))
			continue;
		put_child(len, i);
	}
	printf("}\n");
}

static void put_pmns(void)
{
	put_node("", 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = rows[i].name;

		for (size_t len = strcspn(name, "."); name[len] == '.';
			len += 1 + strcspn(name + len + 1, ".")) {
			if (!begins_earlier_row(i, len)) {
				printf("\n");
				put_node(name, len + 1);
			}
		}
	}
}

static void put_domain(void)
{
	printf("/* domain number of the PMDA %s */\n#define %s %u\n", pmda.name, pmda.symbol,
		pmda.domain);
}

static void put_root(void)
{
	printf("#include \"domain.h\"\n\nroot {\n\t%s\n}\n\n#include \"pmns\"\n", pmda.name);
}

static const char *unit_word(const char *id)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strcmp(units[i].name, id) == 0)
			return units[i].word;
	}
	return id;
}

// Lines of at most 76 columns: newhelp(1) grumbles at long ones.
static void put_wrapped(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > 76) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf("%s%.*s", column ? " " : "", (int)word, text);
		text += word + strspn(text + word, " ");
	}
	printf("\n\n");
}

// newhelp(1): "@ NAME one line", then text. Instance domains go by number.
static void put_help(void)
{
	for (size_t i = 0; i < ARRAY_LEN(indoms); i++) {
		printf("@ %u.%zu %s\n", pmda.domain, i, indoms[i].oneline);
		put_wrapped(indoms[i].help);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		printf("@ %s.%s %s\n", pmda.name, rows[i].name, rows[i].oneline);
		put_wrapped(rows[i].help);
	}
}

static void put_markdown(void)
{
	printf("### `%s`: %s\n\n%s\n\n", pmda.name, pmda.oneline, pmda.help);
	for (size_t i = 0; i < ARRAY_LEN(indoms); i++)
		printf("- **Instance domain `%s`**: %s. %s\n", indoms[i].name, indoms[i].oneline,
			indoms[i].help);
	printf("\n| metric | instances | kind | unit | meaning |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		printf("| `%s.%s` | %s | %s %s | %s | %s |\n", pmda.name, rows[i].name,
			rows[i].indom, rows[i].type, rows[i].semantics, unit_word(rows[i].unit),
			rows[i].help);
}

// Text of a manual page: a leading quote or dot would be a request, a backslash an escape.
static void put_roff(const char *text)
{
	bool at_start = true;

	for (const char *s = text; *s != '\0'; s++) {
		if (at_start && (*s == '.' || *s == '\''))
			printf("\\&");
		if (*s == '\\' || *s == '-')
			putchar('\\');
		putchar(*s);
		at_start = *s == '\n';
	}
	putchar('\n');
}

static void put_manual_options(void)
{
	printf(".SH OPTIONS\nInside pmcd, as a shared object, only the environment counts.\n");
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		printf(".TP\n\\fB\\-%c\\fR \\fI%s\\fR, \\fB\\-\\-%s\\fR=\\fI%s\\fR\n",
			options[i].letter, options[i].argument, options[i].name,
			options[i].argument);
		put_roff(options[i].text);
	}
	printf(".TP\n\\fB\\-U\\fR \\fIUSER\\fR\nthe account to run as once the devices are open; "
	       "if started by root, PCP's own unless given\n");
	printf(".TP\n\\fB\\-d\\fR \\fIDOMAIN\\fR, \\fB\\-l\\fR \\fILOGFILE\\fR, \\fB\\-D\\fR \\fIDEBUG\\fR\n"
	       "as for every PMDA\n");
}

static void put_manual(void)
{
	printf(".\\\" made from the rows of the PMDA's metrics\n.TH PMDA%s 1 \"\" Jobsight\n",
		pmda.symbol);
	printf(".SH NAME\npmda%s \\- %s\n", pmda.name, pmda.oneline);
	printf(".SH SYNOPSIS\n\\fB$PCP_PMDAS_DIR/%s/pmda%s\\fR", pmda.name, pmda.name);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		printf(" [\\fB\\-%c\\fR \\fI%s\\fR]", options[i].letter, options[i].argument);
	printf(" [\\fB\\-U\\fR \\fIUSER\\fR]\n.SH DESCRIPTION\n");
	put_roff(pmda.help);
	put_manual_options();
	printf(".SH INSTALLATION\nAs root:\n.PP\n.nf\n    cd $PCP_PMDAS_DIR/%s && ./Install\n.fi\n.PP\n"
	       "and ./Remove to be rid of it.\n.SH INSTANCE DOMAINS\n",
		pmda.name);
	for (size_t i = 0; i < ARRAY_LEN(indoms); i++) {
		printf(".TP\n.B %s\n", indoms[i].name);
		put_roff(indoms[i].help);
	}
	printf(".SH METRICS\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *word = unit_word(rows[i].unit);

		printf(".TP\n.B %s.%s\n%s, %s%s\n.br\n", pmda.name, rows[i].name, rows[i].indom,
			word, *word ? "" : "text");
		put_roff(rows[i].help);
	}
	printf(".SH SEE ALSO\n.BR pmcd (1),\n.BR pminfo (1)\n");
}

static void put_script(const char *verb)
{
	printf("#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
	       "# %s: %s\n\n"
	       ". \"${PCP_DIR:-}/etc/pcp.env\"\n. \"$PCP_SHARE_DIR/lib/pmdaproc.sh\"\n\n"
	       "iam=%s\npmda_interface=7\ndaemon_opt=true\ndso_opt=true\npipe_opt=true\nsocket_opt=false\n\n"
	       "pmdaSetup\npmda%s\nexit\n",
		verb, pmda.oneline, pmda.name, verb);
}

static void put_install(void)
{
	put_script("Install");
}

static void put_remove(void)
{
	put_script("Remove");
}

// pmcd's start runs it in the folder of every agent, installed or not.
static void put_upgrade(void)
{
	printf("#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n"
	       "# Upgrade: %s\n"
	       "# Brings the metrics of a new release into the name space, where the agent is installed.\n\n"
	       ". \"${PCP_DIR:-}/etc/pcp.env\"\n\n"
	       "iam=%s\npmns=$PCP_VAR_DIR/pmns\n"
	       "grep -q \"^$iam[[:space:]]\" \"$PCP_PMCDCONF_PATH\" 2> /dev/null || exit 0\n"
	       "new=$(mktemp \"$PCP_TMPFILE_DIR/$iam.XXXXXX\") || exit 1\n"
	       "trap 'rm -f \"$new\"' EXIT\n"
	       "sed 's/%s:/%u:/' pmns > \"$new\" || exit 1\n"
	       "cmp -s \"$new\" \"$pmns/$iam\" && exit 0\n\n",
		pmda.oneline, pmda.name, pmda.symbol, pmda.domain);
	printf("\"$PCP_SHARE_DIR/lib/lockpmns\" \"$pmns/root\" || exit 1\n"
	       "trap '\"$PCP_SHARE_DIR/lib/unlockpmns\" \"$pmns/root\"; rm -f \"$new\"' EXIT\n"
	       "cp \"$new\" \"$pmns/$iam\" && chmod 644 \"$pmns/$iam\" && cd \"$pmns\" || exit 1\n"
	       "\"$PCP_BINADM_DIR/pmnsdel\" -n root \"$iam\" > /dev/null 2>&1\n"
	       "\"$PCP_BINADM_DIR/pmnsadd\" -n root \"$iam\"\n");
}

static const struct {
	const char *what;
	void (*put)(void);
	mode_t mode; // of the file that belongs to the agent's folder, 0 = none does
} outputs[] = {
	{"pmns", put_pmns, 0644},
	{"domain.h", put_domain, 0644},
	{"root", put_root, 0644},
	{"help", put_help, 0644},
	{"Install", put_install, 0755},
	{"Remove", put_remove, 0755},
	{"Upgrade", put_upgrade, 0755},
	{"markdown", put_markdown, 0},
	{"manual", put_manual, 0},
};

static int put_files(const char *folder)
{
	if (chdir(folder) < 0) {
		perror(folder);
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(outputs); i++) {
		if (!outputs[i].mode)
			continue;
		if (!freopen(outputs[i].what, "w", stdout)) {
			perror(outputs[i].what);
			return 1;
		}
		outputs[i].put();
		if (fflush(stdout) == EOF || fchmod(fileno(stdout), outputs[i].mode) < 0) {
			perror(outputs[i].what);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "files") == 0)
		return put_files(argv[2]);
	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(outputs); i++) {
		if (strcmp(argv[1], outputs[i].what) == 0) {
			outputs[i].put();
			return ferror(stdout) || fclose(stdout) ? 1 : 0;
		}
	}
	fprintf(stderr, "usage: generate files FOLDER | pmns | domain.h | root | help | Install | "
			"Remove | Upgrade | markdown | manual\n");
	return 2;
}
