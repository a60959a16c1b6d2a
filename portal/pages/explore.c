// SPDX-License-Identifier: Apache-2.0
// The explorer: any statistic by any dimension over any time, as a drawing, a table, CSV and JSON. Who
// is signed in sees figures of what they may see; everybody else those of groups, of months that are over.
#include <errno.h>
#include <math.h>

#include "common/clock.h"
#include "portal/csv.h"
#include "portal/field.h"
#include "portal/figure.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/routes.h"
#include "portal/units.h"

#define LINES     8
#define LINES_API 10000
#define DAYS_MAX  1100 // of days asked for one by one

static const struct {
	const char *id, *label;
} units[] = {{"day", "by day"}, {"month", "by month"}, {"quarter", "by quarter"},
	{"year", "by year"}, {"total", "the whole time"}};

static int read_day(const struct request *q, const char *name, int64_t usual, int64_t *ret,
	const char **ret_text, struct error *err)
{
	const char *text = request_query(q, name);
	int64_t s = usual;

	if (text && parse_time(text, NULL, &s) < 0)
		return error_set(err, EINVAL, "%s is not a day like 2026-11-21", name);
	*ret = s;
	*ret_text = day_text(q->arena, s);
	return 0;
}

// A year that ends today; for everybody one that ends with the last month that is over.
static int read_period(const struct request *q, struct figure_question *f, struct error *err)
{
	struct civil now = civil_from_unix(clock_now_s());
	struct civil month = {.year = now.year, .month = now.month, .day = 1};
	int64_t until = f->is_public ? unix_from_civil(month) - 86400 : clock_now_s();
	int64_t since = 0;
	struct civil first;

	TRY(read_day(q, "until", until, &until, &f->until, err));
	first = civil_from_unix(until);
	first = (struct civil){.year = first.month == 12 ? first.year : first.year - 1,
		.month = first.month % 12 + 1,
		.day = 1};
	TRY(read_day(q, "since", unix_from_civil(first), &since, &f->since, err));
	if (since > until)
		return error_set(err, EINVAL, "since is after until");
	if (str_eq(f->unit, "day") && until - since > DAYS_MAX * INT64_C(86400))
		return error_set(err, EINVAL, "by day there are %d days at most", DAYS_MAX);
	return 0;
}

// Whole months, whatever days were given.
static void widen(struct arena *a, struct figure_question *f)
{
	int64_t since;
	int64_t until;
	struct civil c;

	if (parse_time(f->since, NULL, &since) < 0 || parse_time(f->until, NULL, &until) < 0)
		return;
	c = civil_from_unix(since);
	c.day = 1;
	f->since = day_text(a, unix_from_civil(c));
	c = civil_from_unix(until);
	c.year += c.month == 12;
	c.month = c.month % 12 + 1;
	c.day = 1;
	f->until = day_text(a, unix_from_civil(c) - 86400);
}

static int read_question(const struct request *q, struct figure_question *ret, struct error *err)
{
	struct figure_question f = {.realm = request_query(q, "realm"),
		.statistic = request_query(q, "statistic"),
		.dimension = request_query(q, "by"),
		.unit = request_query(q, "unit"),
		.only_by = request_query(q, "only_by"),
		.only = request_query(q, "only"),
		.is_public = !q->person[0]};
	bool is_known = false;

	if (!f.unit || f.is_public)
		f.unit = "month";
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		is_known |= str_eq(units[i].id, f.unit);
	if (!is_known)
		return error_set(err, EINVAL, "unit must be day, month, quarter, year or total");
	TRY(read_period(q, &f, err));
	if (f.is_public) {
		widen(q->arena, &f);
		f.only_by = f.only = NULL;
	}
	*ret = f;
	return 0;
}

static void put_link(struct strbuf *out, const char *path, const struct figure_question *f,
	const char *only_by, const char *only, const char *format)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};

	strbuf_puts(&url, path);
	url_query(&url, "realm", f->realm);
	url_query(&url, "statistic", f->statistic);
	url_query(&url, "by", only && f->dimension == only_by ? "none" : f->dimension);
	url_query(&url, "unit", f->unit);
	url_query(&url, "since", f->since);
	url_query(&url, "until", f->until);
	url_query(&url, "only_by", only_by);
	url_query(&url, "only", only);
	url_query(&url, "format", format);
	html_attribute(out, "href", strbuf_text(&url));
}

static void put_choice(struct strbuf *out, const char *name, const char *label,
	const struct rows *words, const char *chosen)
{
	html_raw(out, "<label><span>");
	html_text(out, label);
	html_raw(out, "</span><select");
	html_attribute(out, "name", name);
	if (str_eq(name, "realm"))
		html_raw(out, " data-submit");
	strbuf_putc(out, '>');
	for (size_t i = 0; i < words->n; i++) {
		html_raw(out, "<option");
		html_attribute(out, "value", field_text(words->items[i], "id"));
		if (str_eq(field_text(words->items[i], "id"), chosen))
			html_raw(out, " selected");
		strbuf_putc(out, '>');
		html_text(out, field_text(words->items[i], "label"));
		html_raw(out, "</option>");
	}
	html_raw(out, "</select></label>");
}

static void put_unit(struct strbuf *out, const char *chosen)
{
	html_raw(out, "<label><span>Shown</span><select name=\"unit\">");
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		html_raw(out, "<option");
		html_attribute(out, "value", units[i].id);
		if (str_eq(units[i].id, chosen))
			html_raw(out, " selected");
		strbuf_putc(out, '>');
		html_text(out, units[i].label);
		html_raw(out, "</option>");
	}
	html_raw(out, "</select></label>");
}

static void put_day(struct strbuf *out, const char *name, const char *label, const char *value)
{
	html_raw(out, "<label><span>");
	html_text(out, label);
	html_raw(out, "</span><input type=\"date\"");
	html_attribute(out, "name", name);
	html_attribute(out, "value", value);
	html_raw(out, "></label>");
}

static void put_form(
	struct strbuf *out, const struct figure_question *f, const struct figure_words *w)
{
	html_raw(
		out, "<form class=\"filter explore\" action=\"/explore\" aria-label=\"Question\">");
	put_choice(out, "realm", "Area", &w->realms, f->realm);
	put_choice(out, "statistic", "Figure", &w->statistics, f->statistic);
	put_choice(out, "by", "By", &w->dimensions, f->dimension);
	if (!f->is_public)
		put_unit(out, f->unit);
	put_day(out, "since", "First day", f->since);
	put_day(out, "until", "Last day", f->until);
	if (f->only) {
		html_raw(out, "<input type=\"hidden\" name=\"only_by\"");
		html_attribute(out, "value", f->only_by);
		html_raw(out, "><input type=\"hidden\" name=\"only\"");
		html_attribute(out, "value", f->only);
		strbuf_putc(out, '>');
	}
	html_raw(out, "<span class=\"actions\"><button>Show</button></span></form>");
}

static void put_heading(struct strbuf *out, const struct figure *f, const struct figure_words *w)
{
	const struct figure_question *q = &f->question;

	html_raw(out, "<div class=\"title figure-title\"><h2>");
	html_text(out, field_text(f->statistic, "label"));
	figure_by(out, f);
	html_raw(out, "</h2>");
	if (q->only) {
		html_raw(out, "<span class=\"chip\">");
		html_textf(out, "%s: %s",
			field_text(figure_word(&w->dimensions, q->only_by), "label"), q->only);
		html_raw(out, "<a aria-label=\"Take the filter off\"");
		put_link(out, "/explore", q, NULL, NULL, NULL);
		html_raw(out, ">×</a></span>");
	}
	html_raw(out, "<span class=\"spring\"></span><p class=\"exports\"><a");
	put_link(out, "/api/figure", q, q->only_by, q->only, "csv");
	html_raw(out, " download>CSV</a><a");
	put_link(out, "/api/figure", q, q->only_by, q->only, NULL);
	html_raw(out, ">JSON</a></p></div><p class=\"lead\">");
	html_text(out, field_text(f->statistic, "help"));
	if (q->is_public)
		html_raw(out, " Shown to everybody: groups of people, months that are over.");
	html_raw(out, "</p>");
}

static void put_value(struct strbuf *out, double value, const char *unit)
{
	char exact[NUMBER_SIZE];

	html_raw(out, "<td class=\"number\">");
	if (isnan(value)) {
		html_raw(out, "<span class=\"none\">–</span></td>");
		return;
	}
	html_raw(out, "<data");
	html_attribute(out, "value", number_exact(value, exact));
	strbuf_putc(out, '>');
	figure_number(out, value, unit);
	html_raw(out, "</data></td>");
}

static void put_line_name(
	struct strbuf *out, const struct figure *f, const struct figure_line *line)
{
	const struct figure_question *q = &f->question;

	if (line->is_rest || q->is_public || q->only || str_eq(q->dimension, "none")) {
		html_text(out, line->name);
		return;
	}
	html_raw(out, "<a");
	put_link(out, "/explore", q, q->dimension, line->name, NULL);
	html_attributef(out, "title", "Only %s", line->name);
	strbuf_putc(out, '>');
	html_text(out, line->name);
	html_raw(out, "</a>");
}

static void put_whole_row(struct strbuf *out, const struct figure *f, const char *unit)
{
	html_raw(out, "</tbody><tfoot><tr><th scope=\"row\">Whole time</th>");
	for (size_t i = 0; i < f->n_lines; i++)
		put_value(out, f->lines[i].total, unit);
	html_raw(out, "</tr></tfoot>");
}

static void put_table(struct strbuf *out, const struct figure *f)
{
	const char *unit = field_text(f->statistic, "unit");

	html_raw(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Numbers\">"
		      "<table class=\"figure-table\"><thead><tr><th scope=\"col\">Begin</th>");
	for (size_t i = 0; i < f->n_lines; i++) {
		html_raw(out, "<th scope=\"col\" class=\"number\">");
		put_line_name(out, f, &f->lines[i]);
		html_raw(out, "</th>");
	}
	html_raw(out, "</tr></thead><tbody>");
	for (size_t k = 0; k < f->n_periods; k++) {
		html_raw(out, "<tr><th scope=\"row\">");
		html_text(out, f->periods[k]);
		html_raw(out, "</th>");
		for (size_t i = 0; i < f->n_lines; i++)
			put_value(out, f->lines[i].values[k], unit);
		html_raw(out, "</tr>");
	}
	if (f->n_periods > 1)
		put_whole_row(out, f, unit);
	html_raw(out, "</table></div>");
}

static void put_notes(struct strbuf *out, const struct figure *f)
{
	html_raw(out, "<p class=\"count\">");
	html_textf(out, "In %s.",
		str_eq(field_text(f->statistic, "unit"), "1") ? "no unit"
							      : field_text(f->statistic, "unit"));
	if (!isnan(f->total)) {
		html_text(out, f->is_additive ? " All together: " : " Over the whole time: ");
		html_raw(out, "<strong>");
		figure_number(out, f->total, field_text(f->statistic, "unit"));
		html_raw(out, "</strong>.");
	}
	if (!isnan(f->coverage) && f->coverage < 0.9995)
		html_textf(out, " It is of the %.3g %% that was measured.", f->coverage * 100);
	if (f->n_left_out)
		html_textf(out, " %zu more are in the CSV.", f->n_left_out);
	html_raw(out, "</p>");
}

int page_explore(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	struct layout layout = {.title = "Explore"};
	CLEANUP(session_end) struct session *s = NULL;
	struct figure_question question;
	struct figure_words words;
	struct figure f;

	TRY(read_question(q, &question, err));
	TRY(request_session(p, q, &s, err));
	TRY(figure_words_load(s, q->arena, &question, &words, err));
	TRY(figure_load(s, q->arena, &question, &words, LINES, &f, err));
	layout_begin(p, q, &layout, &r->body);
	html_raw(&r->body, "<div class=\"title\"><h1>Explore</h1></div>");
	put_form(&r->body, &question, &words);
	html_raw(&r->body, "<section class=\"figure\">");
	put_heading(&r->body, &f, &words);
	if (f.n_lines == 0 || f.n_periods == 0) {
		html_raw(&r->body,
			"<p class=\"empty\">Nothing was found that you may see. "
			"Another period, or all of it together, may have something.</p></section>");
	} else {
		figure_draw(&r->body, &f);
		put_notes(&r->body, &f);
		html_raw(&r->body, "</section><section>");
		put_table(&r->body, &f);
		html_raw(&r->body, "</section>");
	}
	layout_end(&r->body);
	return 0;
}

static void put_csv(const struct figure *f, struct strbuf *out)
{
	csv_text(out, "period");
	csv_text(out, "id");
	csv_text(out, field_text(f->dimension, "id"));
	csv_text(out, field_text(f->statistic, "id"));
	csv_end(out);
	for (size_t k = 0; k < f->n_periods; k++)
		for (size_t i = 0; i < f->n_lines; i++) {
			if (isnan(f->lines[i].values[k]))
				continue;
			csv_text(out, f->periods[k]);
			csv_text(out, f->lines[i].id);
			csv_text(out, f->lines[i].name);
			csv_number(out, f->lines[i].values[k]);
			csv_end(out);
		}
}

static void put_json(const struct figure *f, struct arena *a, struct strbuf *out)
{
	struct doc *root = doc_object(a);
	struct doc *rows = doc_array(a);

	doc_put_text(root, a, "realm", f->question.realm);
	doc_put_text(root, a, "statistic", f->question.statistic);
	doc_put_text(root, a, "unit", field_text(f->statistic, "unit"));
	doc_put_text(root, a, "by", f->question.dimension);
	for (size_t k = 0; k < f->n_periods; k++)
		for (size_t i = 0; i < f->n_lines; i++) {
			struct doc *row = doc_object(a);

			if (isnan(f->lines[i].values[k]))
				continue;
			doc_put_text(row, a, "period", f->periods[k]);
			doc_put_text(row, a, "id", f->lines[i].id);
			doc_put_text(row, a, "name", f->lines[i].name);
			doc_put_double(row, a, "value", f->lines[i].values[k]);
			doc_put(rows, a, NULL, row);
		}
	doc_put(root, a, "rows", rows);
	doc_to_json(root, false, false, out);
	strbuf_putc(out, '\n');
}

int api_figure(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	const char *format = request_query(q, "format");
	bool is_csv = str_eq(format, "csv");
	CLEANUP(session_end) struct session *s = NULL;
	struct figure_question question;
	struct figure_words words;
	struct figure f;

	if (format && !is_csv && !str_eq(format, "json"))
		return error_set(err, EINVAL, "format must be json or csv");
	TRY(read_question(q, &question, err));
	TRY(request_session(p, q, &s, err));
	TRY(figure_words_load(s, q->arena, &question, &words, err));
	TRY(figure_load(s, q->arena, &question, &words, LINES_API, &f, err));
	r->type = is_csv ? TYPE_CSV : TYPE_JSON;
	r->file_name = is_csv ? "figure.csv" : NULL;
	if (is_csv)
		put_csv(&f, &r->body);
	else
		put_json(&f, q->arena, &r->body);
	return 0;
}
