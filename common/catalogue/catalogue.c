// SPDX-License-Identifier: Apache-2.0
// Reads the directories of a catalogue, lets a site's stanzas replace shipped ones, and makes the
// table that every stage works from.
#include "common/catalogue/catalogue.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/memory.h"

struct loader {
	struct reader r;
	struct metric **metrics; // in order; replaced ones are taken out
	size_t n, room;
	struct map by_name;
	int n_wrong;
};

static void loader_release(struct loader *l)
{
	free(l->metrics);
	map_release(&l->by_name);
}

static void add_metric(struct loader *l, struct metric *m)
{
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 64;
		l->metrics = memory_resize(l->metrics, l->room, sizeof(struct metric *));
	}
	l->metrics[l->n++] = m;
	map_put(&l->by_name, m->name, m);
}

static void remove_metric(struct loader *l, const struct metric *m)
{
	size_t i = 0;

	while (l->metrics[i] != m)
		i++;
	memmove(&l->metrics[i], &l->metrics[i + 1], (l->n - i - 1) * sizeof(struct metric *));
	l->n--;
}

// Takes a good stanza in, unless its name says that it should not be there.
static void take_stanza(struct loader *l, const struct stanza *s)
{
	struct metric *m = s->metric;
	const struct metric *old = map_get(&l->by_name, m->name);

	if (old && str_eq(old->file, m->file))
		wrong(&l->r, m->line, "metric %s is already on line %d", m->name, old->line);
	else if (old && !s->is_replacing)
		wrong(&l->r, m->line,
			"metric %s is already in %s:%d; 'replace: yes' puts this one in its place",
			m->name, old->file, old->line);
	else if (!old && s->is_replacing)
		wrong(&l->r, m->line, "replace: there is no metric %s to replace", m->name);
	if (l->r.n_wrong > 0)
		return;
	if (old)
		remove_metric(l, old);
	add_metric(l, m);
}

static void take_tree(struct loader *l, const struct yaml_node *root)
{
	if (root->kind != YAML_LIST) {
		wrong(&l->r, root->line, "a list of stanzas is wanted here, each '- metric: NAME'");
		l->n_wrong++;
		return;
	}
	for (size_t i = 0; i < root->n; i++) {
		struct stanza s;
		if (read_stanza(&l->r, root->items[i], &s))
			take_stanza(l, &s);
		l->n_wrong += l->r.n_wrong > 0;
	}
}

// What YAML itself has to say about a file: the code of its parser, and the tree or the reason.
static void take_file(
	struct loader *l, int code, const struct yaml_node *root, const struct error *err)
{
	if (code >= 0 && root)
		take_tree(l, root);
	if (code >= 0)
		return;
	l->n_wrong++;
	if (l->r.problem && l->r.problem->bad)
		l->r.problem->bad(l->r.problem->context, err);
}

static void load_file(struct loader *l, const char *path)
{
	struct yaml_node *root = NULL;
	struct error err = {0};
	int code = yaml_load(path, l->r.arena, &root, &err);

	l->r.file = path;
	take_file(l, code, root, &err);
}

static int is_stanza_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".yaml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); // the same order whatever the locale
}

static int load_directory(
	struct loader *l, const char *directory, bool must_exist, struct error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(directory, &entries, is_stanza_file, by_bytes);

	if (n < 0 && errno == ENOENT && !must_exist)
		return 0;
	if (n < 0)
		return error_set(err, errno, "%s: cannot read the catalogue: %s", directory,
			strerror(errno));
	for (int i = 0; i < n; i++) {
		load_file(l, arena_printf(l->r.arena, "%s/%s", directory, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
	return 0;
}

// by_name lives in the arena like all else: its tables are made large enough beforehand, so that
// the map never asks for memory of its own.
static void index_metrics(struct catalogue *c, struct arena *a)
{
	struct map *m = &c->by_name;

	m->room = c->n + 1;
	m->n_slots = 16;
	while (m->n_slots < 2 * (m->room + 1))
		m->n_slots *= 2;
	m->entries = arena_array(a, m->room, sizeof(*m->entries));
	m->slots = arena_array(a, m->n_slots, sizeof(*m->slots));
	for (size_t i = 0; i < c->n; i++)
		map_put(m, c->metrics[i].name, &c->metrics[i]);
}

static int finish(struct loader *l, struct catalogue *ret)
{
	struct arena *a = l->r.arena;

	l->n_wrong += (int)drop_conflicts(&l->r, l->metrics, &l->n);
	*ret = (struct catalogue){.n = l->n};
	ret->metrics = arena_array(a, l->n + 1, sizeof(struct metric));
	for (size_t i = 0; i < l->n; i++)
		ret->metrics[i] = *l->metrics[i];
	index_metrics(ret, a);
	catalogue_digest(ret, ret->hash);
	return l->n_wrong;
}

int catalogue_load(const char *const *directories, size_t n, const struct catalogue_problem *p,
	struct arena *a, struct catalogue *ret, struct error *err)
{
	CLEANUP(loader_release) struct loader l = {.r = {.arena = a, .problem = p}};

	for (size_t i = 0; i < n; i++)
		TRY(load_directory(&l, directories[i], i == 0, err));
	return finish(&l, ret);
}

int catalogue_parse(const char *file, const char *text, size_t len,
	const struct catalogue_problem *p, struct arena *a, struct catalogue *ret)
{
	CLEANUP(loader_release) struct loader l = {.r = {.file = file, .arena = a, .problem = p}};
	struct yaml_node *root = NULL;
	struct error err = {0};
	int code = yaml_parse(file, text, len, a, &root, &err);

	take_file(&l, code, root, &err);
	return finish(&l, ret);
}

const struct metric *catalogue_find(const struct catalogue *c, const char *name)
{
	return map_get(&c->by_name, name);
}
