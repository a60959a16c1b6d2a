// SPDX-License-Identifier: Apache-2.0
// Reads reports. What is wrong in one is named with its line.
#include "export/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/macro.h"
#include "common/str.h"
#include "common/yaml.h"

enum { FILE_MAX = 1 << 20, ROWS_USUAL = 15, ROWS_MOST = 100000, SECTIONS_MAX = 100 };
enum { STATISTICS_MAX = 12 };

static const char usual_realm[] = "Jobs";

static const struct {
	const char *name;
	enum chart chart;
	enum section_kind kind;
} charts[] = {
	{"none", CHART_NONE, SECTION_TABLE},
	{"bars", CHART_BARS, SECTION_TABLE},
	{"columns", CHART_COLUMNS, SECTION_TIME},
	{"stack", CHART_STACK, SECTION_TIME},
	{"lines", CHART_LINES, SECTION_TIME},
};

static const char *const report_keys[] = {"title", "text", "sections"};
static const char *const section_keys[] = {
	"title", "text", "realm", "by", "statistics", "rows", "order", "chart"};

struct reader {
	const char *file;
	struct arena *arena;
	struct error *err;
};

static int check_keys(
	const struct reader *r, const struct yaml_node *map, const char *const *keys, size_t n)
{
	if (map->kind != YAML_MAP)
		return error_at(
			r->err, EINVAL, r->file, map->line, "not a list of keys and values");
	for (size_t i = 0; i < map->n; i++) {
		size_t k = 0;

		while (k < n && !str_eq(map->keys[i]->text, keys[k]))
			k++;
		if (k == n)
			return error_at(r->err, EINVAL, r->file, map->keys[i]->line,
				"unknown key %s", map->keys[i]->text);
	}
	return 0;
}

// *ret is left alone where there is no such key.
static int take_text(
	const struct reader *r, const struct yaml_node *map, const char *key, const char **ret)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!n)
		return 0;
	if (n->kind != YAML_SCALAR)
		return error_at(r->err, EINVAL, r->file, n->line, "%s is not a text", key);
	*ret = n->text;
	return 0;
}

static int take_rows(const struct reader *r, const struct yaml_node *map, uint64_t *ret)
{
	const struct yaml_node *n = yaml_get(map, "rows");

	*ret = ROWS_USUAL;
	if (n && (n->kind != YAML_SCALAR || parse_u64(n->text, ret) < 0 || *ret < 1 ||
			 *ret > ROWS_MOST))
		return error_at(r->err, EINVAL, r->file, n->line, "rows is not a number");
	return 0;
}

// REALM/ID or ID of the section's realm.
static struct wanted split(const struct reader *r, const char *text, const char *realm)
{
	const char *slash = strchr(text, '/');

	if (!slash)
		return (struct wanted){.realm = realm, .id = text};
	return (struct wanted){
		.realm = arena_strndup(r->arena, text, (size_t)(slash - text)), .id = slash + 1};
}

static int take_statistics(const struct reader *r, const struct yaml_node *map, struct section *s)
{
	const struct yaml_node *list = yaml_get(map, "statistics");
	const char *realm = usual_realm;

	TRY(take_text(r, map, "realm", &realm));
	if (!list || list->kind != YAML_LIST || list->n == 0 || list->n > STATISTICS_MAX)
		return error_at(r->err, EINVAL, r->file, list ? list->line : s->line,
			"statistics is not a list of 1 to %d", STATISTICS_MAX);
	s->statistics = arena_array(r->arena, list->n, sizeof(*s->statistics));
	s->n_statistics = list->n;
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i]->kind != YAML_SCALAR)
			return error_at(r->err, EINVAL, r->file, list->items[i]->line,
				"not the id of a statistic");
		s->statistics[i] = split(r, list->items[i]->text, realm);
	}
	return 0;
}

static int take_chart(const struct reader *r, const struct yaml_node *map, struct section *s)
{
	const char *name = s->kind == SECTION_TIME    ? "columns"
	                   : s->kind == SECTION_TABLE ? "bars"
	                                              : NULL;

	TRY(take_text(r, map, "chart", &name));
	for (size_t i = 0; name && i < ARRAY_LEN(charts); i++)
		if (str_eq(name, charts[i].name) &&
			(charts[i].kind == s->kind || charts[i].chart == CHART_NONE)) {
			s->chart = charts[i].chart;
			return 0;
		}
	return name ? error_at(r->err, EINVAL, r->file, s->line, "no chart %s for such a section",
			      name)
	            : 0;
}

static int take_section(const struct reader *r, const struct yaml_node *map, struct section *ret)
{
	const char *order = "value";

	*ret = (struct section){.line = map->line};
	TRY(check_keys(r, map, section_keys, ARRAY_LEN(section_keys)));
	TRY(take_text(r, map, "title", &ret->title));
	TRY(take_text(r, map, "text", &ret->text));
	TRY(take_text(r, map, "by", &ret->dimension));
	TRY(take_text(r, map, "order", &order));
	TRY(take_rows(r, map, &ret->rows));
	TRY(take_statistics(r, map, ret));
	if (!ret->title)
		return error_at(r->err, EINVAL, r->file, map->line, "a section has no title");
	if (!str_eq(order, "value") && !str_eq(order, "natural"))
		return error_at(r->err, EINVAL, r->file, map->line, "order is value or natural");
	ret->in_order = str_eq(order, "natural");
	ret->kind = !ret->dimension                  ? SECTION_FIGURES
	            : str_eq(ret->dimension, "time") ? SECTION_TIME
	                                             : SECTION_TABLE;
	return take_chart(r, map, ret);
}

static int take_report(const struct reader *r, const struct yaml_node *root, struct report *ret)
{
	const struct yaml_node *sections;

	TRY(check_keys(r, root, report_keys, ARRAY_LEN(report_keys)));
	TRY(take_text(r, root, "title", &ret->title));
	TRY(take_text(r, root, "text", &ret->text));
	sections = yaml_get(root, "sections");
	if (!ret->title || !sections || sections->kind != YAML_LIST || sections->n == 0 ||
		sections->n > SECTIONS_MAX)
		return error_at(r->err, EINVAL, r->file, root->line,
			"a report has a title and 1 to %d sections", SECTIONS_MAX);
	ret->sections = arena_array(r->arena, sections->n, sizeof(*ret->sections));
	ret->n_sections = sections->n;
	for (size_t i = 0; i < sections->n; i++)
		TRY(take_section(r, sections->items[i], &ret->sections[i]));
	return 0;
}

int report_parse(const char *file, const char *text, size_t len, struct arena *a,
	struct report *ret, struct error *err)
{
	const struct reader r = {.file = file, .arena = a, .err = err};
	struct report report = {.file = file};
	struct yaml_node *root;

	TRY(yaml_parse(file, text, len, a, &root, err));
	if (!root)
		return error_set(err, EINVAL, "%s: empty", file);
	TRY(take_report(&r, root, &report));
	*ret = report;
	return 0;
}

// The path of a file in the first folder that has it.
static const char *find(const char *name, const char *const *folders, size_t n, struct arena *a)
{
	if (strchr(name, '/'))
		return name;
	for (size_t i = 0; i < n; i++) {
		const char *path = arena_printf(a, "%s/%s", folders[i], name);

		if (access(path, R_OK) == 0)
			return path;
	}
	return NULL;
}

int report_load(const char *name, const char *const *folders, size_t n_folders, struct arena *a,
	struct report *ret, struct error *err)
{
	const char *file = strchr(name, '/') ? name : arena_printf(a, "%s.yaml", name);
	const char *path = find(file, folders, n_folders, a);
	const char *style = find("report.css", folders, n_folders, a);
	struct bytes text;

	if (!path)
		return error_set(err, EINVAL, "there is no report %s", name);
	TRY(file_read(path, FILE_MAX, a, &text, err));
	TRY(report_parse(path, (const char *)text.data, text.len, a, ret, err));
	ret->style = "";
	if (!style)
		return 0;
	TRY(file_read(style, FILE_MAX, a, &text, err));
	ret->style = (const char *)text.data;
	if (strcasestr(ret->style, "</"))
		return error_set(err, EINVAL, "%s: </ would end the style", style);
	return 0;
}
