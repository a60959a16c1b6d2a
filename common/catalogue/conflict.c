// SPDX-License-Identifier: Apache-2.0
// What no stanza can see alone: two metrics that write to one place. The later one gives way.
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/catalogue/paths.h"
#include "common/catalogue/suggest.h"
#include "common/memory.h"

struct place { // one thing that a metric owns
	const struct metric *owner;
	const struct output *output; // of a document path; else NULL
};

struct places {
	struct reader *r;
	struct map documents, series, columns;
};

static void places_release(struct places *p)
{
	map_release(&p->documents);
	map_release(&p->series);
	map_release(&p->columns);
}

static void clash(struct reader *r, const struct metric *m, int line, const char *what,
	const char *name, const struct place *other)
{
	r->file = m->file;
	if (other->owner == m)
		wrong(r, line, "%s '%s' is there twice", what, name);
	else
		wrong(r, line, "%s '%s' belongs to metric %s (%s:%d)", what, name,
			other->owner->name, other->owner->file, other->owner->line);
}

static void check_equal(struct places *p, const struct metric *m)
{
	for (size_t i = 0; i < m->n_outputs; i++) {
		const struct output *o = &m->outputs[i];
		const struct place *other = map_get(&p->documents, o->document);
		const struct place self = {m, o};

		for (size_t k = 0; k < i; k++)
			if (str_eq(m->outputs[k].document, o->document))
				clash(p->r, m, o->line, "document", o->document, &self);
		if (other)
			clash(p->r, m, o->line, "document", o->document, other);
	}
	const struct place *series = m->series ? map_get(&p->series, m->series->document) : NULL;
	if (series)
		clash(p->r, m, m->series->line, "series", m->series->document, series);
	const struct place *column = m->column ? map_get(&p->columns, m->column->name) : NULL;
	if (column)
		clash(p->r, m, m->column->line, "warehouse: column", m->column->name, column);
}

static struct place *new_place(struct places *p, const struct metric *m, const struct output *o)
{
	struct place *place = arena_alloc(p->r->arena, sizeof(*place));

	*place = (struct place){m, o};
	return place;
}

static void claim(struct places *p, const struct metric *m)
{
	for (size_t i = 0; i < m->n_outputs; i++)
		map_put(&p->documents, m->outputs[i].document, new_place(p, m, &m->outputs[i]));
	if (m->series)
		map_put(&p->series, m->series->document, new_place(p, m, NULL));
	if (m->column)
		map_put(&p->columns, m->column->name, new_place(p, m, NULL));
}

// Whether an output at a path leaves no room for a path below it that goes on with rest.
static bool fills(const struct output *o, const char *rest)
{
	const char *fields[PATHS_MAX_FIELDS];
	size_t n_fields = output_fields(o, fields);
	size_t n = strcspn(rest, ".");

	for (size_t i = 0; i < n_fields; i++)
		if (!fields[i][0] || (strlen(fields[i]) == n && !strncmp(fields[i], rest, n)))
			return true;
	return false;
}

// An output within what another output writes.
static bool is_within(struct places *p, const struct metric *m, const struct output *o)
{
	for (const char *dot = strchr(o->document, '.'); dot; dot = strchr(dot + 1, '.')) {
		char *above = arena_strndup(p->r->arena, o->document, (size_t)(dot - o->document));
		const struct place *other = map_get(&p->documents, above);
		if (!other || !fills(other->output, dot + 1))
			continue;
		p->r->file = m->file;
		wrong(p->r, o->line, "document '%s' lies within '%s' of metric %s (%s:%d)",
			o->document, above, other->owner->name, other->owner->file,
			other->output->line);
		return true;
	}
	return false;
}

static size_t drop_equal(struct places *p, struct metric **metrics, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		p->r->n_wrong = 0;
		check_equal(p, metrics[i]);
		if (p->r->n_wrong > 0)
			continue;
		claim(p, metrics[i]);
		metrics[kept++] = metrics[i];
	}
	size_t dropped = *n - kept;
	*n = kept;
	return dropped;
}

// Numbers that no stanza can say how to work out: summarizer/analyses/ writes them, or who reads
// documents of SUPReMM (common/store/supremm.c).
static const char *const analysed[] = {
	"catastrophe.value", "xdmod.gpu_energy", "xdmod.gpu_usage", "xdmod.ib_rx_bytes"};

// A column may take any number that some metric of the catalogue or an analysis writes.
static bool has_path(struct metric *const *metrics, size_t n, const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(analysed); i++)
		if (str_eq(path, analysed[i]))
			return true;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < metrics[i]->n_outputs; k++)
			if (output_has_path(&metrics[i]->outputs[k], path))
				return true;
	return false;
}

static void no_such_path(struct places *p, struct metric *const *metrics, size_t n,
	const struct metric *m, const char *path)
{
	const char *fields[PATHS_MAX_FIELDS];
	struct suggestion near = {0};
	char text[SUGGESTION_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < metrics[i]->n_outputs; k++) {
			const struct output *o = &metrics[i]->outputs[k];
			size_t n_fields = output_fields(o, fields);
			for (size_t f = 0; f < n_fields; f++)
				suggest(&near, path,
					arena_printf(p->r->arena, "%s%s%s", o->document,
						fields[f][0] ? "." : "", fields[f]));
		}
	}
	p->r->file = m->file;
	wrong(p->r, m->column->line, "warehouse: from: no metric keeps a number at '%.100s'%s",
		path, suggestion_text(&near, text));
}

static bool is_columnless(
	struct places *p, struct metric *const *metrics, size_t n, const struct metric *m)
{
	bool is_bad = false;

	for (size_t i = 0; m->column && i < m->column->n_from; i++) {
		if (has_path(metrics, n, m->column->from[i]))
			continue;
		no_such_path(p, metrics, n, m, m->column->from[i]);
		is_bad = true;
	}
	return is_bad;
}

static bool is_within_any(struct places *p, const struct metric *m)
{
	for (size_t k = 0; k < m->n_outputs; k++)
		if (is_within(p, m, &m->outputs[k]))
			return true;
	return false;
}

static size_t drop_wrong(struct places *p, struct metric **metrics, size_t *n)
{
	size_t n_all = *n;
	bool *is_bad = memory_alloc(n_all + 1, sizeof(bool));
	size_t kept = 0;

	for (size_t i = 0; i < n_all; i++)
		is_bad[i] = is_within_any(p, metrics[i]) ||
		            is_columnless(p, metrics, n_all, metrics[i]);
	for (size_t i = 0; i < n_all; i++)
		if (!is_bad[i])
			metrics[kept++] = metrics[i];
	free(is_bad);
	*n = kept;
	return n_all - kept;
}

size_t drop_conflicts(struct reader *r, struct metric **metrics, size_t *n)
{
	CLEANUP(places_release) struct places p = {.r = r};
	size_t dropped = drop_equal(&p, metrics, n);

	return dropped + drop_wrong(&p, metrics, n);
}
