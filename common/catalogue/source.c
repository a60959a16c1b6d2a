// SPDX-License-Identifier: Apache-2.0
// `from:` — the sources of a metric and their inputs.
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/catalogue/suggest.h"

#define MAX_NAME 40

struct raw_source {
	const struct yaml_node *pcp, *prometheus, *optional, *counter, *bits, *value;
	const char *name, *instance;
	double scale;
};

#define AT(member) offsetof(struct raw_source, member)
static const struct key source_keys[] = {
	{"pcp", KEY_ANY, AT(pcp), NULL},
	{"prometheus", KEY_ANY, AT(prometheus), NULL},
	{"optional", KEY_ANY, AT(optional), NULL},
	{"counter", KEY_ANY, AT(counter), NULL},
	{"bits", KEY_ANY, AT(bits), NULL},
	{"value", KEY_ANY, AT(value), NULL},
	{"name", KEY_TEXT, AT(name), NULL},
	{"instance", KEY_TEXT, AT(instance), NULL},
	{"scale", KEY_NUMBER, AT(scale), NULL},
};
#undef AT

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word_character(char c)
{
	return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
}

// A PCP name: words that begin with a letter, dots between them.
static bool is_pcp_name(const char *s)
{
	while (is_letter(*s)) {
		while (is_word_character(*s))
			s++;
		if (*s == '\0')
			return true;
		if (*s++ != '.')
			return false;
	}
	return false;
}

// {host} and its like: a word alone between braces, which PromQL itself has no use for.
static void check_placeholder(struct reader *r, const char *brace, int line)
{
	static const char *const known[] = {"host", "job", "cgroup"};
	char word[MAX_NAME];
	char buf[SUGGESTION_TEXT_SIZE];
	size_t n = strspn(brace + 1, "abcdefghijklmnopqrstuvwxyz_");
	struct suggestion s = {0};

	if (n == 0 || n >= sizeof(word) || brace[1 + n] != '}')
		return;
	memcpy(word, brace + 1, n);
	word[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_eq(word, known[i]))
			return;
		suggest(&s, word, known[i]);
	}
	wrong(r, line,
		"prometheus: there is no placeholder {%s}, only {host}, {job} and {cgroup}%s", word,
		suggestion_text(&s, buf));
}

// The end of a quoted text, or NULL.
static const char *skip_quoted(const char *p)
{
	char quote = *p++;

	for (; *p && *p != quote; p++)
		if (*p == '\\' && quote != '`' && p[1])
			p++;
	return *p ? p : NULL;
}

// Brackets and quotes that do not match are the mistakes that a YAML file makes easy.
static bool check_brackets(const char *text)
{
	char open[32];
	size_t depth = 0;

	for (const char *p = text; *p; p++) {
		const char *closing = strchr(")}]", *p);
		if (strchr("\"'`", *p)) {
			p = skip_quoted(p);
			if (!p)
				return false;
		} else if (strchr("({[", *p)) {
			if (depth == sizeof(open))
				return false;
			open[depth++] = *p == '(' ? ')' : *p == '{' ? '}' : ']';
		} else if (closing && (depth == 0 || open[--depth] != *p)) {
			return false;
		}
	}
	return depth == 0;
}

static void check_query(struct reader *r, const char *text, int line)
{
	for (const char *p = strchr(text, '{'); p; p = strchr(p + 1, '{'))
		check_placeholder(r, p, line);
	if (!check_brackets(text))
		wrong(r, line, "prometheus: brackets or quotes of '%.100s' do not match", text);
}

static void check_metric(struct reader *r, enum source_kind kind, const char *text, int line)
{
	if (kind == SOURCE_PROMETHEUS)
		check_query(r, text, line);
	else if (!is_pcp_name(text))
		wrong(r, line, "pcp: '%.100s' is not the name of a PCP metric", text);
}

static void check_input_name(struct reader *r, const struct yaml_node *key)
{
	if (!is_name(key->text, false, MAX_NAME))
		wrong(r, key->line, "input '%.60s': a name has small letters, digits and _ only",
			key->text);
	else if (expression_is_reserved(key->text))
		wrong(r, key->line, "input '%s': this word has a meaning in expressions",
			key->text);
}

static struct input *find_input(struct source *s, const char *name)
{
	for (size_t i = 0; i < s->n_inputs; i++)
		if (str_eq(s->inputs[i].name, name))
			return &s->inputs[i];
	return NULL;
}

static void read_inputs(struct reader *r, struct source *s, const struct yaml_node *map,
	const char *what, bool is_optional)
{
	if (map->kind != YAML_MAP || map->n == 0) {
		wrong(r, map->line, "%s: a mapping from names to metrics is wanted here", what);
		return;
	}
	if (s->n_inputs + map->n > MAX_INPUTS) {
		wrong(r, map->line, "%s: a source has at most %d inputs", what, MAX_INPUTS);
		return;
	}
	for (size_t i = 0; i < map->n; i++) {
		const char *metric = read_text(r, map->items[i], map->keys[i]->text);
		check_input_name(r, map->keys[i]);
		if (find_input(s, map->keys[i]->text))
			wrong(r, map->keys[i]->line, "input '%s' is there twice",
				map->keys[i]->text);
		if (!metric)
			continue;
		check_metric(r, s->kind, metric, map->items[i]->line);
		s->inputs[s->n_inputs++] = (struct input){
			.name = map->keys[i]->text,
			.metric = metric,
			.is_optional = is_optional,
		};
	}
}

static struct input *named_input(
	struct reader *r, struct source *s, const struct yaml_node *node, const char *what)
{
	const char *text = read_text(r, node, what);
	struct input *input = text ? find_input(s, text) : NULL;
	struct suggestion near = {0};
	char buf[SUGGESTION_TEXT_SIZE];

	if (!text || input)
		return input;
	for (size_t i = 0; i < s->n_inputs; i++)
		suggest(&near, text, s->inputs[i].name);
	wrong(r, node->line, "%s: the source has no input '%.60s'%s", what, text,
		suggestion_text(&near, buf));
	return NULL;
}

// `counter: yes` or a list of inputs.
static void read_counter(struct reader *r, struct source *s, const struct yaml_node *node)
{
	bool all = false;

	if (s->kind == SOURCE_PCP) {
		wrong(r, node->line, "counter: PCP knows by itself which metrics are counters");
		return;
	}
	if (node->kind == YAML_SCALAR && parse_bool(node->text, &all) == 0) {
		for (size_t i = 0; i < s->n_inputs; i++)
			s->inputs[i].is_counter = all;
		return;
	}
	if (node->kind != YAML_LIST) {
		wrong(r, node->line, "counter: 'yes' or a list of inputs is wanted here");
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct input *input = named_input(r, s, node->items[i], "counter");
		if (input)
			input->is_counter = true;
	}
}

// `bits: 48` for all inputs, or {input: 48}.
static void read_bits(struct reader *r, struct source *s, const struct yaml_node *node)
{
	if (node->kind == YAML_SCALAR) {
		long bits = read_count(r, node, "bits", 8, 64);
		for (size_t i = 0; i < s->n_inputs; i++)
			s->inputs[i].bits = (uint8_t)bits;
		return;
	}
	if (node->kind != YAML_MAP) {
		wrong(r, node->line, "bits: a number, or a mapping from inputs to numbers");
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		struct input *input = named_input(r, s, node->keys[i], "bits");
		long bits = read_count(r, node->items[i], "bits", 8, 64);
		if (input)
			input->bits = (uint8_t)bits;
	}
}

// Whether braces hold labels and brackets stand in pairs, not in one another.
static bool is_template(const char *p)
{
	bool is_open = false;

	for (p += strcspn(p, "{}[]"); *p; p += strcspn(p, "{}[]")) {
		size_t n = 1;
		if (*p == '[' || *p == ']') {
			if (is_open == (*p == '['))
				return false;
			is_open = !is_open;
		} else {
			while (is_word_character(p[n]))
				n++;
			if (*p == '}' || n == 1 || p[n++] != '}')
				return false;
		}
		p += n;
	}
	return !is_open;
}

// "{device}:{port}" as it is; a label alone stands for "{label}".
static const char *instance_template(struct reader *r, const char *text, int line)
{
	if (!strpbrk(text, "{}[]")) {
		if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789")])
			wrong(r, line, "instance: '%.60s' is not a label", text);
		return arena_printf(r->arena, "{%s}", text);
	}
	if (!is_template(text))
		wrong(r, line, "instance: '%.60s' needs labels in braces, as in 'cpu{cpu}'", text);
	return text;
}

static void read_details(struct draft *d, const struct raw_source *raw, struct source *s)
{
	struct reader *r = d->r;

	if (raw->counter)
		read_counter(r, s, raw->counter);
	if (raw->bits)
		read_bits(r, s, raw->bits);
	if (raw->instance && s->kind == SOURCE_PCP)
		wrong(r, s->line, "instance: PCP names its instances by itself");
	else if (raw->instance)
		s->instance = instance_template(r, raw->instance, s->line);
	if (raw->scale == 0)
		wrong(r, s->line, "scale: 0 leaves nothing");
	if (raw->name && !is_name(raw->name, false, MAX_NAME))
		wrong(r, s->line, "name: '%.60s' must be small letters, digits and _", raw->name);
}

static void check_source_name(struct draft *d, const struct source *s)
{
	for (const struct source *other = d->m->sources; other < s; other++)
		if (s->name && str_eq(s->name, other->name))
			wrong(d->r, s->line, "from: two sources are called '%s'", s->name);
}

static void read_source(struct draft *d, const struct yaml_node *node, size_t i)
{
	struct raw_source raw = {.scale = 1};
	struct key_table table = {source_keys, ARRAY_LEN(source_keys), &raw};
	struct source *s = &d->m->sources[i];
	struct reader *r = d->r;

	s->line = node->line;
	if (!read_map(r, node, "from", &table, 1))
		return;
	if (!raw.pcp == !raw.prometheus) {
		wrong(r, node->line, "from: a source needs either pcp or prometheus");
		return;
	}
	s->kind = raw.pcp ? SOURCE_PCP : SOURCE_PROMETHEUS;
	s->name = raw.name;
	s->scale = raw.scale;
	s->inputs = arena_array(r->arena, MAX_INPUTS, sizeof(struct input));
	d->source_values[i] = raw.value;
	if (raw.pcp)
		read_inputs(r, s, raw.pcp, "pcp", false);
	else
		read_inputs(r, s, raw.prometheus, "prometheus", false);
	if (raw.optional)
		read_inputs(r, s, raw.optional, "optional", true);
	read_details(d, &raw, s);
	check_source_name(d, s);
}

void read_sources(struct draft *d, const struct yaml_node *from)
{
	struct yaml_node one = {.kind = YAML_LIST, .line = from->line, .n = 1};
	struct yaml_node *item = (struct yaml_node *)from;
	struct metric *m = d->m;

	if (from->kind == YAML_MAP) { // one source need not be a list
		one.items = &item;
		from = &one;
	}
	if (from->kind != YAML_LIST || from->n == 0 || from->n > MAX_SOURCES) {
		wrong(d->r, from->line, "from: a list of 1 to %d sources is wanted here",
			MAX_SOURCES);
		return;
	}
	m->n_sources = from->n;
	m->sources = arena_array(d->r->arena, from->n, sizeof(struct source));
	d->source_values = arena_array(d->r->arena, from->n, sizeof(struct yaml_node *));
	for (size_t i = 0; i < from->n; i++)
		read_source(d, from->items[i], i);
}
