// SPDX-License-Identifier: Apache-2.0
// HPCStats' description of a cluster, an INI file:
//   [CLUSTER]             partitions=P1,P2
//   [CLUSTER/P1]          nodegroups=G1, job_partitions=main,small
//   [CLUSTER/P1/G1]       names=cn[1-4], sockets, corespersocket, frequency=2.5GHz,
//                         floatinstructions, memory=64GB, model
// A missing key is an error of the whole file: half a cluster is none.
#include <errno.h>
#include <string.h>

#include "accounting/architecture.h"
#include "common/macro.h"

struct archfile {
	const char *file;
	const char *cluster;
	struct arch *arch;
	struct map values; // "section\nkey"
	struct error *err;
};

struct unit {
	const char *name;
	double factor;
};

static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = '\0';
	return text;
}

// key=value or key: value, as Python's ConfigParser takes them; keys are of any case.
static int read_pair(struct archfile *f, const char *section, char *line, int n)
{
	char *between = strpbrk(line, "=:");
	char *key;

	if (!between || !*section)
		return error_at(f->err, EINVAL, f->file, n, "neither [section] nor key=value");
	*between = '\0';
	key = trim(line);
	for (char *c = key; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
	map_put(&f->values, arena_printf(&f->arch->arena, "%s\n%s", section, key),
		arena_strdup(&f->arch->arena, trim(between + 1)));
	return 0;
}

static int read_lines(struct archfile *f, const char *text)
{
	const char *section = "";
	int n = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = trim(arena_strndup(&f->arch->arena, text, len));

		n++;
		text += len + (text[len] == '\n');
		if (!*line || strchr("#;", *line))
			continue;
		if (*line == '[' && strchr(line, ']'))
			section = arena_strndup(&f->arch->arena, line + 1, strcspn(line, "]") - 1);
		else
			TRY(read_pair(f, section, line, n));
	}
	return 0;
}

static int value_of(struct archfile *f, const char *section, const char *key, const char **ret)
{
	*ret = map_get(&f->values, arena_printf(&f->arch->arena, "%s\n%s", section, key));
	if (!*ret)
		return error_set(f->err, EINVAL, "%s: [%s] has no %s", f->file, section, key);
	return 0;
}

static int wrong(struct archfile *f, const char *section, const char *key, const char *value)
{
	return error_set(f->err, EINVAL, "%s: [%s] %s: '%.60s' makes no sense", f->file, section,
		key, value);
}

static int count_of(struct archfile *f, const char *section, const char *key, int64_t *ret)
{
	const char *text;

	TRY(value_of(f, section, key, &text));
	if (parse_i64(text, ret) < 0 || *ret <= 0 || *ret > INT32_MAX)
		return wrong(f, section, key, text);
	return 0;
}

// A number with one of these units behind it.
static int scaled(struct archfile *f, const char *section, const char *key,
	const struct unit *units, double *ret)
{
	const char *text;

	TRY(value_of(f, section, key, &text));
	for (; units->name; units++) {
		const char *number;

		if (!str_ends(text, units->name))
			continue;
		number = arena_strndup(&f->arch->arena, text, strlen(text) - strlen(units->name));
		if (parse_double(trim(arena_strdup(&f->arch->arena, number)), ret) < 0 || *ret <= 0)
			break;
		*ret *= units->factor;
		return 0;
	}
	return wrong(f, section, key, text);
}

static int read_group(struct archfile *f, const char *section, struct hostlist *ret)
{
	static const struct unit hertz[] = {{"MHz", 1e6}, {"GHz", 1e9}, {NULL, 0}};
	static const struct unit bytes[] = {
		{"MB", 1 << 20}, {"GB", 1 << 30}, {"TB", 1099511627776.0}, {NULL, 0}};
	struct arch_node node = {0};
	int64_t cores = 0;
	int64_t instructions = 0;
	double frequency = 0;
	double memory = 0;
	const char *names;

	TRY(value_of(f, section, "names", &names));
	TRY(count_of(f, section, "sockets", &node.sockets));
	TRY(count_of(f, section, "corespersocket", &cores));
	TRY(count_of(f, section, "floatinstructions", &instructions));
	TRY(scaled(f, section, "frequency", hertz, &frequency));
	TRY(scaled(f, section, "memory", bytes, &memory));
	TRY(value_of(f, section, "model", &node.type));
	if (cores > INT32_MAX / node.sockets || memory > 9e18)
		return wrong(f, section, "corespersocket", "too much");
	node.cores = node.sockets * cores;
	node.memory_bytes = (int64_t)memory;
	node.flops = (double)node.cores * (double)instructions * frequency;
	if (hostlist_expand(names, HOSTLIST_MAX, &f->arch->arena, ret, f->err) < 0)
		return error_prefix(f->err, "%s: [%s] names", f->file, section);
	for (size_t i = 0; i < ret->n; i++) {
		node.name = ret->hosts[i];
		arch_add_node(f->arch, &node, section);
	}
	return 0;
}

// Calls for each word of a,b.
static int each_word(struct archfile *f, const char *list,
	int (*each)(struct archfile *f, const char *section, const char *word, void *context),
	const char *section, void *context)
{
	for (const char *at = list; *at;) {
		size_t len = strcspn(at, ",");
		char *word = trim(arena_strndup(&f->arch->arena, at, len));

		at += len + (at[len] == ',');
		if (*word)
			TRY(each(f, section, word, context));
	}
	return 0;
}

static int add_to_partition(
	struct archfile *f, const char *section, const char *word, void *context)
{
	(void)section;
	arch_add_partition(f->arch, word, 0, context);
	return 0;
}

static int each_group(struct archfile *f, const char *section, const char *word, void *context)
{
	struct hostlist nodes = {0};
	const char *partitions = context;

	TRY(read_group(f, arena_printf(&f->arch->arena, "%s/%s", section, word), &nodes));
	return each_word(f, partitions, add_to_partition, section, &nodes);
}

static int each_partition(struct archfile *f, const char *section, const char *word, void *context)
{
	const char *part = arena_printf(&f->arch->arena, "%s/%s", section, word);
	const char *groups;
	const char *partitions;

	(void)context;
	TRY(value_of(f, part, "nodegroups", &groups));
	TRY(value_of(f, part, "job_partitions", &partitions));
	return each_word(f, groups, each_group, part, arena_strdup(&f->arch->arena, partitions));
}

static int parse(struct archfile *f, const char *text)
{
	const char *partitions;

	TRY(read_lines(f, text));
	TRY(value_of(f, f->cluster, "partitions", &partitions));
	return each_word(f, partitions, each_partition, f->cluster, NULL);
}

int archfile_parse(
	const char *file, const char *text, const char *cluster, struct arch *a, struct error *err)
{
	struct archfile f = {.file = file, .cluster = cluster, .arch = a, .err = err};
	int rc = parse(&f, text);

	map_release(&f.values);
	return rc;
}
