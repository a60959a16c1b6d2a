// SPDX-License-Identifier: Apache-2.0
// Asks. What is asked for are parameters; the warehouse makes SQL of its own words alone.
#include "query/answer.h"

#include <errno.h>

#include "common/document/document.h"
#include "common/map.h"
#include "common/postgres/postgres.h"
#include "common/str.h"

#define FIGURE " f.value_id, f.dimension_value, f.value::text, f.coverage::text FROM warehouse."

static const char over_time[] = "SELECT f.period::text," FIGURE
				"statistic($1, $2, $3, $4, $5::date, $6::date, $7::jsonb) f";
static const char in_all[] =
	"SELECT f.period::text," FIGURE "total($1, $2, $3, $4::date, $5::date, $6::jsonb) f";
static const char in_public[] =
	"SELECT f.period::text, NULL, f.dimension_value, f.value::text, NULL"
	" FROM warehouse.public_statistic($1, $2, $3, $4::date, $5::date) f";
static const char sql_of[] =
	"SELECT warehouse.question_sql(warehouse.find_question($1, $2, $3, $4, $6::boolean, $5::jsonb,"
	" warehouse.asker_sees_all()))";

static bool is_total(const struct question *q)
{
	return str_eq(q->unit, "total");
}

static const char *filters_json(const struct question *q, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct doc *all = doc_object(a);

	for (size_t i = 0; i < q->n_filters; i++)
		doc_put_text(all, a, q->filters[i].dimension, q->filters[i].value);
	doc_to_json(all, false, false, &text);
	return arena_strdup(a, strbuf_text(&text));
}

static const char *copied(struct arena *a, const char *text)
{
	return text ? arena_strdup(a, text) : NULL;
}

static void take_rows(const struct postgres_rows *rows, struct arena *a, struct answer *ret)
{
	ret->n = postgres_rows_count(rows);
	ret->rows = arena_array(a, ret->n, sizeof(*ret->rows));
	for (size_t i = 0; i < ret->n; i++)
		ret->rows[i] = (struct answer_row){.period = copied(a, postgres_text(rows, i, 0)),
			.id = copied(a, postgres_text(rows, i, 1)),
			.name = copied(a, postgres_text(rows, i, 2)),
			.value = copied(a, postgres_text(rows, i, 3)),
			.coverage = copied(a, postgres_text(rows, i, 4))};
}

static int ask(struct postgres *p, const struct question *q, bool total, struct arena *a,
	struct answer *ret, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	struct postgres_value values[7] = {
		{.text = q->realm->id}, {.text = q->statistic->id}, {.text = q->dimension->id}};
	size_t n = 3;

	if (!q->is_public && !total)
		values[n++].text = q->unit;
	values[n++].text = q->period.since;
	values[n++].text = q->period.until;
	if (!q->is_public)
		values[n++].text = filters_json(q, a);
	TRY(postgres_query(p,
		q->is_public ? in_public
		: total      ? in_all
			     : over_time,
		values, n, &rows, err));
	take_rows(rows, a, ret);
	return 0;
}

static const char *key_of(const struct answer_row *r)
{
	return r->id ? r->id : "";
}

// Leaves the rows of those values of the dimension that are first over the whole time.
static int keep_top(struct postgres *p, const struct question *q, struct arena *a,
	struct answer *answer, struct error *err)
{
	CLEANUP(map_release) struct map kept = {0};
	struct answer all;
	size_t n = 0;

	TRY(ask(p, q, true, a, &all, err));
	for (size_t i = 0; i < all.n && i < q->top; i++)
		map_put(&kept, key_of(&all.rows[i]), &all.rows[i]);
	for (size_t i = 0; i < answer->n; i++)
		if (map_get(&kept, key_of(&answer->rows[i])))
			answer->rows[n++] = answer->rows[i];
	answer->n = n;
	answer->left_out = all.n > q->top ? all.n - q->top : 0;
	return 0;
}

int answer_get(struct postgres *p, const struct question *q, struct arena *a, struct answer *ret,
	struct error *err)
{
	struct answer answer = {0};

	TRY(ask(p, q, is_total(q), a, &answer, err));
	if (q->top)
		TRY(keep_top(p, q, a, &answer, err));
	*ret = answer;
	return 0;
}

int answer_sql(struct postgres *p, const struct question *q, struct arena *a, const char **ret,
	struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value values[] = {{.text = q->realm->id}, {.text = q->statistic->id},
		{.text = q->dimension->id}, {.text = is_total(q) ? "day" : q->unit},
		{.text = filters_json(q, a)}, {.text = is_total(q) ? "true" : "false"}};

	TRY(postgres_query(p, sql_of, values, ARRAY_LEN(values), &rows, err));
	*ret = copied(a, postgres_text(rows, 0, 0));
	return 0;
}
