// SPDX-License-Identifier: Apache-2.0
// Draws charts. Everything inside is numbers, or goes through the escaping writer.
#include "export/chart.h"

#include <math.h>

#include "common/macro.h"
#include "export/number.h"
#include "portal/html.h"

// Okabe and Ito's, which most people tell apart; the portal's, too.
const char *const chart_colours[CHART_SERIES_MAX] = {
	"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#c98a00", "#56b4e9", "#6b5b95", "#7a7a7a"};

// Pixels down, per cent across.
#define TOP    12.0
#define BOTTOM 188.0
#define HEIGHT 212
#define LEFT   9.0
#define RIGHT  99.5

enum { LABELS_MAX = 6 };

struct plot {
	const struct answer *answer;
	struct strbuf *out;
	size_t n_series;
	double most;
	int steps;
};

double chart_round(double v, int *ret_steps)
{
	static const struct {
		double most;
		int steps;
	} nice[] = {{1, 4}, {1.2, 4}, {1.6, 4}, {2, 4}, {2.5, 5}, {3, 3}, {4, 4}, {5, 5}, {6, 3},
		{8, 4}, {10, 5}};
	double scale;

	*ret_steps = nice[0].steps;
	if (!(v > 0) || !isfinite(v))
		return 1;
	scale = pow(10, floor(log10(v)));
	for (size_t i = 0; i < ARRAY_LEN(nice); i++)
		if (v <= nice[i].most * scale * (1 + 1e-9)) {
			*ret_steps = nice[i].steps;
			return nice[i].most * scale;
		}
	return 10 * scale;
}

static double across(const struct plot *p, double place)
{
	return LEFT + (RIGHT - LEFT) * place / (double)p->answer->n_rows;
}

static double down(const struct plot *p, double v)
{
	return BOTTOM - (BOTTOM - TOP) * (v > 0 ? v : 0) / p->most;
}

static double largest(const struct plot *p)
{
	const struct answer *a = p->answer;
	double most = 0;

	for (size_t i = 0; i < a->n_rows; i++) {
		double sum = 0;

		for (size_t s = 0; s < p->n_series; s++) {
			const struct cell *c = &a->rows[i].cells[s];
			double v = c->is_known ? c->value : 0;

			sum = a->section->chart == CHART_STACK ? sum + v : fmax(sum, v);
		}
		most = fmax(most, sum);
	}
	return most;
}

static void put_scale(const struct plot *p, const struct cell *at, const char *unit)
{
	char figure[FIGURE_SIZE];

	if (str_eq(unit, "%"))
		html_textf(p->out, "%g %%", at->value);
	else
		html_text(p->out, figure_text(at, unit, figure));
}

static void put_axis(const struct plot *p)
{
	const char *unit = p->answer->columns[0].unit;

	for (int i = 0; i <= p->steps; i++) {
		const struct cell at = {.is_known = true, .value = p->most * i / p->steps};
		double y = down(p, at.value);
		strbuf_printf(p->out,
			"<line class=\"%s\" x1=\"%.1f%%\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\" "
			"stroke=\"%s\"/><text class=\"axis\" x=\"%.1f%%\" y=\"%.1f\" "
			"text-anchor=\"end\" font-size=\"11\" fill=\"#545e6b\">",
			i ? "grid" : "base", LEFT, y, y, i ? "#dfe3e8" : "#8c95a1", LEFT - 0.8,
			y + 4);
		put_scale(p, &at, unit);
		html_raw(p->out, "</text>");
	}
}

// So many labels that they have room on a telephone; of few columns in the midst, and none that would
// end beyond the chart.
static void put_times(const struct plot *p)
{
	size_t n = p->answer->n_rows;
	size_t step = (n + LABELS_MAX - 1) / LABELS_MAX;
	bool is_middle = step == 1;

	for (size_t i = 0; i < n && (is_middle || i * 10 < n * 9); i += step) {
		strbuf_printf(p->out,
			"<text class=\"axis\" x=\"%.2f%%\" y=\"%.0f\" text-anchor=\"%s\" "
			"font-size=\"11\" fill=\"#545e6b\">",
			across(p, (double)i + (is_middle ? 0.5 : 0)), BOTTOM + 18,
			is_middle ? "middle" : "start");
		html_text(p->out, p->answer->rows[i].label);
		html_raw(p->out, "</text>");
	}
}

static void put_title(const struct plot *p, const struct row *row, size_t series)
{
	char figure[FIGURE_SIZE];
	const struct column *c = &p->answer->columns[series];
	const char *unit = column_unit(c);

	html_raw(p->out, "<title>");
	html_textf(p->out, "%s, %s: %s%s%s", row->label, c->label,
		figure_text(&row->cells[series], c->unit, figure), unit ? " " : "",
		unit ? unit : "");
	html_raw(p->out, "</title>");
}

// Each period has one place, of which columns take four fifths.
static void put_columns(const struct plot *p, const struct row *row, double place)
{
	bool is_stack = p->answer->section->chart == CHART_STACK;
	double width = 0.8 / (is_stack ? 1 : (double)p->n_series);
	double sum = 0;

	for (size_t s = 0; s < p->n_series; s++) {
		const struct cell *c = &row->cells[s];
		double x = place + 0.1 + (is_stack ? 0 : width * (double)s);
		double top;

		if (!c->is_known)
			continue;
		top = down(p, sum + c->value);
		strbuf_printf(p->out,
			"<rect class=\"s%zu\" fill=\"%s\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%.2f\" "
			"height=\"%.2f\">",
			s + 1, chart_colours[s], across(p, x), across(p, x + width) - across(p, x),
			top, down(p, sum) - top);
		put_title(p, row, s);
		html_raw(p->out, "</rect>");
		if (is_stack)
			sum += c->value;
	}
}

static void put_line(const struct plot *p, size_t series)
{
	const struct answer *a = p->answer;

	for (size_t i = 0; i < a->n_rows; i++) {
		const struct cell *c = &a->rows[i].cells[series];
		bool has_next = i + 1 < a->n_rows && a->rows[i + 1].cells[series].is_known;
		double x = across(p, (double)i + 0.5);

		if (!c->is_known)
			continue;
		if (has_next)
			strbuf_printf(p->out,
				"<line class=\"l%zu\" stroke=\"%s\" stroke-width=\"2\" "
				"stroke-linecap=\"round\" x1=\"%.3f%%\" y1=\"%.2f\" x2=\"%.3f%%\" "
				"y2=\"%.2f\"/>",
				series + 1, chart_colours[series], x, down(p, c->value),
				across(p, (double)i + 1.5),
				down(p, a->rows[i + 1].cells[series].value));
		strbuf_printf(p->out,
			"<circle class=\"s%zu\" fill=\"%s\" cx=\"%.3f%%\" cy=\"%.2f\" r=\"2.5\">",
			series + 1, chart_colours[series], x, down(p, c->value));
		put_title(p, &a->rows[i], series);
		html_raw(p->out, "</circle>");
	}
}

void chart_time(struct strbuf *out, const struct answer *a)
{
	struct plot p = {.answer = a, .out = out};

	p.n_series = a->n_columns < CHART_SERIES_MAX ? a->n_columns : CHART_SERIES_MAX;
	p.most = chart_round(largest(&p), &p.steps);
	strbuf_printf(
		out, "<svg class=\"chart\" role=\"img\" width=\"100%%\" height=\"%d\"", HEIGHT);
	html_attribute(out, "aria-label", a->section->title);
	html_raw(out, ">");
	put_axis(&p);
	for (size_t i = 0; i < a->n_rows && a->section->chart != CHART_LINES; i++)
		put_columns(&p, &a->rows[i], (double)i);
	for (size_t s = 0; s < p.n_series && a->section->chart == CHART_LINES; s++)
		put_line(&p, s);
	put_times(&p);
	html_raw(out, "</svg>");
}

void chart_bar(struct strbuf *out, const struct cell *c, double largest)
{
	double share = c->is_known && largest > 0 ? c->value / largest : 0;

	strbuf_printf(out,
		"<svg class=\"bar\" width=\"100%%\" height=\"10\" aria-hidden=\"true\"><rect class=\"s1\" "
		"fill=\"%s\" x=\"0\" y=\"0\" rx=\"1\" width=\"%.2f%%\" height=\"10\"/></svg>",
		chart_colours[0], 100 * fmin(fmax(share, 0), 1));
}
