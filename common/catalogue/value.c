// SPDX-License-Identifier: Apache-2.0
// `value:` — one arithmetic text for all sources of a metric, or one for each.
#include "common/catalogue/draft.h"
#include "common/catalogue/suggest.h"

static const char *source_title(const struct draft *d, size_t i, char *buf, size_t size)
{
	const struct source *s = &d->m->sources[i];

	if (d->m->n_sources == 1)
		buf[0] = '\0';
	else if (s->name)
		str_format(buf, size, " (source '%s')", s->name);
	else
		str_format(buf, size, " (source %zu, line %d)", i + 1, s->line);
	return buf;
}

// A mistake that shows in several sources alike is told once: last is what was told before.
static struct expression *compile_one(
	struct draft *d, size_t i, const char *text, const char *what, int line, struct error *last)
{
	const struct source *s = &d->m->sources[i];
	const char *names[MAX_INPUTS];
	bool is_optional[MAX_INPUTS];
	struct expression *e = NULL;
	struct error err = {0};
	char title[96];

	for (size_t k = 0; k < s->n_inputs; k++) {
		names[k] = s->inputs[k].name;
		is_optional[k] = s->inputs[k].is_optional;
	}
	if (expression_compile_optional(
		    text, names, is_optional, s->n_inputs, d->r->arena, &e, &err) == 0)
		return e;
	if (!str_eq(err.text, last->text))
		wrong(d->r, line, "%s: %s%s", what, err.text,
			source_title(d, i, title, sizeof(title)));
	*last = err;
	return NULL;
}

struct expression **compile_for_all(struct draft *d, const char *text, const char *what, int line)
{
	struct expression **ret =
		arena_array(d->r->arena, d->m->n_sources + 1, sizeof(struct expression *));
	struct error last = {0};

	for (size_t i = 0; i < d->m->n_sources; i++)
		ret[i] = compile_one(d, i, text, what, line, &last);
	return ret;
}

static void check_source_names(struct draft *d, const struct yaml_node *map, const char *what)
{
	for (size_t k = 0; k < map->n; k++) {
		struct suggestion near = {0};
		bool is_known = false;
		char buf[SUGGESTION_TEXT_SIZE];

		for (size_t i = 0; i < d->m->n_sources; i++) {
			const char *name = d->m->sources[i].name;
			if (!name)
				continue;
			is_known = is_known || str_eq(name, map->keys[k]->text);
			suggest(&near, map->keys[k]->text, name);
		}
		if (!is_known)
			wrong(d->r, map->keys[k]->line, "%s: no source is called '%.60s'%s", what,
				map->keys[k]->text, suggestion_text(&near, buf));
	}
}

// What source i says about a value: what is asked for here, else its own, else the stanza's.
static const struct yaml_node *value_of_source(
	const struct draft *d, const struct yaml_node *node, size_t i)
{
	const struct yaml_node *own = d->source_values[i];

	if (!node && own)
		return own;
	if (!node)
		node = d->value;
	if (!node || node->kind != YAML_MAP)
		return node;
	return d->m->sources[i].name ? yaml_get(node, d->m->sources[i].name) : NULL;
}

struct expression **read_value(
	struct draft *d, const struct yaml_node *node, const char *what, int line)
{
	struct expression **ret =
		arena_array(d->r->arena, d->m->n_sources + 1, sizeof(struct expression *));
	const struct yaml_node *map = node ? node : d->value;
	unsigned before = d->r->n_wrong;
	struct error last = {0};
	bool any = false;

	if (map && map->kind == YAML_MAP)
		check_source_names(d, map, what);
	for (size_t i = 0; i < d->m->n_sources; i++) {
		const struct yaml_node *v = value_of_source(d, node, i);
		const char *text = v ? read_text(d->r, v, what) : NULL;
		if (text)
			ret[i] = compile_one(d, i, text, what, v->line, &last);
		any = any || ret[i];
	}
	if (!any && d->r->n_wrong == before)
		wrong(d->r, line, "%s: is missing", what);
	return ret;
}

void check_scope(struct draft *d, struct expression *const *value, enum scope over,
	const char *what, int line)
{
	if (over == SCOPE_NODE)
		return;
	for (size_t i = 0; i < d->m->n_sources; i++) {
		if (!value[i] || !expression_is_folded(value[i]))
			continue;
		wrong(d->r, line,
			"%s: '%.80s' is one number for the whole node, but over: %s wants one of each",
			what, expression_text(value[i]), scope_name(over));
		return;
	}
}
