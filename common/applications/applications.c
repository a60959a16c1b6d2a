// SPDX-License-Identifier: Apache-2.0
// Reading the rules and matching them.
#include "common/applications/applications.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "common/str.h"
#include "common/yaml.h"

#define MAX_RULES    5000
#define MAX_PATTERN  200
#define MAX_SCRIPT   65536
#define MAX_WORD     4096
#define MAX_WORDS    64
#define PRIORITY_MAX 100
#define UNKNOWN      "uncategorized"

struct reading {
	const char *path;
	struct arena *arena;
	struct error *err;
};

static int wrong(const struct reading *r, const struct yaml_node *at, const char *what)
{
	return error_set(r->err, EINVAL, "%s:%d: %s", r->path, at->line, what);
}

static int read_pattern(const struct reading *r, const struct yaml_node *node, const char **ret)
{
	if (node->kind != YAML_SCALAR || node->text[0] == '\0')
		return wrong(r, node, "a pattern is wanted here");
	if (strlen(node->text) > MAX_PATTERN)
		return wrong(r, node, "the pattern is too long");
	if (strspn(node->text, "*?") == strlen(node->text))
		return wrong(r, node, "the pattern matches everything");
	*ret = arena_strdup(r->arena, node->text);
	return 0;
}

// One pattern, or a list of them.
static int read_patterns(
	const struct reading *r, const struct yaml_node *node, struct pattern_list *to)
{
	size_t n = node->kind == YAML_LIST ? node->n : 1;
	if (node->kind == YAML_MAP)
		return wrong(r, node, "a pattern or a list of patterns is wanted here");
	const char **items = arena_array(r->arena, to->n + n + 1, sizeof(*items));
	if (to->n)
		memcpy(items, to->items, to->n * sizeof(*items));
	for (size_t i = 0; i < n; i++)
		TRY(read_pattern(
			r, node->kind == YAML_LIST ? node->items[i] : node, &items[to->n + i]));
	to->items = items;
	to->n += n;
	return 0;
}

static int read_priority(const struct reading *r, const struct yaml_node *node, long *ret)
{
	int64_t v = 0;
	if (node->kind != YAML_SCALAR || parse_i64(node->text, &v) < 0 || v > PRIORITY_MAX ||
		v < -PRIORITY_MAX)
		return wrong(r, node, "priority: a whole number from -100 to 100");
	*ret = (long)v;
	return 0;
}

static int read_rule(const struct reading *r, const struct yaml_node *node, struct application *ret)
{
	for (size_t i = 0; i < node->n; i++) {
		const char *key = node->keys[i]->text;
		const struct yaml_node *v = node->items[i];
		if (str_eq(key, "application")) {
			if (v->kind != YAML_SCALAR || v->text[0] == '\0' ||
				strlen(v->text) > MAX_PATTERN)
				return wrong(r, v, "application: a name is wanted here");
			ret->name = arena_strdup(r->arena, v->text);
		} else if (str_eq(key, "path")) {
			TRY(read_patterns(r, v, &ret->path));
		} else if (str_eq(key, "executable")) {
			TRY(read_patterns(r, v, &ret->executable));
		} else if (str_eq(key, "argument")) {
			TRY(read_patterns(r, v, &ret->argument));
		} else if (str_eq(key, "script")) {
			TRY(read_patterns(r, v, &ret->script));
		} else if (str_eq(key, "priority")) {
			TRY(read_priority(r, v, &ret->priority));
		} else {
			return wrong(r, node->keys[i],
				"unknown key; known are application, path, executable, argument, "
				"script, priority, ignore, interpreters, launchers");
		}
	}
	if (ret->path.n + ret->executable.n + ret->argument.n + ret->script.n == 0)
		return wrong(r, node, "the rule has no pattern");
	return 0;
}

// An item that is no rule: commands of some kind.
static int read_commands(
	const struct reading *r, const struct yaml_node *node, struct applications *x)
{
	const struct {
		const char *key;
		struct pattern_list *list;
	} kinds[] = {
		{"ignore", &x->ignored},
		{"interpreters", &x->interpreters},
		{"launchers", &x->launchers},
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (node->n == 1 && str_eq(node->keys[0]->text, kinds[i].key)) {
			TRY(read_patterns(r, node->items[0], kinds[i].list));
			return 1;
		}
	return 0;
}

struct ordered {
	struct application rule;
	size_t place;
};

static int by_priority(const void *a, const void *b)
{
	const struct ordered *x = a;
	const struct ordered *y = b;
	if (x->rule.priority != y->rule.priority)
		return x->rule.priority > y->rule.priority ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static void put_in_order(struct applications *x, struct ordered *all, size_t n, struct arena *a)
{
	for (size_t i = 0; i < x->n; i++)
		all[n + i] = (struct ordered){x->rules[i], n + i};
	n += x->n;
	if (n)
		qsort(all, n, sizeof(*all), by_priority);
	x->rules = arena_array(a, n + 1, sizeof(*x->rules));
	for (size_t i = 0; i < n; i++)
		x->rules[i] = all[i].rule;
	x->n = n;
}

int applications_load(struct applications *x, const char *path, struct arena *a, struct error *err)
{
	struct reading r = {.path = path, .arena = a, .err = err};
	struct yaml_node *root = NULL;
	size_t n = 0;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	TRY(yaml_load(path, a, &root, err));
	if (root == NULL)
		return 0;
	if (root->kind != YAML_LIST || root->n > MAX_RULES)
		return wrong(&r, root, "a list of rules is wanted here");
	struct ordered *all = arena_array(a, root->n + x->n + 1, sizeof(*all));
	for (size_t i = 0; i < root->n; i++) {
		const struct yaml_node *item = root->items[i];
		if (item->kind != YAML_MAP)
			return wrong(&r, item, "a rule is a mapping");
		int rc = read_commands(&r, item, x);
		TRY(rc);
		if (rc > 0)
			continue;
		all[n].place = n;
		TRY(read_rule(&r, item, &all[n].rule));
		if (all[n].rule.name == NULL)
			return wrong(&r, item, "the rule has no application");
		n++;
	}
	put_in_order(x, all, n, a);
	return 0;
}

static bool matches(const struct pattern_list *l, const char *text)
{
	for (size_t i = 0; i < l->n; i++)
		if (fnmatch(l->items[i], text, FNM_CASEFOLD) == 0)
			return true;
	return false;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

struct command {
	char text[MAX_WORD]; // cut into words
	const char *words[MAX_WORDS];
	size_t n;
};

static void split(const char *line, struct command *c)
{
	c->n = 0;
	(void)str_format(c->text, sizeof(c->text), "%.*s", MAX_WORD - 1, line);
	for (char *p = c->text; *p && c->n < MAX_WORDS;) {
		p += strspn(p, " \t");
		if (*p == '\0')
			break;
		c->words[c->n++] = p;
		p += strcspn(p, " \t");
		if (*p)
			*p++ = '\0';
	}
}

// The word of a command that says what it does: the argument of an interpreter or launcher that is
// no option; SIZE_MAX: none.
static size_t telling_word(const struct applications *x, const struct command *c)
{
	size_t i = 0;
	while (i < c->n) {
		const char *base = base_name(c->words[i]);
		if (!matches(&x->interpreters, base) && !matches(&x->launchers, base))
			return matches(&x->ignored, base) ? SIZE_MAX : i;
		bool is_launcher = matches(&x->launchers, base);
		size_t self = i++;
		while (i < c->n && c->words[i][0] == '-') {
			// "-m module" and "-jar file" name it; a launcher's "-n 4" has a value.
			bool names = str_eq(c->words[i], "-m") || str_eq(c->words[i], "-jar");
			if (!is_launcher && str_eq(c->words[i], "-c"))
				return self;
			i += is_launcher && !strchr(c->words[i], '=') && i + 1 < c->n &&
			     strspn(c->words[i + 1], "0123456789,:") == strlen(c->words[i + 1]);
			i++;
			if (names)
				break;
		}
		if (i >= c->n)
			return is_launcher ? SIZE_MAX : self;
	}
	return SIZE_MAX;
}

struct found {
	const struct application *rule;
	const char *from;
	const char *executable;
};

// Of each rule in order of priority, the places in order of how much they say.
static bool match_command(const struct applications *x, const struct command *c, size_t at,
	long least, struct found *ret)
{
	const char *word = c->words[at];
	const char *base = base_name(word);
	for (size_t i = 0; i < x->n && x->rules[i].priority >= least; i++) {
		const struct application *rule = &x->rules[i];
		*ret = (struct found){rule, NULL, base};
		if (matches(&rule->path, word))
			ret->from = "path";
		else if (matches(&rule->executable, base))
			ret->from = "executable";
		for (size_t k = 1; ret->from == NULL && k < c->n; k++)
			if (matches(&rule->argument, c->words[k]))
				ret->from = "argument";
		if (ret->from)
			return true;
	}
	return false;
}

static bool match_list(const struct applications *x, const struct doc *list, long least,
	const char **first, struct arena *a, struct found *ret)
{
	struct command *c = arena_alloc(a, sizeof(*c));
	for (size_t i = 0; list && list->kind == DOC_ARRAY && i < list->n; i++) {
		if (list->items[i]->kind != DOC_TEXT)
			continue;
		split(list->items[i]->text, c);
		size_t at = telling_word(x, c);
		if (at == SIZE_MAX)
			continue;
		if (*first == NULL)
			*first = arena_strdup(a, base_name(c->words[at]));
		if (match_command(x, c, at, least, ret)) {
			ret->executable = arena_strdup(a, ret->executable);
			return true;
		}
	}
	return false;
}

static bool match_script(const struct applications *x, const char *script, long least,
	struct arena *a, struct found *ret)
{
	char *rest = arena_strndup(a, script, strnlen(script, MAX_SCRIPT));
	for (char *line = strsep(&rest, "\r\n"); line; line = strsep(&rest, "\r\n")) {
		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			continue;
		for (size_t i = 0; i < x->n && x->rules[i].priority >= least; i++)
			if (matches(&x->rules[i].script, line)) {
				*ret = (struct found){&x->rules[i], "script", NULL};
				return true;
			}
	}
	return false;
}

// What is said to be of last resort (interpreters, shells), one degree after the other: a shell that
// was seen more often than the program that it started is not what the job is.
static bool match_last(const struct applications *x, const struct doc *list, const char *script,
	const char **first, struct arena *a, struct found *ret)
{
	for (size_t i = 0; i < x->n; i++) {
		long least = x->rules[i].priority;

		if (least >= 0 || (i > 0 && x->rules[i - 1].priority == least))
			continue;
		if (match_list(x, list, least, first, a, ret) ||
			match_script(x, script, least, a, ret))
			return true;
	}
	return false;
}

void applications_identify(
	const struct applications *x, const char *script, struct doc *root, struct arena *a)
{
	const struct doc *inside = doc_find(root, "procDump.constrained");
	const struct doc *outside = doc_find(root, "procDump.unconstrained");
	const char *first = NULL;
	struct found f = {0};
	bool is_found = false;
	script = script ? script : "";
	is_found = match_list(x, inside, 0, &first, a, &f) || match_script(x, script, 0, a, &f) ||
	           match_list(x, outside, 0, &first, a, &f) ||
	           match_last(x, inside, "", &first, a, &f) ||
	           match_last(x, NULL, script, &first, a, &f) ||
	           match_last(x, outside, "", &first, a, &f);
	if (!is_found && first == NULL)
		return;
	struct doc *d = doc_at(root, a, "application");
	doc_put_text(d, a, "name", is_found ? f.rule->name : UNKNOWN);
	doc_put_text(d, a, "from", is_found ? f.from : NULL);
	doc_put_text(d, a, "executable", is_found && f.executable ? f.executable : first);
}
