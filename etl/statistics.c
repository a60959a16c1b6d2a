// SPDX-License-Identifier: Apache-2.0
// Takes the rows of statistics from YAML to the warehouse. What a row may hold is known to the
// server alone (warehouse.put_realm): here YAML becomes JSON, no more.
#include "etl/statistics.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "common/str.h"
#include "common/yaml.h"

static const char clear[] = "DELETE FROM warehouse.realm";
static const char put[] = "SELECT warehouse.put_realm($1::jsonb)";
static const char align[] = "SELECT warehouse.align_statistics()";

static void put_text(struct strbuf *out, const char *text)
{
	strbuf_putc(out, '"');
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20)
			strbuf_printf(out, "\\u%04x", (unsigned)(unsigned char)*p);
		else if (*p == '"' || *p == '\\')
			strbuf_printf(out, "\\%c", *p);
		else
			strbuf_putc(out, *p);
	}
	strbuf_putc(out, '"');
}

static void put_json(struct strbuf *out, const struct yaml_node *node) // NOLINT(misc-no-recursion)
{
	if (node->kind == YAML_SCALAR) {
		put_text(out, node->text);
		return;
	}
	strbuf_putc(out, node->kind == YAML_MAP ? '{' : '[');
	for (size_t i = 0; i < node->n; i++) {
		if (i > 0)
			strbuf_putc(out, ',');
		if (node->kind == YAML_MAP) {
			put_text(out, node->keys[i]->text);
			strbuf_putc(out, ':');
		}
		put_json(out, node->items[i]);
	}
	strbuf_putc(out, node->kind == YAML_MAP ? '}' : ']');
}

static int put_file(struct postgres *p, const char *path, struct arena *a, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf json = {0};
	struct yaml_node *root = NULL;
	struct postgres_value value = {0};

	TRY(yaml_load(path, a, &root, err));
	if (!root)
		return 0;
	if (root->kind != YAML_MAP)
		return error_set(err, EINVAL, "%s: not a realm with its rows", path);
	put_json(&json, root);
	value.text = strbuf_text(&json);
	if (postgres_query(p, put, &value, 1, NULL, err) < 0)
		return error_prefix(err, "%s", path);
	return 0;
}

static int is_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && str_eq(dot, ".yaml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int put_directory(struct postgres *p, const char *path, struct arena *a, struct error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_file, by_bytes);
	int rc = 0;

	if (n < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "%s: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = put_file(
				p, arena_printf(a, "%s/%s", path, entries[i]->d_name), a, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

// share/catalogue → share/statistics
static const char *beside(const char *catalogue, struct arena *a)
{
	size_t len = strlen(catalogue);

	while (len > 1 && catalogue[len - 1] == '/')
		len--;
	while (len > 0 && catalogue[len - 1] != '/')
		len--;
	return arena_printf(a, "%.*sstatistics", (int)len, catalogue);
}

static int put_all(struct postgres *p, const char *const *catalogues, size_t n, struct arena *a,
	struct error *err)
{
	TRY(postgres_script(p, "BEGIN", err));
	TRY(postgres_script(p, clear, err));
	for (size_t i = 0; i < n; i++)
		TRY(put_directory(p, beside(catalogues[i], a), a, err));
	TRY(postgres_script(p, align, err));
	return postgres_script(p, "COMMIT", err);
}

int statistics_put(struct postgres *p, const char *const *catalogues, size_t n, struct arena *a,
	struct error *err)
{
	int rc = put_all(p, catalogues, n, a, err);

	if (rc < 0)
		postgres_rollback(p);
	return rc;
}
