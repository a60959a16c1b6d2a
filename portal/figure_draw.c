// SPDX-License-Identifier: Apache-2.0
// Draws figures: columns that stand on one another where values may be added up, else lines; bars for
// the whole time. Labels are HTML around the drawing, so that they stay as large on a narrow screen.
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "portal/field.h"
#include "portal/figure.h"
#include "portal/html.h"
#include "portal/svg.h"
#include "portal/units.h"

#define WIDTH      1000.0
#define HEIGHT     260.0
#define DOTS_MAX   60
#define COLUMN_MAX 110.0
#define COLOURS    9 // the last one is that of the rest

struct scale {
	double top;  // what the upper edge stands for
	double step; // of a period, in the drawing
	const char *unit;
};

// Words stand in headings already, and are not said again.
static struct shown shown_of(double value, const char *unit)
{
	if (str_eq(unit, "kWh")) // 5.86 MWh, not 5.86 kkWh
		return unit_show(value * 1000, "Wh");
	return unit_show(value, unit_is_word(unit) ? "" : unit);
}

void figure_number(struct strbuf *out, double value, const char *unit)
{
	struct shown s;

	if (isnan(value)) {
		html_raw(out, "<span class=\"none\">–</span>");
		return;
	}
	s = shown_of(value, unit);
	html_text(out, s.number);
	if (s.unit[0]) {
		html_raw(out, " <span class=\"unit\">");
		html_text(out, s.unit);
		html_raw(out, "</span>");
	}
}

static const char *unit_of(const struct figure *f)
{
	return field_text(f->statistic, "unit");
}

// "by user", but "by PI".
void figure_by(struct strbuf *out, const struct figure *f)
{
	const char *label = field_text(f->dimension, "label");
	bool is_word = label[0] >= 'A' && label[0] <= 'Z' && label[1] >= 'a' && label[1] <= 'z';

	if (str_eq(f->question.dimension, "none"))
		return;
	html_textf(out, " by %c%s", is_word ? label[0] - 'A' + 'a' : label[0],
		label + (label[0] != 0));
}

// The next number whose quarters are short.
static double round_up(double v)
{
	static const double steps[] = {1, 1.2, 1.6, 2, 2.4, 3.2, 4, 5, 6, 8, 10};
	double power = pow(10, floor(log10(v)));

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		if (v <= steps[i] * power * (1 + 1e-9))
			return steps[i] * power;
	return v;
}

static double column_sum(const struct figure *f, size_t period)
{
	double sum = 0;

	for (size_t i = 0; i < f->n_lines; i++) {
		double v = f->lines[i].values[period];

		sum += isnan(v) || v < 0 ? 0 : v;
	}
	return sum;
}

static struct scale scale_of(const struct figure *f)
{
	double top = 0;

	for (size_t k = 0; k < f->n_periods; k++) {
		if (f->is_additive)
			top = fmax(top, column_sum(f, k));
		for (size_t i = 0; i < f->n_lines; i++)
			if (!isnan(f->lines[i].values[k]))
				top = fmax(top, f->lines[i].values[k]);
	}
	return (struct scale){.top = top > 0 ? round_up(top) : 1,
		.step = WIDTH / (double)(f->n_periods ? f->n_periods : 1),
		.unit = unit_of(f)};
}

static size_t colour_of(const struct figure *f, size_t line)
{
	if (f->lines[line].is_rest)
		return COLOURS;
	return line % (COLOURS - 1) + 1;
}

static void put_title(struct strbuf *out, const struct figure *f, size_t line, size_t period)
{
	const char *unit = unit_of(f);
	struct shown s = shown_of(f->lines[line].values[period], unit);

	html_raw(out, "<title>");
	html_textf(out, "%s, %s: %s %s%s%s", f->periods[period], f->lines[line].name, s.number,
		s.unit, s.unit[0] ? " " : "", unit_is_word(unit) ? unit : "");
	html_raw(out, "</title>");
}

static void put_columns(struct strbuf *out, const struct figure *f, const struct scale *s)
{
	double gap = s->step > 12 ? fmax(s->step * 0.18, s->step - COLUMN_MAX) : 0;

	for (size_t k = 0; k < f->n_periods; k++) {
		double y = HEIGHT;

		for (size_t i = 0; i < f->n_lines; i++) {
			double v = f->lines[i].values[k];
			double height = isnan(v) || v < 0 ? 0 : v / s->top * HEIGHT;

			if (height <= 0)
				continue;
			y -= height;
			strbuf_printf(out,
				"<rect class=\"fill-%zu\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\">",
				colour_of(f, i), (double)k * s->step + gap / 2, y, s->step - gap,
				height);
			put_title(out, f, i, k);
			html_raw(out, "</rect>");
		}
	}
}

static void put_line(struct strbuf *out, const struct figure *f, const struct scale *s, size_t line)
{
	const double *values = f->lines[line].values;
	bool is_drawn = false;

	strbuf_printf(out, "<path class=\"stroke-%zu\" d=\"", colour_of(f, line));
	for (size_t k = 0; k < f->n_periods; k++) {
		double x = ((double)k + 0.5) * s->step;
		double y;

		if (isnan(values[k])) {
			is_drawn = false;
			continue;
		}
		y = HEIGHT - fmax(values[k], 0) / s->top * HEIGHT;
		strbuf_printf(out, "%c%.2f %.2f", is_drawn ? 'L' : 'M', x, y);
		if (!is_drawn) // a lone point: a line of no length, which round caps make a dot
			strbuf_printf(out, "L%.2f %.2f", x, y);
		is_drawn = true;
	}
	html_raw(out, "\"><title>");
	html_text(out, f->lines[line].name);
	html_raw(out, "</title></path>");
}

// Where there are few, points are to be seen, too; round ends make dots of lines of no length.
static void put_dots(struct strbuf *out, const struct figure *f, const struct scale *s, size_t line)
{
	const double *values = f->lines[line].values;

	if (f->n_periods > DOTS_MAX)
		return;
	strbuf_printf(out, "<path class=\"stroke-%zu dots\" d=\"", colour_of(f, line));
	for (size_t k = 0; k < f->n_periods; k++)
		if (!isnan(values[k])) {
			double x = ((double)k + 0.5) * s->step;
			double y = HEIGHT - fmax(values[k], 0) / s->top * HEIGHT;

			strbuf_printf(out, "M%.2f %.2fL%.2f %.2f", x, y, x, y);
		}
	html_raw(out, "\"/>");
}

static void put_plot(struct strbuf *out, const struct figure *f, const struct scale *s)
{
	strbuf_printf(out,
		"<svg class=\"figure-plot\" viewBox=\"0 0 %.0f %.0f\" preserveAspectRatio=\"none\" role=\"img\"",
		WIDTH, HEIGHT);
	html_attributef(out, "aria-label", "%s by %s; the table has the numbers",
		field_text(f->statistic, "label"), field_text(f->dimension, "label"));
	strbuf_putc(out, '>');
	for (int i = 0; i <= 4; i++)
		strbuf_printf(
			out, "<path class=\"grid\" d=\"M0 %.1fH%.0f\"/>", HEIGHT / 4 * i, WIDTH);
	if (f->is_additive)
		put_columns(out, f, s);
	else
		for (size_t i = 0; i < f->n_lines; i++) {
			put_line(out, f, s, i);
			put_dots(out, f, s, i);
		}
	html_raw(out, "</svg>");
}

// 80 % beside 100 %, and a zero that has no unit.
static void put_tick(struct strbuf *out, double value, const char *unit)
{
	struct shown s = shown_of(value, unit);
	char *end = s.number + strlen(s.number);

	if (strchr(s.number, '.')) {
		while (end[-1] == '0')
			end--;
		end -= end[-1] == '.';
		*end = '\0';
	}
	html_raw(out, "<span>");
	html_text(out, s.number);
	if (s.unit[0] && value != 0)
		html_textf(out, " %s", s.unit);
	html_raw(out, "</span>");
}

static void put_value_axis(struct strbuf *out, const struct scale *s)
{
	html_raw(out, "<div class=\"figure-values\" aria-hidden=\"true\">");
	for (int i = 4; i >= 0; i--)
		put_tick(out, s->top / 4 * i, s->unit);
	html_raw(out, "</div>");
}

// 2026-03-01 of a month is 2026-03, of a year 2026.
static const char *period_name(const struct figure *f, size_t period, char buf[16])
{
	const char *day = f->periods[period];
	const char *unit = f->question.unit;
	int64_t s;

	if (str_eq(unit, "quarter") && parse_time(day, NULL, &s) == 0)
		(void)str_format(buf, 16, "%.4s Q%d", day, (civil_from_unix(s).month + 2) / 3);
	else
		(void)str_format(buf, 16, "%.*s",
			str_eq(unit, "year")    ? 4
			: str_eq(unit, "month") ? 7
						: 10,
			day);
	return buf;
}

static void put_time_axis(struct strbuf *out, const struct figure *f)
{
	size_t n = f->n_periods < 5 ? f->n_periods : 5;
	char name[16];

	strbuf_printf(out, "<div class=\"figure-times%s\" aria-hidden=\"true\">",
		f->n_periods <= 5 ? " each" : "");
	for (size_t i = 0; i < n; i++) {
		size_t k = n > 1 ? i * (f->n_periods - 1) / (n - 1) : 0;

		html_element(out, "span", NULL, period_name(f, k, name));
	}
	html_raw(out, "</div>");
}

static void put_legend(struct strbuf *out, const struct figure *f)
{
	if (str_eq(f->question.dimension, "none")) // the heading says what it is
		return;
	html_raw(out, "<ul class=\"figure-legend\">");
	for (size_t i = 0; i < f->n_lines; i++) {
		strbuf_printf(out, "<li><i class=\"back-%zu\"></i>", colour_of(f, i));
		html_text(out, f->lines[i].name);
		html_raw(out, "</li>");
	}
	html_raw(out, "</ul>");
}

static double greatest(const struct figure *f)
{
	double top = 0;

	for (size_t i = 0; i < f->n_lines; i++)
		if (!f->lines[i].is_rest && f->lines[i].total > top)
			top = f->lines[i].total;
	return top > 0 ? top : 1;
}

static void put_bars(struct strbuf *out, const struct figure *f)
{
	double top = str_eq(unit_of(f), "%") ? 100 : greatest(f);

	html_raw(out, "<dl class=\"figure-bars\">");
	for (size_t i = 0; i < f->n_lines; i++) {
		const struct figure_line *line = &f->lines[i];

		if (isnan(line->total))
			continue;
		html_raw(out, "<div><dt>");
		html_text(out, line->name);
		html_raw(out, "</dt><dd>");
		figure_number(out, line->total, unit_of(f));
		html_raw(out, "</dd><dd class=\"length\">");
		if (!line->is_rest)
			svg_share(out, line->total / top, line->name);
		html_raw(out, "</dd></div>");
	}
	html_raw(out, "</dl>");
}

void figure_draw(struct strbuf *out, const struct figure *f)
{
	struct scale s = scale_of(f);

	if (str_eq(f->question.unit, "total")) {
		put_bars(out, f);
		return;
	}
	html_raw(out, "<div class=\"figure-frame\">");
	put_value_axis(out, &s);
	put_plot(out, f, &s);
	put_time_axis(out, f);
	html_raw(out, "</div>");
	put_legend(out, f);
}
