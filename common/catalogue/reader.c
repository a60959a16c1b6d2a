// SPDX-License-Identifier: Apache-2.0
// Mappings of a stanza by table, and the one place that reports what is wrong.
#include "common/catalogue/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/catalogue/suggest.h"

void wrong(struct reader *r, int line, const char *fmt, ...)
{
	char text[400];
	struct error why = {0};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)error_at(&why, EINVAL, r->file, line, "%s", text);
	r->n_wrong++;
	if (r->problem && r->problem->bad)
		r->problem->bad(r->problem->context, &why);
}

const char *read_text(struct reader *r, const struct yaml_node *node, const char *what)
{
	if (node->kind != YAML_SCALAR)
		wrong(r, node->line, "%s: one text is wanted here, not a %s", what,
			node->kind == YAML_LIST ? "list" : "mapping");
	else if (node->text[0] == '\0')
		wrong(r, node->line, "%s: is empty", what);
	else
		return node->text;
	return NULL;
}

static void wrong_word(
	struct reader *r, int line, const char *what, const char *text, const struct words *words)
{
	CLEANUP(strbuf_release) struct strbuf list = {0};
	struct suggestion s = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	for (size_t i = 0; i < words->n; i++) {
		strbuf_printf(&list, "%s%s", i ? ", " : "", words->word[i]);
		suggest(&s, text, words->word[i]);
	}
	wrong(r, line, "%s: '%.60s' is none of: %s%s", what, text, strbuf_text(&list),
		suggestion_text(&s, buf));
}

int read_word(
	struct reader *r, const struct yaml_node *node, const char *what, const struct words *words)
{
	const char *text = read_text(r, node, what);
	int i;

	if (!text)
		return -1;
	i = words_find(words, text);
	if (i < 0)
		wrong_word(r, node->line, what, text, words);
	return i;
}

long read_count(
	struct reader *r, const struct yaml_node *node, const char *what, long least, long most)
{
	const char *text = read_text(r, node, what);
	int64_t v = 0;

	if (!text)
		return least - 1;
	if (parse_i64(text, &v) == 0 && v >= least && v <= most)
		return (long)v;
	wrong(r, node->line, "%s: '%.60s' is not a whole number from %ld to %ld", what, text, least,
		most);
	return least - 1;
}

static void read_yes(struct reader *r, const struct yaml_node *node, const char *what, int *ret)
{
	const char *text = read_text(r, node, what);
	bool v = false;

	if (!text)
		return;
	if (parse_bool(text, &v) < 0)
		wrong(r, node->line, "%s: '%.60s' is neither yes nor no", what, text);
	else
		*ret = v;
}

static void read_number(
	struct reader *r, const struct yaml_node *node, const char *what, double *ret)
{
	const char *text = read_text(r, node, what);

	if (text && parse_double(text, ret) < 0)
		wrong(r, node->line, "%s: '%.60s' is not a number", what, text);
}

static void read_key(
	struct reader *r, const struct key *k, const struct yaml_node *node, void *target)
{
	void *to = (char *)target + k->offset;

	switch (k->type) {
	case KEY_TEXT: {
		const char *text = read_text(r, node, k->name);
		if (text)
			*(const char **)to = text;
		break;
	}
	case KEY_WORD: {
		int i = read_word(r, node, k->name, k->words);
		if (i >= 0)
			*(int *)to = i;
		break;
	}
	case KEY_YES:
		read_yes(r, node, k->name, to);
		break;
	case KEY_NUMBER:
		read_number(r, node, k->name, to);
		break;
	case KEY_ANY:
		*(const struct yaml_node **)to = node;
		break;
	}
}

static bool find_key(struct reader *r, const struct yaml_node *key, const struct yaml_node *value,
	const struct key_table *tables, size_t n_tables)
{
	for (size_t t = 0; t < n_tables; t++) {
		for (size_t i = 0; i < tables[t].n; i++) {
			if (!str_eq(key->text, tables[t].keys[i].name))
				continue;
			read_key(r, &tables[t].keys[i], value, tables[t].target);
			return true;
		}
	}
	return false;
}

static void unknown_key(struct reader *r, const struct yaml_node *key, const char *what,
	const struct key_table *tables, size_t n_tables)
{
	struct suggestion s = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	if (strpbrk(key->text, "()")) { // { value: f(a, b) } is two keys for YAML
		wrong(r, key->line, "%s: '%.60s' is no key; a text with a comma needs quotes here",
			what, key->text);
		return;
	}
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < tables[t].n; i++)
			suggest(&s, key->text, tables[t].keys[i].name);
	wrong(r, key->line, "%s: unknown key '%.60s'%s", what, key->text, suggestion_text(&s, buf));
}

bool read_map(struct reader *r, const struct yaml_node *node, const char *what,
	const struct key_table *tables, size_t n_tables)
{
	if (node->kind != YAML_MAP) {
		wrong(r, node->line, "%s: a mapping (key: value) is wanted here", what);
		return false;
	}
	for (size_t i = 0; i < node->n; i++)
		if (!find_key(r, node->keys[i], node->items[i], tables, n_tables))
			unknown_key(r, node->keys[i], what, tables, n_tables);
	return true;
}

static bool is_name_character(char c, bool is_first)
{
	if (c >= 'a' && c <= 'z')
		return true;
	return !is_first && ((c >= '0' && c <= '9') || c == '_');
}

bool is_name(const char *s, bool is_dotted, size_t max)
{
	bool is_first = true;

	if (strlen(s) > max)
		return false;
	for (; *s; s++) {
		if (is_dotted && *s == '.' && !is_first) {
			is_first = true;
			continue;
		}
		if (!is_name_character(*s, is_first))
			return false;
		is_first = false;
	}
	return !is_first;
}
