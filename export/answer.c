// SPDX-License-Identifier: Apache-2.0
// Asks warehouse.total() and warehouse.statistic(); joins the statistics of a section by the values of
// its dimension. No figure is worked out here.
#include "export/answer.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"
#include "common/map.h"
#include "common/str.h"

static const char ask_column[] =
	"SELECT s.realm, s.id, s.label, s.unit, s.help FROM warehouse.statistic s"
	" WHERE lower(s.realm) = lower($1) AND s.id = $2";
static const char ask_dimension[] =
	"SELECT d.label FROM warehouse.dimension d WHERE lower(d.realm) = lower($1) AND d.id = $2";
static const char ask_total[] = "SELECT value_id, dimension_value, value, coverage"
				" FROM warehouse.total($1, $2, $3, $4::date, $5::date, $6::jsonb)";
static const char ask_time[] =
	"SELECT g::date, NULL, s.value, s.coverage FROM generate_series("
	"date_trunc($3, $4::date::timestamp), $5::date::timestamp, ('1 ' || $3)::interval) g"
	" LEFT JOIN warehouse.statistic($1, $2, 'none', $3, $4::date, $5::date, $6::jsonb) s"
	" ON s.period = g::date ORDER BY g";
static const char make_filter[] =
	"SELECT jsonb_strip_nulls(jsonb_build_object('resource', $1::text))";

static const char no_id[] = "\x01"; // of a value that is not known, in the map of rows

struct asker {
	struct postgres *postgres;
	struct arena *arena;
	struct error *err;
	const char *filter;
	const struct period *period;
	char begin[DAY_TEXT_SIZE], end[DAY_TEXT_SIZE];
};

static const char *keep(const struct asker *k, const struct postgres_rows *rows, size_t i, size_t c)
{
	return arena_strdup(k->arena, postgres_text(rows, i, c));
}

static int find_column(const struct asker *k, const struct wanted *w, struct column *ret,
	const char *where, int line)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value values[] = {{.text = w->realm}, {.text = w->id}};

	TRY(postgres_query(k->postgres, ask_column, values, ARRAY_LEN(values), &rows, k->err));
	if (postgres_rows_count(rows) == 0)
		return error_at(k->err, EINVAL, where, line, "there is no statistic %s/%s",
			w->realm, w->id);
	*ret = (struct column){.realm = keep(k, rows, 0, 0),
		.id = keep(k, rows, 0, 1),
		.label = keep(k, rows, 0, 2),
		.unit = keep(k, rows, 0, 3),
		.help = keep(k, rows, 0, 4)};
	return 0;
}

static struct cell take_cell(const struct postgres_rows *rows, size_t i)
{
	struct cell c = {.coverage = NAN};
	const char *value = postgres_text(rows, i, 2);
	const char *coverage = postgres_text(rows, i, 3);

	c.is_known = value && parse_double(value, &c.value) == 0;
	if (!coverage || parse_double(coverage, &c.coverage) < 0)
		c.coverage = NAN;
	return c;
}

// dimension: "none" for one figure; NULL: over time, by unit.
static int ask(const struct asker *k, const struct column *c, const char *dimension,
	const char *unit, struct postgres_rows **ret)
{
	const struct postgres_value values[] = {{.text = c->realm}, {.text = c->id},
		{.text = dimension ? dimension : unit}, {.text = k->begin}, {.text = k->end},
		{.text = k->filter}};

	if (postgres_query(k->postgres, dimension ? ask_total : ask_time, values, ARRAY_LEN(values),
		    ret, k->err) < 0)
		return error_prefix(k->err, "%s/%s", c->realm, c->id);
	return 0;
}

static int ask_totals(const struct asker *k, struct answer *ret)
{
	ret->totals = arena_array(k->arena, ret->n_columns, sizeof(*ret->totals));
	for (size_t i = 0; i < ret->n_columns; i++) {
		CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

		TRY(ask(k, &ret->columns[i], "none", NULL, &rows));
		if (postgres_rows_count(rows) > 0)
			ret->totals[i] = take_cell(rows, 0);
	}
	return 0;
}

// ---- over time ----

static int ask_over_time(const struct asker *k, struct answer *ret)
{
	const char *unit = period_unit(k->period);

	ret->by = "Time";
	for (size_t c = 0; c < ret->n_columns; c++) {
		CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

		TRY(ask(k, &ret->columns[c], NULL, unit, &rows));
		if (c == 0) {
			ret->n_rows = postgres_rows_count(rows);
			ret->rows = arena_array(k->arena, ret->n_rows, sizeof(*ret->rows));
		}
		for (size_t i = 0; i < ret->n_rows; i++) {
			struct row *row = &ret->rows[i];
			char label[PERIOD_TEXT_SIZE];

			if (c == 0) {
				row->id = keep(k, rows, i, 0);
				TRY(parse_time(row->id, NULL, &row->day_s));
				row->label = arena_strdup(
					k->arena, period_label(row->day_s, unit, label));
				row->cells =
					arena_array(k->arena, ret->n_columns, sizeof(*row->cells));
			}
			row->cells[c] = take_cell(rows, i);
		}
	}
	return 0;
}

// ---- by a dimension ----

static struct row *row_of(const struct asker *k, struct map *rows, const struct postgres_rows *from,
	size_t i, size_t n_columns)
{
	const char *id = postgres_text(from, i, 0);
	struct row *row = map_get(rows, id ? id : no_id);

	if (row)
		return row;
	row = arena_alloc(k->arena, sizeof(*row));
	*row = (struct row){.id = arena_strdup(k->arena, id),
		.label = keep(k, from, i, 1),
		.cells = arena_array(k->arena, n_columns, sizeof(*row->cells))};
	map_put(rows, id ? row->id : no_id, row);
	return row;
}

// Values of a dimension that are numbers by these, others by their bytes; what is not known is last.
static int by_value(const void *a, const void *b)
{
	const struct row *x = ((const struct map_entry *)a)->value;
	const struct row *y = ((const struct map_entry *)b)->value;
	double u;
	double v;

	if (!x->id || !y->id)
		return !x->id - !y->id;
	if (parse_double(x->id, &u) == 0 && parse_double(y->id, &v) == 0)
		return (u > v) - (u < v);
	return strcmp(x->id, y->id);
}

static bool is_nothing(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (row->cells[i].is_known && row->cells[i].value != 0)
			return false;
	return true;
}

// Rows of zeros tell nothing.
static size_t drop_nothing(struct map_entry *entries, size_t n, size_t n_columns)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (!is_nothing(entries[i].value, n_columns))
			entries[left++] = entries[i];
	return left;
}

static int ask_by(const struct asker *k, struct map *found, struct answer *ret)
{
	const struct section *s = ret->section;

	for (size_t c = 0; c < ret->n_columns; c++) {
		CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

		TRY(ask(k, &ret->columns[c], s->dimension, NULL, &rows));
		for (size_t i = 0; i < postgres_rows_count(rows); i++)
			row_of(k, found, rows, i, ret->n_columns)->cells[c] = take_cell(rows, i);
	}
	found->n = drop_nothing(found->entries, found->n, ret->n_columns);
	if (s->in_order && found->entries)
		qsort(found->entries, found->n, sizeof(*found->entries), by_value);
	ret->n_rows = found->n < s->rows ? found->n : s->rows;
	ret->n_more = found->n - ret->n_rows;
	ret->rows = arena_array(k->arena, ret->n_rows, sizeof(*ret->rows));
	for (size_t i = 0; i < ret->n_rows; i++)
		ret->rows[i] = *(struct row *)found->entries[i].value;
	return 0;
}

static int ask_dimension_label(const struct asker *k, const char *where, struct answer *ret)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value values[] = {
		{.text = ret->columns[0].realm}, {.text = ret->section->dimension}};

	TRY(postgres_query(k->postgres, ask_dimension, values, ARRAY_LEN(values), &rows, k->err));
	if (postgres_rows_count(rows) == 0)
		return error_at(k->err, EINVAL, where, ret->section->line, "%s has no dimension %s",
			ret->columns[0].realm, ret->section->dimension);
	ret->by = keep(k, rows, 0, 0);
	return 0;
}

static int ask_section(
	const struct asker *k, const struct report *r, const struct section *s, struct answer *ret)
{
	CLEANUP(map_release) struct map rows = {0};

	*ret = (struct answer){.section = s, .n_columns = s->n_statistics};
	ret->columns = arena_array(k->arena, ret->n_columns, sizeof(*ret->columns));
	for (size_t i = 0; i < ret->n_columns; i++)
		TRY(find_column(k, &s->statistics[i], &ret->columns[i], r->file, s->line));
	TRY(ask_totals(k, ret));
	switch (s->kind) {
	case SECTION_TIME:
		return ask_over_time(k, ret);
	case SECTION_TABLE:
		TRY(ask_dimension_label(k, r->file, ret));
		return ask_by(k, &rows, ret);
	default:
		return 0;
	}
}

static int filter_for(struct asker *k, const char *cluster)
{
	static const char is_there[] = "SELECT FROM warehouse.cluster WHERE name = $1";
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *filter = NULL;
	const struct postgres_value value = {.text = cluster};

	if (cluster) {
		TRY(postgres_query(k->postgres, is_there, &value, 1, &rows, k->err));
		if (postgres_rows_count(rows) == 0)
			return error_set(
				k->err, EINVAL, "the warehouse knows no cluster %s", cluster);
	}
	TRY(postgres_query(k->postgres, make_filter, &value, 1, &filter, k->err));
	k->filter = keep(k, filter, 0, 0);
	return 0;
}

int chapter_ask(struct postgres *p, const struct report *r, const struct period *period,
	const char *cluster, struct arena *a, struct chapter *ret, struct error *err)
{
	struct asker k = {.postgres = p, .arena = a, .err = err, .period = period};

	format_day(period->begin_s, k.begin);
	format_day(period->end_s, k.end);
	TRY(filter_for(&k, cluster));
	ret->cluster = cluster;
	ret->answers = arena_array(a, r->n_sections, sizeof(*ret->answers));
	for (size_t i = 0; i < r->n_sections; i++)
		TRY(ask_section(&k, r, &r->sections[i], &ret->answers[i]));
	return 0;
}
