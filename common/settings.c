// SPDX-License-Identifier: Apache-2.0
// The site's configuration: the rows of settings.def as a table, filled from defaults, file and
// environment in this order.
#include "common/settings.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/settings_table.h"
#include "common/yaml.h"

static const struct setting rows[] = {
#define SETTING_TEXT(group, name, value, help)                                                  \
	{#group, #name, SETTING_KIND_TEXT, offsetof(struct settings, group##_##name), value, 0, \
		help},
#define SETTING_SECRET(group, name, value, help)                                                  \
	{#group, #name, SETTING_KIND_SECRET, offsetof(struct settings, group##_##name), value, 0, \
		help},
#define SETTING_COUNT(group, name, value, help)                                              \
	{#group, #name, SETTING_KIND_COUNT, offsetof(struct settings, group##_##name), NULL, \
		value, help},
#define SETTING_BOOL(group, name, value, help)                                                     \
	{#group, #name, SETTING_KIND_BOOL, offsetof(struct settings, group##_##name), NULL, value, \
		help},
#define SETTING_DURATION(group, name, value, help)                                              \
	{#group, #name, SETTING_KIND_DURATION, offsetof(struct settings, group##_##name), NULL, \
		value, help},
#include "common/settings.def"
};

static const struct cluster_setting cluster_rows[] = {
	{"name", offsetof(struct cluster_settings, name),
		"Name of the cluster, as in Slurm; required."},
	{"resource_id", offsetof(struct cluster_settings, resource_id),
		"SUPReMM's resource number; default: the name."},
	{"timezone", offsetof(struct cluster_settings, timezone),
		"IANA zone of times that are written without one; default UTC."},
	{"archives", offsetof(struct cluster_settings, archives),
		"Root of the archive tree; default " ARCHIVES_DIRECTORY "/NAME."},
	{"accounting", offsetof(struct cluster_settings, accounting),
		"Where the jobs come from, e.g. sacct:FILE; none by default."},
	{"architecture", offsetof(struct cluster_settings, architecture),
		"Where its nodes and partitions come from, e.g. scontrol:FILE; none by default."},
	{"users", offsetof(struct cluster_settings, users),
		"Where its users come from, e.g. passwd:FILE; none by default."},
	{"associations", offsetof(struct cluster_settings, associations),
		"Where shares and limits come from, e.g. slurmdb:...; none by default."},
	{"events", offsetof(struct cluster_settings, events),
		"Where outages of nodes come from, e.g. slurmdb:...; none by default."},
	{"prometheus", offsetof(struct cluster_settings, prometheus),
		"URL of a Prometheus server; none by default."},
	{"host_suffix", offsetof(struct cluster_settings, host_suffix),
		"Appended to Slurm's node names to find their archives; empty by default."},
	{"filesystems", offsetof(struct cluster_settings, filesystems),
		"Where the usage of file systems comes from, e.g. ssh:FILE; none by default."},
	{"quotas", offsetof(struct cluster_settings, quotas),
		"Where quotas come from, e.g. text:FILE; none by default."},
	{"probes", offsetof(struct cluster_settings, probes),
		"Where outcomes of probes come from, e.g. csv:FILE; none by default."},
	{"cloud", offsetof(struct cluster_settings, cloud),
		"Where instances of a cloud come from, e.g. csv:FILE, prometheus:URL; none by default."},
	{"login", offsetof(struct cluster_settings, login),
		"[USER@]HOST[:PORT] of a login node, for agents; none by default."},
	{"login_key", offsetof(struct cluster_settings, login_key),
		"File of the private key (0600, no passphrase) for it."},
};

struct load {
	const char *file;
	struct arena *arena;
	struct settings *settings;
	struct error *err;
};

const struct setting *settings_rows(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(rows);
	return rows;
}

const struct cluster_setting *settings_cluster_rows(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(cluster_rows);
	return cluster_rows;
}

static void *target(const struct load *l, const struct setting *row)
{
	return (char *)l->settings + row->offset;
}

static void set_default(const struct load *l, const struct setting *row)
{
	switch (row->kind) {
	case SETTING_KIND_TEXT:
	case SETTING_KIND_SECRET:
		*(const char **)target(l, row) = row->text;
		break;
	case SETTING_KIND_COUNT:
		*(uint64_t *)target(l, row) = (uint64_t)row->number;
		break;
	case SETTING_KIND_BOOL:
		*(bool *)target(l, row) = row->number != 0;
		break;
	case SETTING_KIND_DURATION:
		*(int64_t *)target(l, row) = row->number;
		break;
	}
}

static int set_value(const struct load *l, const struct setting *row, const char *text)
{
	switch (row->kind) {
	case SETTING_KIND_TEXT:
	case SETTING_KIND_SECRET:
		*(const char **)target(l, row) = arena_strdup(l->arena, text);
		return 0;
	case SETTING_KIND_COUNT:
		return parse_u64(text, target(l, row));
	case SETTING_KIND_BOOL:
		return parse_bool(text, target(l, row));
	case SETTING_KIND_DURATION:
		return parse_duration(text, target(l, row));
	}
	return -EINVAL;
}

const char *settings_kind_words(enum setting_kind kind)
{
	switch (kind) {
	case SETTING_KIND_TEXT:
		return "text";
	case SETTING_KIND_SECRET:
		return "secret";
	case SETTING_KIND_COUNT:
		return "whole number";
	case SETTING_KIND_BOOL:
		return "yes or no";
	case SETTING_KIND_DURATION:
		return "duration";
	}
	return "text";
}

// What follows "password", blanks and '=' in libpq's keywords; a URI has it up to '&'.
static const char *find_keyword(const char *text, const char *until, size_t *ret_len)
{
	const char *p = strstr(text, "password");

	for (; p; p = strstr(p + 1, "password")) {
		const char *value = p + strlen("password");

		value += strspn(value, " ");
		if (*value != '=')
			continue;
		value += 1 + strspn(value + 1, " ");
		*ret_len = *value == '\'' ? 1 + strcspn(value + 1, "'") : strcspn(value, until);
		if (*ret_len)
			return value;
	}
	return NULL;
}

const char *settings_find_password(const char *text, size_t *ret_len)
{
	const char *scheme = strstr(text, "://");
	const char *user = scheme ? scheme + 3 : NULL;
	size_t user_len = user ? strcspn(user, ":@/?#") : 0;

	if (user && user[user_len] == ':') {
		const char *password = user + user_len + 1;
		// Servers written with a port ("a:1,b:2") have no '@' behind it.
		size_t len = strcspn(password, "@/");

		*ret_len = len;
		if (len && password[len] == '@')
			return password;
	}
	return find_keyword(text, scheme ? "&" : " ", ret_len);
}

static const struct setting *find_row(const char *group, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(rows[i].group, group) && str_eq(rows[i].name, name))
			return &rows[i];
	return NULL;
}

static bool is_group(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (str_eq(rows[i].group, name))
			return true;
	return false;
}

static int unknown_key(
	const struct load *l, const struct yaml_node *key, const char *near, size_t edits)
{
	if (near && edits < 3)
		return error_at(l->err, EINVAL, l->file, key->line,
			"unknown key \"%s\"; did you mean \"%s\"?", key->text, near);
	return error_at(l->err, EINVAL, l->file, key->line, "unknown key \"%s\"", key->text);
}

static int unknown_setting(const struct load *l, const char *group, const struct yaml_node *key)
{
	const char *near = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t edits = str_distance(key->text, group ? rows[i].name : rows[i].group);

		if ((!group || str_eq(rows[i].group, group)) && edits < least) {
			least = edits;
			near = group ? rows[i].name : rows[i].group;
		}
	}
	return unknown_key(l, key, near, least);
}

static int need_scalar(
	const struct load *l, const struct yaml_node *key, const struct yaml_node *value)
{
	if (value->kind == YAML_SCALAR)
		return 0;
	return error_at(l->err, EINVAL, l->file, value->line, "\"%s\" needs one value, not a %s",
		key->text, value->kind == YAML_LIST ? "list" : "mapping");
}

static int refuse_password(
	const struct load *l, const struct yaml_node *key, const struct yaml_node *value)
{
	size_t len;

	if (!settings_find_password(value->text, &len))
		return 0;
	return error_at(l->err, EPERM, l->file, value->line,
		"%s holds a password: a secret is not written here", key->text);
}

// `password_file: PATH` gives the secret `password`.
static int load_secret_file(const struct load *l, const struct setting *row,
	const struct yaml_node *key, const struct yaml_node *value)
{
	int code = file_read_secret(value->text, l->arena, target(l, row), l->err);

	if (code < 0)
		error_prefix(l->err, "%s:%d: %s", l->file, key->line, key->text);
	return code;
}

static const struct setting *find_secret_of(const char *group, const char *key, struct arena *a)
{
	const struct setting *row;

	if (!str_ends(key, "_file"))
		return NULL;
	row = find_row(group, arena_strndup(a, key, strlen(key) - strlen("_file")));
	return row && row->kind == SETTING_KIND_SECRET ? row : NULL;
}

static int load_setting(const struct load *l, const char *group, const struct yaml_node *key,
	const struct yaml_node *value)
{
	const struct setting *secret = find_secret_of(group, key->text, l->arena);
	const struct setting *row = find_row(group, key->text);

	if (!row && !secret)
		return unknown_setting(l, group, key);
	TRY(need_scalar(l, key, value));
	if (secret)
		return load_secret_file(l, secret, key, value);
	if (row->kind == SETTING_KIND_SECRET)
		return error_at(l->err, EPERM, l->file, key->line,
			"a secret is not written here: use %s_file or the environment", key->text);
	TRY(refuse_password(l, key, value));
	if (set_value(l, row, value->text) < 0)
		return error_at(l->err, EINVAL, l->file, value->line, "%s needs a %s, not \"%s\"",
			key->text, settings_kind_words(row->kind), value->text);
	return 0;
}

static bool is_nothing(const struct yaml_node *n) // "group:" with all its lines commented out
{
	return n->kind == YAML_SCALAR && n->is_plain && !*n->text;
}

static int load_group(
	const struct load *l, const struct yaml_node *key, const struct yaml_node *value)
{
	if (is_nothing(value))
		return 0;
	if (value->kind != YAML_MAP)
		return error_at(l->err, EINVAL, l->file, value->line,
			"\"%s\" needs settings, one a line", key->text);
	for (size_t i = 0; i < value->n; i++)
		TRY(load_setting(l, key->text, value->keys[i], value->items[i]));
	return 0;
}

static int load_cluster_key(const struct load *l, struct cluster_settings *cluster,
	const struct yaml_node *key, const struct yaml_node *value)
{
	const char *near = NULL;
	size_t least = SIZE_MAX;

	TRY(need_scalar(l, key, value));
	for (size_t i = 0; i < ARRAY_LEN(cluster_rows); i++) {
		const struct cluster_setting *row = &cluster_rows[i];
		size_t edits = str_distance(key->text, row->name);

		if (edits == 0) {
			TRY(refuse_password(l, key, value));
			*(const char **)((char *)cluster + row->offset) = value->text;
			return 0;
		}
		if (edits < least) {
			least = edits;
			near = row->name;
		}
	}
	return unknown_key(l, key, near, least);
}

static int check_zone(const struct load *l, const char *name, int line)
{
	struct timezone_rules *zone = NULL;
	struct error why = {0};

	if (timezone_open(name, &zone, &why) < 0)
		return error_at(l->err, EINVAL, l->file, line, "%s", why.text);
	timezone_close(zone);
	return 0;
}

static int load_cluster(const struct load *l, const struct yaml_node *item)
{
	struct cluster_settings *c = &l->settings->clusters[l->settings->n_clusters];

	if (item->kind != YAML_MAP)
		return error_at(
			l->err, EINVAL, l->file, item->line, "a cluster needs at least a name");
	for (size_t i = 0; i < item->n; i++)
		TRY(load_cluster_key(l, c, item->keys[i], item->items[i]));
	if (!c->name || !*c->name)
		return error_at(l->err, EINVAL, l->file, item->line, "a cluster without a name");
	if (strchr(c->name, '/') || c->name[0] == '.')
		return error_at(l->err, EINVAL, l->file, item->line, "\"%s\" cannot name a cluster",
			c->name);
	for (size_t i = 0; i < l->settings->n_clusters; i++)
		if (str_eq(l->settings->clusters[i].name, c->name))
			return error_at(l->err, EINVAL, l->file, item->line, "cluster \"%s\" again",
				c->name);
	c->resource_id = c->resource_id ? c->resource_id : c->name;
	c->timezone = c->timezone ? c->timezone : "UTC";
	c->host_suffix = c->host_suffix ? c->host_suffix : "";
	if (!c->archives)
		c->archives = arena_printf(l->arena, ARCHIVES_DIRECTORY "/%s", c->name);
	l->settings->n_clusters++;
	return check_zone(l, c->timezone, item->line);
}

static int load_clusters(const struct load *l, const struct yaml_node *list)
{
	if (is_nothing(list))
		return 0;
	if (list->kind != YAML_LIST)
		return error_at(l->err, EINVAL, l->file, list->line,
			"\"clusters\" needs a list: - name: NAME");
	l->settings->clusters = arena_array(l->arena, list->n, sizeof(*l->settings->clusters));
	for (size_t i = 0; i < list->n; i++)
		TRY(load_cluster(l, list->items[i]));
	return 0;
}

static int load_file(const struct load *l)
{
	struct yaml_node *root;

	TRY(yaml_load(l->file, l->arena, &root, l->err));
	if (!root)
		return 0;
	if (root->kind != YAML_MAP)
		return error_at(l->err, EINVAL, l->file, root->line, "groups of settings expected");
	for (size_t i = 0; i < root->n; i++) {
		const struct yaml_node *key = root->keys[i];

		if (str_eq(key->text, "clusters"))
			TRY(load_clusters(l, root->items[i]));
		else if (is_group(key->text))
			TRY(load_group(l, key, root->items[i]));
		else
			return unknown_setting(l, NULL, key);
	}
	return 0;
}

const char *settings_variable(const struct setting *row, struct arena *a)
{
	char *name = arena_printf(a, "JOBSIGHT_%s_%s", row->group, row->name);

	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return name;
}

static int load_variable(const struct load *l, const struct setting *row)
{
	const char *name = settings_variable(row, l->arena);
	const char *value = getenv(name);
	const char *file;

	if (value) {
		if (set_value(l, row, value) == 0)
			return 0;
		return error_set(l->err, EINVAL, "environment: %s needs a %s, not \"%s\"", name,
			settings_kind_words(row->kind), value);
	}
	if (row->kind != SETTING_KIND_SECRET)
		return 0;
	name = arena_printf(l->arena, "%s_FILE", name);
	file = getenv(name);
	if (file && file_read_secret(file, l->arena, target(l, row), l->err) < 0)
		return error_prefix(l->err, "environment: %s", name);
	return 0;
}

int settings_load(const char *path, struct arena *a, struct settings *ret, struct error *err)
{
	const char *variable = getenv("JOBSIGHT_CONFIG");
	if (!path && variable && variable[0])
		path = variable;
	struct load l = {path ? path : SETTINGS_PATH, a, ret, err};

	*ret = (struct settings){0};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		set_default(&l, &rows[i]);
	if (path || access(SETTINGS_PATH, F_OK) == 0)
		TRY(load_file(&l));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		TRY(load_variable(&l, &rows[i]));
	return 0;
}

int settings_cluster(const struct settings *s, const char *name,
	const struct cluster_settings **ret, struct error *err)
{
	if (!name && s->n_clusters == 1) {
		*ret = &s->clusters[0];
		return 0;
	}
	if (!s->n_clusters)
		return error_set(err, ENOENT, "the configuration names no cluster");
	if (!name)
		return error_set(err, EINVAL, "the configuration names %zu clusters: say which one",
			s->n_clusters);
	for (size_t i = 0; i < s->n_clusters; i++)
		if (str_eq(s->clusters[i].name, name)) {
			*ret = &s->clusters[i];
			return 0;
		}
	return error_set(err, ENOENT, "the configuration names no cluster \"%s\"", name);
}
