// SPDX-License-Identifier: Apache-2.0
// A report as one page of HTML: style and charts inside, nothing from anywhere else, no script. PDF is
// made of the same page.
#include <math.h>

#include "common/clock.h"
#include "common/macro.h"
#include "export/chart.h"
#include "export/format.h"
#include "export/number.h"
#include "portal/html.h"

static void put_figure(struct strbuf *out, const struct cell *c, const char *unit)
{
	char figure[FIGURE_SIZE];
	const char *text = figure_text(c, unit, figure);

	if (text)
		html_text(out, text);
	else
		html_raw(out, "<span class=\"none\" title=\"not measured\">&ndash;</span>");
}

static void put_coverage(struct strbuf *out, const struct cell *c)
{
	char text[FIGURE_SIZE];
	const char *of = coverage_text(c, text);

	if (!of)
		return;
	html_raw(out, " <span class=\"part\" title=\"measured of this part only\">");
	html_text(out, of);
	html_raw(out, "</span>");
}

// ---- figures ----

static void put_figures(struct strbuf *out, const struct answer *a)
{
	html_raw(out, "<div class=\"figures\">\n");
	for (size_t i = 0; i < a->n_columns; i++) {
		const struct column *c = &a->columns[i];
		const char *unit = column_unit(c);

		html_raw(out, "<div class=\"figure\"");
		html_attribute(out, "title", c->help);
		html_raw(out, "><div class=\"value\">");
		put_figure(out, &a->totals[i], c->unit);
		if (unit && a->totals[i].is_known) {
			strbuf_putc(out, ' ');
			html_element(out, "span", "unit", unit);
		}
		html_raw(out, "</div>");
		html_element(out, "div", "label", c->label);
		put_coverage(out, &a->totals[i]);
		html_raw(out, "</div>\n");
	}
	html_raw(out, "</div>\n");
}

// ---- tables ----

static void put_head(struct strbuf *out, const struct answer *a, bool has_bars)
{
	html_raw(out, "<thead><tr>");
	html_raw(out, "<th scope=\"col\">");
	html_text(out, a->by);
	html_raw(out, "</th>");
	if (has_bars)
		html_raw(out, "<th class=\"bars\" aria-hidden=\"true\"></th>");
	for (size_t i = 0; i < a->n_columns; i++) {
		const char *unit = column_unit(&a->columns[i]);

		html_raw(out, "<th scope=\"col\" class=\"n\"");
		html_attribute(out, "title", a->columns[i].help);
		html_raw(out, ">");
		html_text(out, a->columns[i].label);
		if (unit) {
			html_raw(out, " <span class=\"unit\">");
			html_text(out, unit);
			html_raw(out, "</span>");
		}
		html_raw(out, "</th>");
	}
	html_raw(out, "</tr></thead>\n");
}

static void put_cells(struct strbuf *out, const struct answer *a, const struct cell *cells)
{
	for (size_t i = 0; i < a->n_columns; i++) {
		html_raw(out, "<td class=\"n\">");
		put_figure(out, &cells[i], a->columns[i].unit);
		put_coverage(out, &cells[i]);
		html_raw(out, "</td>");
	}
	html_raw(out, "</tr>\n");
}

static double largest(const struct answer *a)
{
	double most = 0;

	for (size_t i = 0; i < a->n_rows; i++)
		if (a->rows[i].cells[0].is_known)
			most = fmax(most, a->rows[i].cells[0].value);
	return most;
}

static void put_table(struct strbuf *out, const struct answer *a)
{
	bool has_bars = a->section->chart == CHART_BARS;
	double most = largest(a);

	html_raw(out, "<div class=\"scroll\"><table>\n");
	put_head(out, a, has_bars);
	html_raw(out, "<tbody>\n");
	for (size_t i = 0; i < a->n_rows; i++) {
		html_raw(out, "<tr><th scope=\"row\"><bdi>");
		html_text(out, a->rows[i].label);
		html_raw(out, "</bdi></th>");
		if (has_bars) {
			html_raw(out, "<td class=\"bars\">");
			chart_bar(out, &a->rows[i].cells[0], most);
			html_raw(out, "</td>");
		}
		put_cells(out, a, a->rows[i].cells);
	}
	html_raw(out, "</tbody>\n<tfoot><tr><th scope=\"row\">All</th>");
	if (has_bars)
		html_raw(out, "<td class=\"bars\"></td>");
	put_cells(out, a, a->totals);
	html_raw(out, "</tfoot></table></div>\n");
	if (a->n_more) {
		html_raw(out, "<p class=\"note\">");
		html_textf(out, "and %zu more, which are part of the last line", a->n_more);
		html_raw(out, "</p>\n");
	}
}

// ---- over time ----

static void put_legend(struct strbuf *out, const struct answer *a)
{
	html_raw(out, "<p class=\"legend\">");
	for (size_t i = 0; i < a->n_columns && i < CHART_SERIES_MAX; i++) {
		const char *unit = column_unit(&a->columns[i]);

		strbuf_printf(out,
			"<span class=\"key\"><svg width=\"10\" height=\"10\" aria-hidden=\"true\"><rect "
			"class=\"s%zu\" fill=\"%s\" width=\"10\" height=\"10\" rx=\"2\"/></svg> ",
			i + 1, chart_colours[i]);
		html_textf(out, "%s%s%s", a->columns[i].label, unit ? ", " : "", unit ? unit : "");
		html_raw(out, "</span> ");
	}
	html_raw(out, "</p>\n");
}

static void put_time(struct strbuf *out, const struct answer *a)
{
	put_legend(out, a);
	chart_time(out, a);
	html_raw(out, "\n<details><summary>Figures</summary>\n");
	put_table(out, a);
	html_raw(out, "</details>\n");
}

// ---- the page ----

static bool is_empty(const struct answer *a)
{
	for (size_t i = 0; i < a->n_rows; i++)
		for (size_t c = 0; c < a->n_columns; c++)
			if (a->rows[i].cells[c].is_known)
				return false;
	return a->section->kind != SECTION_FIGURES;
}

static void put_section(struct strbuf *out, const struct answer *a)
{
	html_raw(out, "<section>\n");
	html_element(out, "h2", NULL, a->section->title);
	strbuf_putc(out, '\n');
	if (a->section->text)
		html_element(out, "p", "text", a->section->text);
	if (is_empty(a))
		html_raw(out, "<p class=\"nothing\">Nothing was measured in this time.</p>\n");
	else if (a->section->kind == SECTION_FIGURES)
		put_figures(out, a);
	else if (a->section->kind == SECTION_TABLE)
		put_table(out, a);
	else
		put_time(out, a);
	html_raw(out, "</section>\n");
}

static void put_top(struct strbuf *out, const struct edition *e)
{
	char period[PERIOD_TEXT_SIZE];
	char first[DAY_TEXT_SIZE];
	char last[DAY_TEXT_SIZE];

	html_raw(out, "<header>\n");
	if (e->site)
		html_element(out, "p", "site", e->site);
	html_element(out, "h1", NULL, e->report->title);
	html_raw(out, "<p class=\"period\">");
	html_text(out, period_text(&e->period, period));
	html_raw(out, "</p>\n<p class=\"note\">");
	html_textf(out, "%s to %s, both included; figures as of %s.",
		format_day(e->period.begin_s, first), format_day(e->period.end_s, last), e->made);
	html_raw(out, "</p>\n");
	if (e->report->text)
		html_element(out, "p", "text", e->report->text);
	html_raw(out, "</header>\n");
}

static void put_head_of_page(struct strbuf *out, const struct edition *e)
{
	char period[PERIOD_TEXT_SIZE];

	html_raw(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'; img-src data:\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
	html_textf(out, "%s%s%s, %s", e->site ? e->site : "", e->site ? ": " : "", e->report->title,
		period_text(&e->period, period));
	html_raw(out, "</title>\n<style>\n");
	strbuf_puts(out, e->report->style); // the site's own, and without an end of its element
	html_raw(out, "</style>\n</head>\n");
}

void write_html(const struct edition *e, struct strbuf *out)
{
	put_head_of_page(out, e);
	html_raw(out, "<body>\n<main>\n");
	put_top(out, e);
	for (size_t i = 0; i < e->n_chapters; i++) {
		if (e->chapters[i].cluster) {
			html_raw(out, "<h2 class=\"cluster\">Cluster <bdi>");
			html_text(out, e->chapters[i].cluster);
			html_raw(out, "</bdi></h2>\n");
		}
		for (size_t k = 0; k < e->report->n_sections; k++)
			put_section(out, &e->chapters[i].answers[k]);
	}
	html_raw(out,
		"<footer><p class=\"note\">&ndash; stands for what was not measured; &ldquo;of "
		"83&nbsp;%&rdquo; says how much of it was. Made by Jobsight from its warehouse's "
		"statistics.</p></footer>\n</main>\n</body>\n</html>\n");
}
