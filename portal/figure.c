// SPDX-License-Identifier: Apache-2.0
// Asks for figures and turns rows of (period, value) into lines.
#include "portal/figure.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/map.h"
#include "portal/field.h"

const struct doc *figure_word(const struct rows *words, const char *id)
{
	for (size_t i = 0; id && i < words->n; i++)
		if (str_eq(field_text(words->items[i], "id"), id))
			return words->items[i];
	return NULL;
}

static const char *known_or_first(const struct rows *words, const char *id)
{
	if (figure_word(words, id) || words->n == 0)
		return id;
	return field_text(words->items[0], "id");
}

int figure_words_load(struct session *s, struct arena *a, struct figure_question *q,
	struct figure_words *ret, struct error *err)
{
	const char *params[2] = {q->is_public ? "yes" : NULL};

	TRY(session_query(s, STATEMENT_REALMS, params, a, &ret->realms, err));
	q->realm = known_or_first(&ret->realms, q->realm);
	params[1] = params[0];
	params[0] = q->realm;
	TRY(session_query(s, STATEMENT_STATISTICS, params, a, &ret->statistics, err));
	TRY(session_query(s, STATEMENT_DIMENSIONS, params, a, &ret->dimensions, err));
	if (ret->statistics.n == 0 || ret->dimensions.n == 0)
		return error_set(err, ENOENT, "There is nothing that you may ask for.");
	q->statistic = known_or_first(&ret->statistics, q->statistic);
	q->dimension = known_or_first(&ret->dimensions, q->dimension);
	if (!q->only_by || !q->only || !figure_word(&ret->dimensions, q->only_by))
		q->only_by = q->only = NULL;
	return 0;
}

static int ask(struct session *s, struct arena *a, enum statement statement,
	const struct figure_question *q, const char *dimension, struct rows *ret, struct error *err)
{
	const char *params[] = {q->realm, q->statistic, dimension, q->unit, q->since, q->until,
		q->only_by, q->only, arena_printf(a, "%zu", q->n_leaders)};
	const char *open[] = {q->realm, q->statistic, dimension, q->since, q->until};

	return session_query(
		s, statement, statement == STATEMENT_FIGURE_PUBLIC ? open : params, a, ret, err);
}

struct builder {
	struct arena *arena;
	struct figure *figure;
	struct map lines; // by id
	const struct rows *rows;
	const struct rows *times; // rows that have every period
	size_t room;
	size_t n_values; // lines that there are, whether asked for or not; 0: all are here
};

static const char *id_of(const struct doc *row)
{
	return field_text(row, "id");
}

static struct figure_line *add_line(struct builder *b, const struct doc *row)
{
	struct figure_line *line = map_get(&b->lines, id_of(row));

	if (line)
		return line;
	line = &b->figure->lines[b->figure->n_lines++];
	*line = (struct figure_line){.id = id_of(row),
		.name = field_text(row, "name"),
		.total = NAN,
		.coverage = NAN,
		.values = arena_array(b->arena, b->room, sizeof(double))};
	for (size_t i = 0; i < b->room; i++)
		line->values[i] = NAN;
	map_put(&b->lines, line->id, line);
	return line;
}

static void find_periods(struct builder *b)
{
	struct figure *f = b->figure;

	f->periods = arena_array(b->arena, b->times->n, sizeof(*f->periods));
	for (size_t i = 0; i < b->times->n; i++) { // rows come in the order of time
		const char *period = field_text(b->times->items[i], "period");

		if (f->n_periods == 0 || !str_eq(f->periods[f->n_periods - 1], period))
			f->periods[f->n_periods++] = period;
	}
}

static void take_rows(struct builder *b)
{
	struct figure *f = b->figure;
	size_t at = 0;

	find_periods(b);
	b->room = f->n_periods;
	f->lines = arena_array(b->arena, b->rows->n + 1, sizeof(*f->lines));
	for (size_t i = 0; i < b->rows->n; i++) {
		const struct doc *row = b->rows->items[i];
		struct figure_line *line = add_line(b, row);

		while (!str_eq(f->periods[at], field_text(row, "period")))
			at++;
		line->values[at] = field_number(row, "value");
		if (f->n_periods == 1 && b->times == b->rows) {
			line->total = line->values[0];
			line->coverage = field_number(row, "coverage");
		}
	}
}

static void take_totals(struct builder *b, const struct rows *totals)
{
	for (size_t i = 0; i < totals->n; i++) {
		struct figure_line *line = map_get(&b->lines, id_of(totals->items[i]));

		if (!line)
			continue;
		line->total = field_number(totals->items[i], "value");
		line->coverage = field_number(totals->items[i], "coverage");
	}
}

static double sum_of(const double *values, size_t n)
{
	double sum = NAN;

	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			sum = isnan(sum) ? values[i] : sum + values[i];
	return sum;
}

static int by_total(const void *left, const void *right)
{
	const struct figure_line *a = left;
	const struct figure_line *b = right;
	double x = isnan(a->total) ? -HUGE_VAL : a->total;
	double y = isnan(b->total) ? -HUGE_VAL : b->total;

	return (x < y) - (x > y);
}

// Puts the lines from n on into one, where they may be added up.
static void fold_rest(struct figure *f, struct arena *a, size_t n)
{
	struct figure_line rest = {.id = "", .is_rest = true, .total = NAN, .coverage = NAN};

	if (f->n_lines <= n + 1)
		return;
	f->n_left_out = f->n_lines - n;
	rest.name = arena_printf(a, "%zu others", f->n_left_out);
	rest.values = f->lines[n].values;
	for (size_t i = n; i < f->n_lines; i++) {
		const double pair[] = {rest.total, f->lines[i].total};

		rest.total = sum_of(pair, 2);
		for (size_t k = 0; i > n && k < f->n_periods; k++) {
			const double both[] = {rest.values[k], f->lines[i].values[k]};

			rest.values[k] = sum_of(both, 2);
		}
	}
	f->n_lines = n;
	if (f->is_additive) {
		f->lines[f->n_lines++] = rest;
		f->n_left_out = 0;
	}
}

// The same where the rest was not asked for: what all have together less what the lines have.
static void leave_rest(struct builder *b, size_t n)
{
	struct figure *f = b->figure;
	struct figure_line rest = {.id = "", .is_rest = true, .total = f->total, .coverage = NAN};

	if (b->n_values <= n + 1)
		return;
	if (f->n_lines > n)
		f->n_lines = n;
	f->n_left_out = b->n_values - f->n_lines;
	if (!f->is_additive)
		return;
	rest.name = arena_printf(b->arena, "%zu others", f->n_left_out);
	rest.values = arena_array(b->arena, b->room, sizeof(double));
	for (size_t k = 0; k < b->room; k++) {
		double all = field_number(b->times->items[k], "value");

		rest.values[k] = all;
		for (size_t i = 0; i < f->n_lines; i++)
			if (!isnan(f->lines[i].values[k]))
				rest.values[k] -= f->lines[i].values[k];
		if (fabs(rest.values[k]) < 1e-9 * fabs(all)) // rounding
			rest.values[k] = 0;
	}
	for (size_t i = 0; i < f->n_lines; i++)
		if (!isnan(f->lines[i].total))
			rest.total -= f->lines[i].total;
	if (isnan(rest.total))
		rest.total = sum_of(rest.values, b->room);
	f->n_left_out = 0;
	if (!f->question.is_brief || rest.total > 0)
		f->lines[f->n_lines++] = rest;
}

// The order of lines, and figures of the whole time.
static int load_totals(struct session *s, struct builder *b, struct error *err)
{
	struct figure *f = b->figure;
	const struct figure_question *q = &f->question;
	struct rows totals;

	if (str_eq(q->unit, "total") && str_eq(q->dimension, "none")) {
		f->total = f->n_lines ? f->lines[0].total : NAN;
		f->coverage = f->n_lines ? f->lines[0].coverage : NAN;
		return 0;
	}
	if (b->times != b->rows || (!q->is_public && !q->is_brief && !str_eq(q->unit, "total"))) {
		TRY(ask(s, b->arena, STATEMENT_FIGURE_TOTAL, q, q->dimension, &totals, err));
		take_totals(b, &totals);
		b->n_values = totals.n;
	}
	if (q->is_public || q->is_brief) {
		// Of what may not be added up the sum is good enough for an order.
		for (size_t i = 0; i < f->n_lines; i++)
			if (isnan(f->lines[i].total) && (f->is_additive || q->is_brief))
				f->lines[i].total = sum_of(f->lines[i].values, f->n_periods);
		return 0;
	}
	TRY(ask(s, b->arena, STATEMENT_FIGURE_TOTAL, q, "none", &totals, err));
	if (totals.n == 1) {
		f->total = field_number(totals.items[0], "value");
		f->coverage = field_number(totals.items[0], "coverage");
	}
	return 0;
}

// The rows of a figure. Over time, those of what has most: there may be thousands of people.
static int load_rows(struct session *s, struct builder *b, struct rows *ret_rows,
	struct rows *ret_times, struct error *err)
{
	const struct figure_question *q = &b->figure->question;
	bool is_total = str_eq(q->unit, "total");

	b->rows = b->times = ret_rows;
	if (q->is_public || is_total || str_eq(q->dimension, "none"))
		return ask(s, b->arena,
			q->is_public ? STATEMENT_FIGURE_PUBLIC
			: is_total   ? STATEMENT_FIGURE_TOTAL
				     : STATEMENT_FIGURE,
			q, q->dimension, ret_rows, err);
	b->times = ret_times;
	TRY(ask(s, b->arena, STATEMENT_FIGURE, q, "none", ret_times, err));
	return ask(s, b->arena, STATEMENT_FIGURE_LEADERS, q, q->dimension, ret_rows, err);
}

static bool has_nothing(const struct figure *f, const struct figure_line *line)
{
	return f->is_additive ? !(line->total > 0) : isnan(line->total);
}

int figure_load(struct session *s, struct arena *a, const struct figure_question *q,
	const struct figure_words *words, size_t n_lines, struct figure *ret, struct error *err)
{
	struct figure f = {.question = *q, .total = NAN, .coverage = NAN};
	struct rows rows;
	struct rows times;
	struct builder b = {.arena = a, .figure = &f};
	int code;

	f.statistic = figure_word(&words->statistics, q->statistic);
	f.dimension = figure_word(&words->dimensions, q->dimension);
	if (!f.statistic || !f.dimension)
		return error_set(err, ENOENT, "There is no such figure.");
	f.is_additive = field_bool(f.statistic, "is_additive");
	f.question.n_leaders =
		n_lines + 1; // one more than lines: it is shown in place of "1 others"
	TRY(load_rows(s, &b, &rows, &times, err));
	take_rows(&b);
	code = load_totals(s, &b, err);
	map_release(&b.lines);
	if (code < 0)
		return code;
	qsort(f.lines, f.n_lines, sizeof(*f.lines), by_total);
	// A panel has no room for what has nothing; of what is not added up, zero is something.
	while (q->is_brief && f.n_lines > 1 && has_nothing(&f, &f.lines[f.n_lines - 1]))
		f.n_lines--;
	if (b.times == b.rows)
		fold_rest(&f, a, n_lines);
	else
		leave_rest(&b, n_lines);
	*ret = f;
	return 0;
}
