// SPDX-License-Identifier: Apache-2.0
// Charts of the job page: drawn here as SVG, drawn again by the script so that one can look
// closer, and given as a table below each.
#include <inttypes.h>
#include <math.h>

#include "common/clock.h"
#include "portal/field.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/pages/job.h"
#include "portal/svg.h"
#include "portal/units.h"

#define TABLE_MAX 64 // hosts in a chart's table; the CSV has all

static void put_menu(const struct job_page *j, const char *key)
{
	CLEANUP(strbuf_release) struct strbuf what = {0};
	strbuf_puts(&what, "/series");
	url_path(&what, 1, &key);
	CLEANUP(strbuf_release) struct strbuf url = {0};
	job_url(&url, "/api", j->detail->run, strbuf_text(&what));
	html_raw(j->out, "<span class=\"menu\"><a");
	html_attributef(j->out, "href", "%s&format=csv", strbuf_text(&url));
	html_raw(j->out, " download>CSV</a><a");
	html_attribute(j->out, "href", strbuf_text(&url));
	html_raw(j->out,
		">JSON</a><button type=\"button\" class=\"png\" hidden>PNG</button></span>");
}

static void put_number(struct strbuf *out, double v, const char *unit)
{
	html_raw(out, "<td class=\"number\">");
	if (isnan(v)) {
		html_raw(out, "–</td>");
		return;
	}
	struct shown s = unit_show(v, unit);
	html_textf(out, "%s %s", s.number, s.unit);
	html_raw(out, "</td>");
}

static void put_table(
	const struct job_page *j, const struct series_data *d, const char *unit, const char *label)
{
	html_raw(j->out, "<details class=\"table\"><summary>Table</summary><div class=\"scroll\" "
			 "tabindex=\"0\" role=\"region\"");
	html_attributef(j->out, "aria-label", "%s as a table", label);
	html_raw(j->out, "><table><thead><tr><th scope=\"col\">Host</th>"
			 "<th scope=\"col\" class=\"number\">Mean</th>"
			 "<th scope=\"col\" class=\"number\">Lowest</th>"
			 "<th scope=\"col\" class=\"number\">Highest</th>"
			 "<th scope=\"col\" class=\"number\">Points</th></tr></thead><tbody>");
	for (size_t i = 0; i < d->n_lines && i < TABLE_MAX; i++) {
		struct series_summary s = series_line_summary(d, &d->lines[i]);
		html_raw(j->out, "<tr><th scope=\"row\">");
		html_text(j->out, j->detail->series.hosts[d->lines[i].host]);
		html_raw(j->out, "</th>");
		put_number(j->out, s.mean, unit);
		put_number(j->out, s.min, unit);
		put_number(j->out, s.max, unit);
		html_raw(j->out, "<td class=\"number\">");
		html_textf(j->out, "%zu", s.n);
		html_raw(j->out, "</td></tr>");
	}
	html_raw(j->out, "</tbody></table></div></details>");
}

static void put_range(const struct job_page *j, const struct series_data *d, const char *unit)
{
	double high = NAN;
	for (size_t i = 0; i < d->n_lines; i++)
		high = fmax(high, series_line_summary(d, &d->lines[i]).max);
	html_raw(j->out, "<p class=\"range\">");
	layout_time(j->out, j->zone, d->times[0]);
	html_raw(j->out, "<span class=\"peak\">");
	if (!isnan(high)) {
		struct shown s = unit_show(high, unit);
		html_textf(j->out, "up to %s %s", s.number, s.unit);
	}
	html_raw(j->out, "</span>");
	layout_time(j->out, j->zone, d->times[d->n_times - 1]);
	html_raw(j->out, "</p>");
}

static void put_chart(
	const struct job_page *j, const struct doc *metric, const struct series_data *d)
{
	const char *label = metric ? field_text(metric, "series_label") : d->key;
	const char *unit = metric ? field_text(metric, "series_unit") : "";
	html_raw(j->out, "<figure class=\"chart\"");
	html_attribute(j->out, "data-series", d->key);
	html_attribute(j->out, "data-unit", unit);
	html_attribute(j->out, "data-kind", metric ? field_text(metric, "chart_kind") : "line");
	html_raw(j->out, "><figcaption");
	html_attribute(j->out, "title", metric ? field_text(metric, "help") : NULL);
	html_raw(j->out, "><h4>");
	html_text(j->out, label);
	html_raw(j->out, "</h4>");
	struct shown s = unit_show(0, unit);
	html_element(j->out, "span", "unit", s.unit);
	html_raw(j->out, "<span class=\"spring\"></span>");
	put_menu(j, d->key);
	html_raw(j->out, "</figcaption><div class=\"plot\">");
	svg_series(j->out, d, j->arena);
	put_range(j, d, unit);
	html_raw(j->out, "</div>");
	put_table(j, d, unit, label);
	html_raw(j->out, "</figure>");
}

static const struct series_data *series_of(const struct job_page *j, const struct doc *metric)
{
	const char *key = field_text(metric, "series_key");
	return key[0] && field_text(metric, "chart_kind")[0] ? series_find(&j->detail->series, key)
	                                                     : NULL;
}

// Charts come by group in the order in which groups first appear, in a group by its order.
static int compare_order(const struct doc *a, const struct doc *b)
{
	int64_t x = field_int(a, "chart_order", 0);
	int64_t y = field_int(b, "chart_order", 0);
	return (x > y) - (x < y);
}

static size_t group_charts(const struct job_page *j, size_t start, const struct doc **charts)
{
	const struct rows *metrics = &j->detail->values;
	const char *group = field_text(metrics->items[start], "chart_group");
	size_t n = 0;
	for (size_t i = start; i < metrics->n; i++) {
		const struct doc *m = metrics->items[i];
		if (!str_eq(field_text(m, "chart_group"), group) || !series_of(j, m))
			continue;
		size_t at = n++;
		for (; at > 0 && compare_order(charts[at - 1], m) > 0; at--)
			charts[at] = charts[at - 1];
		charts[at] = m;
	}
	return n;
}

static bool is_group_start(const struct rows *metrics, size_t at)
{
	const char *group = field_text(metrics->items[at], "chart_group");
	for (size_t i = 0; i < at; i++)
		if (str_eq(field_text(metrics->items[i], "chart_group"), group))
			return false;
	return group[0] != '\0';
}

static void put_groups(const struct job_page *j)
{
	const struct rows *metrics = &j->detail->values;
	// NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
	const struct doc **charts = arena_array(j->arena, metrics->n, sizeof(*charts));
	for (size_t i = 0; i < metrics->n; i++) {
		size_t n = is_group_start(metrics, i) ? group_charts(j, i, charts) : 0;
		if (n == 0)
			continue;
		html_raw(j->out, "<h3>");
		html_text(j->out, field_text(metrics->items[i], "chart_group"));
		html_raw(j->out, "</h3><div class=\"charts\">");
		for (size_t k = 0; k < n; k++)
			put_chart(j, charts[k], series_of(j, charts[k]));
		html_raw(j->out, "</div>");
	}
}

static bool is_in_catalogue(const struct rows *metrics, const char *key)
{
	for (size_t i = 0; i < metrics->n; i++)
		if (str_eq(field_text(metrics->items[i], "series_key"), key))
			return true;
	return false;
}

// Series of a catalogue that has changed since are still worth a look.
static void put_others(const struct job_page *j)
{
	const struct series_set *set = &j->detail->series;
	bool is_open = false;
	for (size_t i = 0; i < set->n; i++) {
		if (is_in_catalogue(&j->detail->values, set->items[i].key))
			continue;
		if (!is_open)
			html_raw(j->out, "<h3>Other</h3><div class=\"charts\">");
		is_open = true;
		put_chart(j, NULL, &set->items[i]);
	}
	if (is_open)
		html_raw(j->out, "</div>");
}

static void put_time(const struct job_page *j, const char *attribute, int64_t t)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	strbuf_printf(&text, "%" PRId64, t);
	html_attribute(j->out, attribute, strbuf_text(&text));
}

void job_charts(const struct job_page *j)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};
	job_url(&url, "/api", j->detail->run, "/series");
	html_raw(j->out, "<section id=\"charts\"");
	html_attribute(j->out, "data-source", strbuf_text(&url));
	html_attribute(j->out, "data-zone",
		portal_zone_name(j->portal, field_text(j->detail->run, "cluster")));
	put_time(j, "data-begin", field_int(j->detail->run, "start", 0));
	put_time(j, "data-end", field_int(j->detail->run, "end", clock_now_s()));
	html_raw(j->out, "><h2>Charts</h2>");
	if (j->detail->series.n == 0)
		html_element(j->out, "p", "notice",
			j->detail->problem ? j->detail->problem
					   : "No time series were kept for this job.");
	put_groups(j);
	put_others(j);
	html_raw(j->out, "</section>");
}
