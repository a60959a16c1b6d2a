// SPDX-License-Identifier: Apache-2.0
// Prints answers. Tables round; CSV and JSON have all digits.
#include "query/print.h"

#include <math.h>
#include <string.h>

#include "common/csv.h"
#include "common/document/document.h"

enum { GAP = 2 };

// Signs that a terminal shows, near enough: code points.
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

// A name may hold what a terminal would take for a command.
static void put_clean(struct strbuf *out, const char *text)
{
	for (; *text; text++)
		strbuf_putc(out, (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void put_blanks(struct strbuf *out, size_t n)
{
	while (n-- > 0)
		strbuf_putc(out, ' ');
}

static void put_cell(
	struct strbuf *out, const char *text, size_t width, bool is_right, bool is_last)
{
	size_t blanks = width - width_of(text);

	if (is_right)
		put_blanks(out, blanks);
	put_clean(out, text);
	if (!is_last)
		put_blanks(out, (is_right ? 0 : blanks) + GAP);
}

void put_table(const char *const *cells, size_t n_rows, size_t n_columns, unsigned right,
	struct strbuf *out)
{
	size_t widths[8] = {0};

	for (size_t i = 0; i < n_rows * n_columns; i++) {
		size_t width = width_of(cells[i]);

		if (width > widths[i % n_columns])
			widths[i % n_columns] = width;
	}
	for (size_t i = 0; i < n_rows * n_columns; i++) {
		size_t c = i % n_columns;
		bool is_last = c + 1 == n_columns;

		put_cell(out, cells[i], widths[c], right & 1U << c, is_last);
		if (is_last)
			strbuf_putc(out, '\n');
	}
}

static const char *rounded(struct arena *a, const char *number, double factor, const char *unit)
{
	double v;

	if (!number || parse_double(number, &v) < 0)
		return "-";
	v *= factor;
	if (v == floor(v) && fabs(v) < 1e15)
		return arena_printf(a, "%.0f%s", v, unit);
	return arena_printf(a, fabs(v) < 0.1 ? "%.4g%s" : "%.2f%s", v, unit);
}

// "Core hours" needs no unit, "Energy of nodes" does.
static const char *heading_of(struct arena *a, const struct word *w)
{
	if (str_eq(w->unit, "1") || strcasestr(w->label, w->unit))
		return w->label;
	return arena_printf(a, "%s (%s)", w->label, w->unit);
}

static bool has_coverage(const struct answer *answer)
{
	for (size_t i = 0; i < answer->n; i++)
		if (answer->rows[i].coverage)
			return true;
	return false;
}

static void put_answer_table(
	const struct question *q, const struct answer *answer, struct strbuf *out)
{
	CLEANUP(arena_release) struct arena a = {0};
	size_t columns = has_coverage(answer) ? 4 : 3;
	const char **cells = arena_array(&a, (answer->n + 1) * 4, sizeof(*cells));
	const char **cell = cells;

	*cell++ = str_eq(q->unit, "total") ? "since" : q->unit;
	*cell++ = q->dimension->label;
	*cell++ = heading_of(&a, q->statistic);
	if (columns == 4)
		*cell++ = "measured";
	for (size_t i = 0; i < answer->n; i++) {
		const struct answer_row *r = &answer->rows[i];

		*cell++ = r->period;
		*cell++ = r->name ? r->name : "not known";
		*cell++ = rounded(&a, r->value, 1, "");
		if (columns == 4)
			*cell++ = rounded(&a, r->coverage, 100, " %");
	}
	put_table(cells, answer->n + 1, columns, 1U << 2 | 1U << 3, out);
	if (answer->n == 0)
		strbuf_puts(out, "(nothing that may be shown)\n");
	if (answer->left_out)
		strbuf_printf(out, "(%zu more left out by --top)\n", answer->left_out);
}

// Text that a spreadsheet would take for a formula gets an apostrophe before it.
static void put_csv_text(struct strbuf *out, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf field = {0};

	if (text && csv_is_formula(text))
		strbuf_putc(&field, '\'');
	strbuf_puts(&field, text ? text : "");
	csv_put(out, strbuf_text(&field));
}

static void put_answer_csv(
	const struct question *q, const struct answer *answer, struct strbuf *out)
{
	csv_put(out, "period");
	csv_put(out, "id");
	csv_put(out, q->dimension->id);
	csv_put(out, q->statistic->id);
	csv_put(out, "coverage");
	strbuf_putc(out, '\n');
	for (size_t i = 0; i < answer->n; i++) {
		const struct answer_row *r = &answer->rows[i];

		csv_put(out, r->period);
		put_csv_text(out, r->id);
		put_csv_text(out, r->name);
		csv_put(out, r->value ? r->value : "");
		csv_put(out, r->coverage ? r->coverage : "");
		strbuf_putc(out, '\n');
	}
}

static struct doc *word_doc(const struct word *w, struct arena *a)
{
	struct doc *d = doc_object(a);

	doc_put_text(d, a, "id", w->id);
	doc_put_text(d, a, "label", w->label);
	if (w->unit[0])
		doc_put_text(d, a, "unit", w->unit);
	doc_put_text(d, a, "help", w->help);
	return d;
}

static void put_number(struct doc *d, struct arena *a, const char *key, const char *number)
{
	double v;

	if (number && parse_double(number, &v) == 0)
		doc_put_double(d, a, key, v);
}

static struct doc *row_doc(const struct answer_row *r, struct arena *a)
{
	struct doc *d = doc_object(a);

	doc_put_text(d, a, "period", r->period);
	doc_put_text(d, a, "id", r->id);
	doc_put_text(d, a, "name", r->name);
	put_number(d, a, "value", r->value);
	put_number(d, a, "coverage", r->coverage);
	return d;
}

static void put_answer_json(
	const struct question *q, const struct answer *answer, struct strbuf *out)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);
	struct doc *filters = doc_object(&a);
	struct doc *rows = doc_array(&a);

	doc_put(d, &a, "realm", word_doc(q->realm, &a));
	doc_put(d, &a, "statistic", word_doc(q->statistic, &a));
	doc_put(d, &a, "dimension", word_doc(q->dimension, &a));
	doc_put_text(d, &a, "unit", q->unit);
	doc_put_text(d, &a, "since", q->period.since);
	doc_put_text(d, &a, "until", q->period.until);
	for (size_t i = 0; i < q->n_filters; i++)
		doc_put_text(filters, &a, q->filters[i].dimension, q->filters[i].value);
	doc_put(d, &a, "where", filters);
	for (size_t i = 0; i < answer->n; i++)
		doc_put(rows, &a, NULL, row_doc(&answer->rows[i], &a));
	doc_put(d, &a, "rows", rows);
	doc_put_int(d, &a, "left_out", (int64_t)answer->left_out);
	doc_to_json(d, false, true, out);
	strbuf_putc(out, '\n');
}

static void put_words_table(const struct words *lists, size_t n, struct strbuf *out)
{
	for (size_t k = 0; k < n; k++) {
		CLEANUP(arena_release) struct arena a = {0};
		const struct words *w = &lists[k];
		const char **cells = arena_array(&a, (w->n + 1) * 4, sizeof(*cells));
		const char **cell = cells;

		*cell++ = w->kind;
		*cell++ = "shown as";
		*cell++ = "unit";
		*cell++ = "what it is";
		for (size_t i = 0; i < w->n; i++) {
			*cell++ = w->items[i].id;
			*cell++ = w->items[i].label;
			*cell++ = w->items[i].unit;
			*cell++ = w->items[i].help;
		}
		if (k > 0)
			strbuf_putc(out, '\n');
		put_table(cells, w->n + 1, 4, 0, out);
	}
}

static void put_words_csv(const struct words *lists, size_t n, struct strbuf *out)
{
	strbuf_puts(out, "kind,id,label,unit,help\n");
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < lists[k].n; i++) {
			const struct word *w = &lists[k].items[i];

			csv_put(out, lists[k].kind);
			csv_put(out, w->id);
			put_csv_text(out, w->label);
			csv_put(out, w->unit);
			put_csv_text(out, w->help);
			strbuf_putc(out, '\n');
		}
}

static void put_words_json(const struct words *lists, size_t n, struct strbuf *out)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);

	for (size_t k = 0; k < n; k++) {
		struct doc *items = doc_array(&a);

		for (size_t i = 0; i < lists[k].n; i++)
			doc_put(items, &a, NULL, word_doc(&lists[k].items[i], &a));
		doc_put(d, &a, lists[k].kind, items);
	}
	doc_to_json(d, false, true, out);
	strbuf_putc(out, '\n');
}

static const struct format formats[] = {
	{"table", put_answer_table, put_words_table},
	{"csv", put_answer_csv, put_words_csv},
	{"json", put_answer_json, put_words_json},
};

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (str_eq(formats[i].name, name))
			return &formats[i];
	return NULL;
}
