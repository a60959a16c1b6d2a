// SPDX-License-Identifier: Apache-2.0
// `keep:` — what of a metric the document holds, and where.
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/catalogue/suggest.h"

#define MAX_DOCUMENT 200
#define MAX_ERROR    99 // the warehouse has other meanings for more
#define MAX_SKIP     1000

#define AT(member) offsetof(struct raw_output, member)
const struct key raw_output_keys[] = {
	{"document", KEY_ANY, AT(document), NULL},
	{"over", KEY_WORD, AT(over), &words_scope},
	{"time", KEY_WORD, AT(time), &words_time},
	{"skip", KEY_ANY, AT(skip), NULL},
	{"statistics", KEY_ANY, AT(statistics), NULL},
	{"errors", KEY_ANY, AT(errors), NULL},
	{"require", KEY_ANY, AT(require), NULL},
	{"every_node", KEY_YES, AT(every_node), NULL},
	{"shared", KEY_WORD, AT(shared), &words_shared},
	{"edges", KEY_WORD, AT(edges), &words_edges},
	{"value", KEY_ANY, AT(value), NULL},
};
#undef AT
const size_t raw_output_n_keys = ARRAY_LEN(raw_output_keys);

// SUPReMM's numbers (errors.py there): what a result is replaced by where it could not be had.
static const int usual_error[FAILURE_COUNT] = {
	[FAILURE_NONE] = 3,
	[FAILURE_SHORT] = 2,
	[FAILURE_PARTIAL] = 4,
	[FAILURE_UNBOUND] = 5,
	[FAILURE_RESET] = 6,
	[FAILURE_CHANGED] = 7,
};

// What the document holds beside the metrics.
static const char *const reserved[] = {"_id", "created", "acct", "summarization", "errors",
	"jobsight", "timeseries",
	// of the analyses
	"cores", "cpucategories", "catastrophe", "procDump", "application",
	"timeseries_patterns_gpfs", "timeseries_patterns_lustre"};

void raw_output_clear(struct raw_output *o, int line)
{
	*o = (struct raw_output){
		.line = line, .over = -1, .time = -1, .shared = -1, .every_node = -1, .edges = -1};
}

static bool check_component(const char *c, size_t n, bool is_device, size_t *n_stars)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-";

	if (n == 1 && *c == '*') {
		++*n_stars;
		return is_device && *n_stars == 1;
	}
	return n > 0 && strspn(c, allowed) >= n;
}

static bool is_reserved(const char *path, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (strlen(reserved[i]) == n && strncmp(path, reserved[i], n) == 0)
			return true;
	return false;
}

void check_document(struct reader *r, const char *path, bool is_device, int line)
{
	size_t n_stars = 0;

	if (strlen(path) > MAX_DOCUMENT) {
		wrong(r, line, "document: the path is longer than %d characters", MAX_DOCUMENT);
		return;
	}
	if (is_reserved(path, strcspn(path, ".")))
		wrong(r, line, "document: '%.*s' belongs to the document itself",
			(int)strcspn(path, "."), path);
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, ".");
		if (!check_component(p, n, is_device, &n_stars)) {
			wrong(r, line,
				"document: '%s' is no path: words of letters, digits, _ and - with dots "
				"between%s",
				path,
				n == 1 && *p == '*' ? "; one '*', for over: device or job gpu"
						    : "");
			return;
		}
		p += n;
		if (*p == '\0')
			return;
	}
}

static unsigned read_statistic(struct draft *d, const struct yaml_node *node)
{
	int i = read_word(d->r, node, "statistics", &words_statistic);

	return i < 0 ? 0 : 1u << i;
}

static unsigned read_statistics(struct draft *d, const struct yaml_node *node)
{
	unsigned keep = 0;

	if (!node)
		return STATISTIC_ALL;
	if (node->kind != YAML_LIST)
		return read_statistic(d, node);
	for (size_t i = 0; i < node->n; i++)
		keep |= read_statistic(d, node->items[i]);
	if (node->n == 0)
		wrong(d->r, node->line, "statistics: the list is empty");
	if ((keep & STATISTIC_VALUE) && keep != STATISTIC_VALUE)
		wrong(d->r, node->line,
			"statistics: 'value' is a bare number, so nothing can stand beside it");
	return keep;
}

static void read_skip(struct draft *d, const struct yaml_node *node, struct output *o)
{
	struct skip {
		const struct yaml_node *first, *last;
	} skip = {0};
	static const struct key keys[] = {
		{"first", KEY_ANY, offsetof(struct skip, first), NULL},
		{"last", KEY_ANY, offsetof(struct skip, last), NULL},
	};
	struct key_table table = {keys, ARRAY_LEN(keys), &skip};

	if (!read_map(d->r, node, "skip", &table, 1))
		return;
	if (skip.first)
		o->skip_first = (unsigned)read_count(d->r, skip.first, "skip: first", 0, MAX_SKIP);
	if (skip.last)
		o->skip_last = (unsigned)read_count(d->r, skip.last, "skip: last", 0, MAX_SKIP);
	if (o->time == TIME_WHOLE)
		wrong(d->r, node->line, "skip: time: whole has no samples to leave out");
}

static void read_errors(struct draft *d, const struct yaml_node *node, struct output *o)
{
	if (node->kind != YAML_MAP) {
		wrong(d->r, node->line,
			"errors: a mapping from failures to numbers is wanted here");
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		int failure = read_word(d->r, node->keys[i], "errors", &words_failure);
		long number = read_count(d->r, node->items[i], "errors", 1, MAX_ERROR);
		if (failure >= 0)
			o->error[failure] = (int)number;
	}
}

static void read_require(struct draft *d, const struct yaml_node *node, struct output *o)
{
	if (node->kind != YAML_MAP) {
		wrong(d->r, node->line, "require: a mapping from conditions to error numbers");
		return;
	}
	o->n_guards = node->n;
	o->guards = arena_array(d->r->arena, node->n, sizeof(struct guard));
	for (size_t i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->keys[i];
		o->guards[i].when = compile_for_all(d, key->text, "require", key->line);
		o->guards[i].error = (int)read_count(d->r, node->items[i], "require", 1, MAX_ERROR);
	}
}

// The path, or fallback where the stanza gives none.
static void read_document(
	struct draft *d, const struct raw_output *raw, const char *fallback, struct output *o)
{
	bool is_device = o->over == SCOPE_DEVICE || o->over == SCOPE_JOB_GPU;

	o->document = raw->document ? read_text(d->r, raw->document, "document") : fallback;
	o->line = raw->document ? raw->document->line : raw->line;
	if (o->document)
		check_document(d->r, o->document, is_device, o->line);
	else if (!raw->document)
		wrong(d->r, raw->line, "keep: document is missing");
}

static void build_output(
	struct draft *d, const struct raw_output *raw, const char *fallback, struct output *o)
{
	const struct yaml_node *value = raw->value ? raw->value : d->value;

	o->over = raw->over < 0 ? SCOPE_NODE : (enum scope)raw->over;
	o->time = raw->time < 0 ? TIME_WHOLE : (enum over_time)raw->time;
	o->every_node = raw->every_node > 0;
	o->is_kept_shared = raw->shared > 0;
	o->is_by_samples = raw->edges > 0;
	o->keep = read_statistics(d, raw->statistics);
	memcpy(o->error, usual_error, sizeof(usual_error));
	if (o->is_by_samples) // too few of them
		o->error[FAILURE_SHORT] = usual_error[FAILURE_NONE];
	if (raw->skip)
		read_skip(d, raw->skip, o);
	if (raw->errors)
		read_errors(d, raw->errors, o);
	o->value = read_value(d, raw->value, "value", raw->line);
	check_scope(d, o->value, o->over, "value", value ? value->line : raw->line);
	if (raw->require)
		read_require(d, raw->require, o);
	read_document(d, raw, fallback, o);
}

static void read_item(struct draft *d, const struct raw_output *shared,
	const struct yaml_node *node, struct output *o)
{
	struct raw_output raw = *shared; // what all of them share, unless said otherwise
	struct key_table table = {raw_output_keys, raw_output_n_keys, &raw};

	raw.line = node->line;
	raw.document = NULL;
	if (read_map(d->r, node, "keep", &table, 1))
		build_output(d, &raw, NULL, o);
}

static void read_keep(
	struct draft *d, const struct raw_output *shared, const struct yaml_node *keep)
{
	struct metric *m = d->m;

	if (shared->document)
		wrong(d->r, shared->document->line,
			"document: with keep, each of its items has its own");
	if (keep->kind != YAML_LIST || keep->n > MAX_OUTPUTS) {
		wrong(d->r, keep->line, "keep: a list of at most %d mappings is wanted here",
			MAX_OUTPUTS);
		return;
	}
	m->n_outputs = keep->n;
	m->outputs = arena_array(d->r->arena, keep->n + 1, sizeof(struct output));
	for (size_t i = 0; i < keep->n; i++)
		read_item(d, shared, keep->items[i], &m->outputs[i]);
}

void read_outputs(struct draft *d, const struct raw_output *shared, const struct yaml_node *keep)
{
	if (keep) {
		read_keep(d, shared, keep);
		return;
	}
	d->m->n_outputs = 1;
	d->m->outputs = arena_alloc(d->r->arena, sizeof(struct output));
	build_output(d, shared, d->m->name, &d->m->outputs[0]);
}
