// SPDX-License-Identifier: Apache-2.0
// A report as text for mails and terminals. Columns are as wide as what stands in them; what would
// steer a terminal becomes a question mark.
#include <string.h>

#include "common/macro.h"
#include "common/memory.h"
#include "export/format.h"
#include "export/number.h"

enum { LABEL_MOST = 40, ENTRY_SIZE = 2 * FIGURE_SIZE };

// Letters, not bytes.
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

// At most so many letters.
static void put_clean(struct strbuf *out, const char *s, size_t most)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool is_control = c < ' ' || c == 0x7f || (c == 0xc2 && (unsigned char)s[1] < 0xa0);

		if ((c & 0xc0) != 0x80 && most-- == 0)
			return;
		if (is_control && c == 0xc2)
			s++;
		strbuf_putc(out, is_control ? '?' : (char)c);
	}
}

static void put_padded(struct strbuf *out, const char *text, size_t to, bool is_number)
{
	size_t w = width(text);
	size_t gap = w < to ? to - w : 0;

	if (is_number)
		strbuf_printf(out, "  %*s", (int)gap, "");
	put_clean(out, text, is_number ? SIZE_MAX : LABEL_MOST);
	if (!is_number)
		strbuf_printf(out, "%*s", (int)gap, "");
}

static void put_line_under(struct strbuf *out, const char *text, char c)
{
	put_clean(out, text, SIZE_MAX);
	strbuf_putc(out, '\n');
	for (size_t i = width(text); i > 0; i--)
		strbuf_putc(out, c);
	strbuf_putc(out, '\n');
}

static const char *entry(const struct cell *c, const char *unit, char buf[ENTRY_SIZE])
{
	char figure[FIGURE_SIZE];
	char part[FIGURE_SIZE];
	const char *text = figure_text(c, unit, figure);
	const char *of = coverage_text(c, part);

	(void)str_format(buf, ENTRY_SIZE, "%s%s%s%s", text ? text : "-", of ? " (" : "",
		of ? of : "", of ? ")" : "");
	return buf;
}

static size_t column_width(const struct answer *a, size_t c)
{
	const char *unit = column_unit(&a->columns[c]);
	size_t most = width(a->columns[c].label) + (unit ? width(unit) + 2 : 0);
	char text[ENTRY_SIZE];

	for (size_t i = 0; i <= a->n_rows; i++) {
		const struct cell *cell = i < a->n_rows ? &a->rows[i].cells[c] : &a->totals[c];
		size_t w = width(entry(cell, a->columns[c].unit, text));

		most = w > most ? w : most;
	}
	return most;
}

static size_t label_width(const struct answer *a)
{
	size_t most = width(a->by);

	for (size_t i = 0; i < a->n_rows; i++) {
		size_t w = width(a->rows[i].label);

		most = w > most ? w : most;
	}
	return most < LABEL_MOST ? most : LABEL_MOST;
}

static void put_row(struct strbuf *out, const struct answer *a, const size_t *widths,
	const char *label, const struct cell *cells)
{
	char text[ENTRY_SIZE];

	put_padded(out, label, widths[0], false);
	for (size_t c = 0; c < a->n_columns; c++)
		put_padded(out, entry(&cells[c], a->columns[c].unit, text), widths[c + 1], true);
	strbuf_putc(out, '\n');
}

static void put_table(struct strbuf *out, const struct answer *a)
{
	AUTO_FREE size_t *widths = memory_alloc(a->n_columns + 1, sizeof(*widths));

	widths[0] = label_width(a);
	for (size_t c = 0; c < a->n_columns; c++)
		widths[c + 1] = column_width(a, c);
	put_padded(out, a->by, widths[0], false);
	for (size_t c = 0; c < a->n_columns; c++) {
		CLEANUP(strbuf_release) struct strbuf head = {0};
		const char *unit = column_unit(&a->columns[c]);

		strbuf_printf(
			&head, "%s%s%s", a->columns[c].label, unit ? ", " : "", unit ? unit : "");
		put_padded(out, strbuf_text(&head), widths[c + 1], true);
	}
	strbuf_putc(out, '\n');
	for (size_t i = 0; i < a->n_rows; i++)
		put_row(out, a, widths, a->rows[i].label, a->rows[i].cells);
	put_row(out, a, widths, "All", a->totals);
	if (a->n_more)
		strbuf_printf(out, "and %zu more, which are part of the last line\n", a->n_more);
}

static void put_figures(struct strbuf *out, const struct answer *a)
{
	char text[ENTRY_SIZE];
	size_t most = 0;

	for (size_t c = 0; c < a->n_columns; c++) {
		size_t w = width(a->columns[c].label);

		most = w > most ? w : most;
	}
	for (size_t c = 0; c < a->n_columns; c++) {
		const char *unit = a->totals[c].is_known ? column_unit(&a->columns[c]) : NULL;

		put_padded(out, a->columns[c].label, most, false);
		strbuf_printf(out, "  %s%s%s\n", entry(&a->totals[c], a->columns[c].unit, text),
			unit ? " " : "", unit ? unit : "");
	}
}

void write_text(const struct edition *e, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf title = {0};
	char period[PERIOD_TEXT_SIZE];

	strbuf_printf(&title, "%s%s%s, %s", e->site ? e->site : "", e->site ? ": " : "",
		e->report->title, period_text(&e->period, period));
	put_line_under(out, strbuf_text(&title), '=');
	strbuf_printf(out, "Figures as of %s. - stands for what was not measured.\n", e->made);
	for (size_t i = 0; i < e->n_chapters; i++) {
		if (e->chapters[i].cluster) {
			strbuf_puts(out, "\nCLUSTER ");
			put_clean(out, e->chapters[i].cluster, SIZE_MAX);
			strbuf_putc(out, '\n');
		}
		for (size_t k = 0; k < e->report->n_sections; k++) {
			const struct answer *a = &e->chapters[i].answers[k];

			strbuf_putc(out, '\n');
			put_line_under(out, a->section->title, '-');
			if (a->section->kind == SECTION_FIGURES)
				put_figures(out, a);
			else
				put_table(out, a);
		}
	}
}
