// SPDX-License-Identifier: Apache-2.0
// `warehouse:` — the column of a metric, and how jobs are aggregated over it.
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/catalogue/paths.h"

#define MAX_COLUMN 55

// Every job has these in the views of the warehouse, or every table of PostgreSQL.
static const char *const reserved[] = {"account", "account_id", "accounting_energy_j",
	"application", "array_job", "array_task", "cluster", "cmax", "cmin", "core_hours", "cores",
	"coverage", "ctid", "document_id", "document_state", "eligible_time", "end_t", "end_time",
	"exit_code", "exit_signal", "gaps", "gpu_hours", "gpus", "is_shared", "job_id", "job_name",
	"limit_s", "local_id", "node_hours", "nodes", "partition", "person_id", "qos", "quality",
	"raw_id", "requested_cores", "requested_memory_bytes", "resets", "start_time", "state",
	"submit_time", "suspended_s", "tableoid", "username", "wait_s", "wall_s", "xmax", "xmin"};

struct raw_column {
	const char *name, *unit;
	const struct yaml_node *from;
	double scale;
	int type, aggregate, weight, also_per;
};

#define AT(member) offsetof(struct raw_column, member)
static const struct key column_keys[] = {
	{"column", KEY_TEXT, AT(name), NULL},
	{"from", KEY_ANY, AT(from), NULL},
	{"scale", KEY_NUMBER, AT(scale), NULL},
	{"unit", KEY_TEXT, AT(unit), NULL},
	{"type", KEY_WORD, AT(type), &words_type},
	{"aggregate", KEY_WORD, AT(aggregate), &words_aggregate},
	{"weight", KEY_WORD, AT(weight), &words_weight},
	{"also_per", KEY_WORD, AT(also_per), &words_weight},
};
#undef AT

static void read_from(struct draft *d, const struct yaml_node *node, struct column *c)
{
	struct yaml_node one = {.kind = YAML_LIST, .line = node->line, .n = 1};
	struct yaml_node *item = (struct yaml_node *)node;

	if (node->kind == YAML_SCALAR) {
		one.items = &item;
		node = &one;
	}
	if (node->kind != YAML_LIST || node->n == 0) {
		wrong(d->r, node->line, "warehouse: from: a path or a list of paths");
		return;
	}
	c->from = arena_array(d->r->arena, node->n, sizeof(*c->from));
	for (size_t i = 0; i < node->n; i++) {
		const char *path = read_text(d->r, node->items[i], "from");
		if (!path)
			continue;
		c->from[c->n_from++] = path; // whether something is there: conflict.c
	}
}

// Without `from`: the first number of the first output that is one number for the job.
static void find_from(struct draft *d, struct column *c, int line)
{
	const char *fields[PATHS_MAX_FIELDS];

	for (size_t i = 0; i < d->m->n_outputs; i++) {
		const struct output *o = &d->m->outputs[i];
		if (!o->document || strchr(o->document, '*') || output_fields(o, fields) == 0)
			continue;
		c->from = arena_array(d->r->arena, 1, sizeof(*c->from));
		c->from[0] = fields[0][0]
		                     ? arena_printf(d->r->arena, "%s.%s", o->document, fields[0])
		                     : o->document;
		c->n_from = 1;
		return;
	}
	wrong(d->r, line, "warehouse: from: nothing is kept here that is one number for the job");
}

static const char *default_name(struct arena *a, const char *metric)
{
	char *name = arena_strdup(a, metric);

	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '_';
	return name;
}

static void read_weight(struct draft *d, const struct raw_column *raw, struct column *c,
	const struct yaml_node *node)
{
	int line = node->line;
	bool is_weighted = raw->weight > WEIGHT_NONE;

	c->weight = is_weighted ? (enum weight)raw->weight : WEIGHT_NONE;
	c->aggregate = raw->aggregate >= 0 ? (enum aggregate)raw->aggregate
	               : is_weighted       ? AGGREGATE_MEAN
	                                   : AGGREGATE_SUM;
	if (!yaml_get(node, "weight") && !yaml_get(node, "aggregate"))
		wrong(d->r, line,
			"warehouse: say weight: (a mean over jobs) or aggregate: sum, max or min");
	else if (c->aggregate == AGGREGATE_MEAN && !is_weighted)
		wrong(d->r, line, "warehouse: a mean over jobs needs a weight");
	else if (c->aggregate != AGGREGATE_MEAN && is_weighted)
		wrong(d->r, line, "warehouse: aggregate: %s has no weight",
			aggregate_name(c->aggregate));
	c->also_per = raw->also_per > 0 ? (enum weight)raw->also_per : WEIGHT_NONE;
	if (c->also_per != WEIGHT_NONE && c->aggregate != AGGREGATE_SUM)
		wrong(d->r, line, "warehouse: also_per: only a sum can be divided by something");
}

static void check_name(struct reader *r, const char *name, int line)
{
	if (!is_name(name, false, MAX_COLUMN))
		wrong(r, line,
			"warehouse: '%.80s' is no column: small letters, digits and _, at most %d",
			name, MAX_COLUMN);
	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (str_eq(name, reserved[i]))
			wrong(r, line, "warehouse: every job has a column '%s' already", name);
}

static void check_scale(struct draft *d, const struct raw_column *raw, int line)
{
	if (raw->scale == 0)
		wrong(d->r, line, "warehouse: scale: 0 leaves nothing");
	else if (raw->scale != 1 && !raw->unit)
		wrong(d->r, line, "warehouse: a scaled column needs a unit of its own");
}

void read_column(struct draft *d, const struct yaml_node *node)
{
	struct raw_column raw = {
		.scale = 1, .type = -1, .aggregate = -1, .weight = -1, .also_per = -1};
	struct key_table table = {column_keys, ARRAY_LEN(column_keys), &raw};
	struct column *c = arena_alloc(d->r->arena, sizeof(*c));

	if (!read_map(d->r, node, "warehouse", &table, 1))
		return;
	c->line = node->line;
	c->name = raw.name ? raw.name : default_name(d->r->arena, d->m->name);
	check_name(d->r, c->name, node->line);
	check_scale(d, &raw, node->line);
	c->scale = raw.scale;
	c->unit = raw.unit ? raw.unit : d->m->unit;
	read_weight(d, &raw, c, node);
	c->is_double = raw.type < 0 ? c->aggregate == AGGREGATE_SUM : raw.type == 1;
	if (raw.from)
		read_from(d, raw.from, c);
	else
		find_from(d, c, node->line);
	d->m->column = c;
}
