// SPDX-License-Identifier: Apache-2.0
// One stanza: a list item of a catalogue file becomes a struct metric.
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/clock.h"

#define MAX_METRIC      63
#define MAX_ORDER       100000
#define EVERY_DEFAULT_S 30
#define EVERY_MOST_S    86400

struct raw_stanza {
	const char *metric, *label, *help, *unit;
	const struct yaml_node *from, *value, *keep, *series, *warehouse, *chart, *every;
	int audience, replace;
};

#define AT(member) offsetof(struct raw_stanza, member)
static const struct key stanza_keys[] = {
	{"metric", KEY_TEXT, AT(metric), NULL},
	{"label", KEY_TEXT, AT(label), NULL},
	{"help", KEY_TEXT, AT(help), NULL},
	{"unit", KEY_TEXT, AT(unit), NULL},
	{"from", KEY_ANY, AT(from), NULL},
	{"value", KEY_ANY, AT(value), NULL},
	{"keep", KEY_ANY, AT(keep), NULL},
	{"series", KEY_ANY, AT(series), NULL},
	{"warehouse", KEY_ANY, AT(warehouse), NULL},
	{"chart", KEY_ANY, AT(chart), NULL},
	{"every", KEY_ANY, AT(every), NULL},
	{"audience", KEY_WORD, AT(audience), &words_audience},
	{"replace", KEY_YES, AT(replace), NULL},
};
#undef AT

struct raw_series {
	const char *document, *label, *unit;
	int over, by, points;
	const struct yaml_node *value, *each;
	double scale;
};

#define AT(member) offsetof(struct raw_series, member)
static const struct key series_keys[] = {
	{"document", KEY_TEXT, AT(document), NULL},
	{"label", KEY_TEXT, AT(label), NULL},
	{"unit", KEY_TEXT, AT(unit), NULL},
	{"over", KEY_WORD, AT(over), &words_scope},
	{"by", KEY_WORD, AT(by), &words_by},
	{"points", KEY_WORD, AT(points), &words_points},
	{"value", KEY_ANY, AT(value), NULL},
	{"each", KEY_ANY, AT(each), NULL},
	{"scale", KEY_NUMBER, AT(scale), NULL},
};
#undef AT

struct raw_chart {
	const char *group;
	int kind;
	const struct yaml_node *order;
};

static const struct key chart_keys[] = {
	{"group", KEY_TEXT, offsetof(struct raw_chart, group), NULL},
	{"kind", KEY_WORD, offsetof(struct raw_chart, kind), &words_chart},
	{"order", KEY_ANY, offsetof(struct raw_chart, order), NULL},
};

static const char *series_name(struct arena *a, const char *metric)
{
	char *name = arena_strdup(a, metric);

	for (char *p = name; *p; p++)
		if (*p == '.')
			*p = '_';
	return name;
}

static void check_series_document(struct draft *d, const char *document, int line)
{
	static const char *const reserved[] = {"_id", "hosts", "version", "times"};

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
		if (str_eq(document, reserved[i]))
			wrong(d->r, line, "series: '%s' belongs to the document itself", document);
	if (strchr(document, '.'))
		wrong(d->r, line, "series: document: '%.80s' must be one word, without dots",
			document);
	else
		check_document(d->r, document, false, line);
}

// Lines of instances need an expression that has a value at each.
static void read_lines(struct draft *d, const struct raw_series *raw, struct series *s, int line)
{
	s->by_instance = raw->by >= 0;
	if (raw->each && !s->by_instance)
		wrong(d->r, raw->each->line, "series: each: say by: core or by: device too");
	if (!s->by_instance)
		return;
	if (raw->each)
		s->each = read_value(d, raw->each, "series: each", line);
	check_scope(d, s->each ? s->each : s->value, raw->by == 0 ? SCOPE_CORE : SCOPE_DEVICE,
		s->each ? "series: each" : "series: by", line);
}

static void read_series(struct draft *d, const struct yaml_node *node, int over)
{
	struct raw_series raw = {.over = over, .by = -1, .points = -1, .scale = 1};
	struct key_table table = {series_keys, ARRAY_LEN(series_keys), &raw};
	struct series *s = arena_alloc(d->r->arena, sizeof(*s));

	if (!read_map(d->r, node, "series", &table, 1))
		return;
	s->line = node->line;
	s->document = raw.document ? raw.document : series_name(d->r->arena, d->m->name);
	check_series_document(d, s->document, node->line);
	s->over = raw.over < 0 ? SCOPE_NODE : (enum scope)raw.over;
	s->value = read_value(d, raw.value, "series: value", node->line);
	check_scope(d, s->value, s->over, "series: value", node->line);
	s->label = raw.label ? raw.label : d->m->label;
	s->unit = raw.unit ? raw.unit : d->m->unit;
	s->is_picked = raw.points > 0;
	s->scale = raw.scale;
	if (s->scale == 0)
		wrong(d->r, node->line, "series: scale: 0 leaves nothing");
	read_lines(d, &raw, s, node->line);
	d->m->series = s;
}

static void read_chart(struct draft *d, const struct yaml_node *node)
{
	struct raw_chart raw = {.kind = 0};
	struct key_table table = {chart_keys, ARRAY_LEN(chart_keys), &raw};
	struct chart *c = arena_alloc(d->r->arena, sizeof(*c));

	if (!read_map(d->r, node, "chart", &table, 1))
		return;
	if (!raw.group)
		wrong(d->r, node->line, "chart: group is missing");
	c->group = raw.group;
	c->kind = words_chart.word[raw.kind];
	if (raw.order)
		c->order = (int)read_count(d->r, raw.order, "chart: order", 0, MAX_ORDER);
	bool is_over_time =
		str_eq(c->kind, "line") || str_eq(c->kind, "area") || str_eq(c->kind, "band");
	if (is_over_time && !d->m->series)
		wrong(d->r, node->line, "chart: a %s needs a series", c->kind);
	d->m->chart = c;
}

static int64_t read_every(struct reader *r, const struct yaml_node *node)
{
	const char *text = read_text(r, node, "every");
	int64_t s = EVERY_DEFAULT_S;

	if (!text)
		return s;
	if (str_eq(text, "once"))
		return 0;
	if (parse_duration(text, &s) < 0 || s < 1 || s > EVERY_MOST_S)
		wrong(r, node->line,
			"every: '%.40s' is neither a time up to a day, as 30s, nor once", text);
	return s;
}

static void check_texts(struct reader *r, const struct metric *m, const struct yaml_node *node)
{
	static const char *const needed[] = {"metric", "label", "help", "unit"};

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!yaml_get(node, needed[i]))
			wrong(r, node->line, "%s is missing", needed[i]);
	if (m->name && !is_name(m->name, true, MAX_METRIC))
		wrong(r, node->line,
			"metric: '%.80s' must be small letters, digits and _, with dots between, "
			"at most %d",
			m->name, MAX_METRIC);
}

// A stanza without sources may name a column more of what other stanzas keep, and no other thing.
static void read_column_alone(struct draft *d, const struct raw_stanza *raw, int line)
{
	if (!raw->warehouse || raw->value || raw->keep || raw->series) {
		wrong(d->r, line, "from is missing");
		return;
	}
	read_column(d, raw->warehouse);
	if (raw->chart)
		read_chart(d, raw->chart);
}

// All that needs the sources; without them nothing else can be judged.
static void read_rest(
	struct draft *d, const struct raw_stanza *raw, const struct raw_output *shared, int line)
{
	if (!raw->from) {
		read_column_alone(d, raw, line);
		return;
	}
	read_outputs(d, shared, raw->keep);
	if (raw->series)
		read_series(d, raw->series, shared->over);
	if (raw->warehouse)
		read_column(d, raw->warehouse);
	if (raw->chart)
		read_chart(d, raw->chart);
	if (d->m->n_outputs == 0 && !raw->series)
		wrong(d->r, line, "nothing is kept of this metric: neither keep nor series");
}

bool read_stanza(struct reader *r, const struct yaml_node *node, struct stanza *ret)
{
	struct raw_stanza raw = {.audience = AUDIENCE_OWN};
	struct raw_output shared;
	struct key_table tables[] = {
		// `value` is in both: the first, the stanza's own, gets it
		{stanza_keys, ARRAY_LEN(stanza_keys), &raw},
		{raw_output_keys, raw_output_n_keys, &shared},
	};
	struct metric *m = arena_alloc(r->arena, sizeof(*m));
	struct draft d = {.r = r, .m = m};

	r->n_wrong = 0;
	raw_output_clear(&shared, node->line);
	if (!read_map(r, node, "stanza", tables, ARRAY_LEN(tables)))
		return false;
	*m = (struct metric){.name = raw.metric,
		.label = raw.label,
		.help = raw.help,
		.unit = raw.unit,
		.audience = (enum audience)raw.audience,
		.every_s = raw.every ? read_every(r, raw.every) : EVERY_DEFAULT_S,
		.file = r->file,
		.line = node->line};
	check_texts(r, m, node);
	d.value = raw.value;
	unsigned before = r->n_wrong;
	if (raw.from)
		read_sources(&d, raw.from);
	if (m->name && r->n_wrong == before)
		read_rest(&d, &raw, &shared, node->line);
	*ret = (struct stanza){.metric = m, .is_replacing = raw.replace};
	return r->n_wrong == 0;
}
