// SPDX-License-Identifier: Apache-2.0
// Data quality, for staff: what was wrong with accounting, with advice; what could not be taken; how
// much of each metric was measured.
#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "portal/field.h"
#include "portal/figure.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/postgres.h"
#include "portal/routes.h"
#include "portal/svg.h"
#include "portal/units.h"

#define HOUR_S 3600

struct quality {
	struct rows runs, codes, quarantine, documents, coverage;
};

static int load(struct session *s, struct arena *a, const char *const *days, struct quality *ret,
	struct error *err)
{
	TRY(session_query(s, STATEMENT_QUALITY_RUNS, days, a, &ret->runs, err));
	TRY(session_query(s, STATEMENT_QUALITY_CODES, days, a, &ret->codes, err));
	TRY(session_query(s, STATEMENT_QUALITY_QUARANTINE, NULL, a, &ret->quarantine, err));
	TRY(session_query(s, STATEMENT_QUALITY_DOCUMENTS, days, a, &ret->documents, err));
	return session_query(s, STATEMENT_QUALITY_COVERAGE, days, a, &ret->coverage, err);
}

static void put_count(struct strbuf *out, int64_t n)
{
	char text[NUMBER_SIZE];

	html_text(out, count_show(n, text));
}

static void put_number_cell(struct strbuf *out, const struct doc *row, const char *key)
{
	html_raw(out, "<td class=\"number\">");
	put_count(out, field_int(row, key, 0));
	html_raw(out, "</td>");
}

static void put_cell(struct strbuf *out, const struct doc *row, const char *key)
{
	html_element(out, "td", NULL, field_text(row, key));
}

static void begin_table(
	struct strbuf *out, const char *label, const char *const *heads, size_t n, unsigned right)
{
	html_raw(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\"");
	html_attribute(out, "aria-label", label);
	html_raw(out, "><table><thead><tr>");
	for (size_t i = 0; i < n; i++) {
		html_raw(out, "<th scope=\"col\"");
		if (right & 1U << i)
			html_raw(out, " class=\"number\"");
		strbuf_putc(out, '>');
		html_text(out, heads[i]);
		html_raw(out, "</th>");
	}
	html_raw(out, "</tr></thead><tbody>");
}

static void end_table(struct strbuf *out)
{
	html_raw(out, "</tbody></table></div>");
}

static void put_none(struct strbuf *out, const char *text)
{
	html_element(out, "p", "nothing", text);
}

// A code is a card: what it means matters more than how often it came.
static void put_code(struct strbuf *out, const struct doc *c)
{
	bool is_ignored = field_bool(c, "is_ignored");

	html_raw(out, "<li class=\"card code\"><div class=\"title\"><h3><code>");
	html_text(out, field_text(c, "code"));
	html_raw(out, "</code></h3><span class=\"state");
	html_raw(out, " ");
	strbuf_puts(out, is_ignored ? "quiet" : "warn");
	html_raw(out, "\">");
	put_count(out, field_int(c, "n", 0));
	html_textf(out, " in %lld runs", (long long)field_int(c, "runs", 0));
	html_raw(out, "</span><span class=\"count\">");
	html_textf(out, "%lld in the last%s", (long long)field_int(c, "last", 0),
		is_ignored ? ", ignored by configuration" : "");
	html_raw(out, "</span></div><p>");
	html_text(out, field_text(c, "trigger"));
	html_raw(out, "</p><p class=\"advice\"><strong>What to do: </strong>");
	html_text(out, field_text(c, "advice"));
	html_raw(out, "</p><dl><div><dt>Effect</dt><dd>");
	html_text(out, field_text(c, "effect"));
	html_raw(out, "</dd></div><div><dt>Where</dt><dd>");
	html_text(out, field_text(c, "where"));
	html_raw(out, "</dd></div><div><dt>Last one</dt><dd><code>");
	html_text(out, field_text(c, "example"));
	html_raw(out, "</code></dd></div></dl></li>");
}

static void put_codes(struct strbuf *out, const struct rows *codes, bool is_import)
{
	html_raw(out, "<section id=\"codes\"><h2>Accounting: what was wrong</h2>");
	if (codes->n == 0) {
		put_none(out, is_import ? "No import met anything that was wrong."
					: "No import ran in this time.");
	} else {
		html_raw(out, "<ul class=\"codes\">");
		for (size_t i = 0; i < codes->n; i++)
			put_code(out, codes->items[i]);
		html_raw(out, "</ul>");
	}
	html_raw(out, "</section>");
}

static void put_run_time(struct strbuf *out, const struct doc *run)
{
	char text[SPAN_SIZE];

	html_raw(out, "<td>");
	layout_time(out, NULL, field_int(run, "began", 0));
	html_raw(out, "</td><td class=\"number\">");
	if (field_is_there(run, "seconds"))
		html_text(out, span_show(field_int(run, "seconds", 0), text));
	else
		html_raw(out, "<span class=\"none\">not ended</span>");
	html_raw(out, "</td>");
}

static void put_runs(struct strbuf *out, const struct rows *runs)
{
	static const char *const heads[] = {
		"Run", "Began (UTC)", "Took", "Steps", "Problems", "Ignored"};

	html_raw(out, "<section id=\"runs\"><h2>Imports</h2>");
	if (runs->n == 0)
		put_none(out, "No import ran in this time.");
	else
		begin_table(out, "Imports", heads, ARRAY_LEN(heads),
			1U << 2 | 1U << 3 | 1U << 4 | 1U << 5);
	for (size_t i = 0; i < runs->n; i++) {
		const struct doc *run = runs->items[i];

		html_raw(out, "<tr><th scope=\"row\">");
		html_textf(out, "%lld", (long long)field_int(run, "run", 0));
		html_raw(out, "</th>");
		put_run_time(out, run);
		put_number_cell(out, run, "steps");
		put_number_cell(out, run, "problems");
		put_number_cell(out, run, "ignored");
		html_raw(out, "</tr>");
	}
	if (runs->n)
		end_table(out);
	html_raw(out, "</section>");
}

static void put_quarantine(struct strbuf *out, const struct quality *d)
{
	static const char *const heads[] = {"From", "What is wrong", "Records", "For instance"};

	html_raw(out,
		"<section id=\"quarantine\"><h2>Put aside</h2><p class=\"lead\">Records and documents "
		"that could not be taken. They are tried again, and go from here when they can be.</p>");
	if (d->quarantine.n + d->documents.n == 0) {
		put_none(out, "Nothing is put aside.");
		html_raw(out, "</section>");
		return;
	}
	begin_table(out, "Put aside", heads, ARRAY_LEN(heads), 1U << 2);
	for (size_t i = 0; i < d->quarantine.n + d->documents.n; i++) {
		bool is_document = i >= d->quarantine.n;
		const struct doc *row = is_document ? d->documents.items[i - d->quarantine.n]
		                                    : d->quarantine.items[i];

		html_raw(out, "<tr><th scope=\"row\">");
		html_text(out, is_document ? "document" : field_text(row, "source"));
		html_raw(out, "</th><td>");
		if (is_document && field_text(row, "field")[0])
			html_element(out, "code", NULL, field_text(row, "field"));
		html_textf(out, " %s", field_text(row, "reason"));
		html_raw(out, "</td>");
		put_number_cell(out, row, "n");
		put_cell(out, row, "example");
		html_raw(out, "</tr>");
	}
	end_table(out);
	html_raw(out, "</section>");
}

// The catalogue's words: "gpu seconds". The amount beside it is in hours.
static void put_weight(struct strbuf *out, const char *weight, bool is_time)
{
	if (!is_time) {
		html_text(out, weight);
		return;
	}
	if (str_starts(weight, "gpu")) {
		html_raw(out, "GPU");
		weight += strlen("gpu");
	}
	html_textf(out, "%.*s hours", (int)(strrchr(weight, ' ') - weight), weight);
}

static void put_metric(struct strbuf *out, const struct doc *m)
{
	double measured = field_number(m, "measured");
	bool is_time = str_ends(field_text(m, "weight"), "seconds");
	struct shown share;
	char text[96];

	html_raw(out, "<tr><th scope=\"row\"");
	html_attribute(out, "title", field_text(m, "help"));
	strbuf_putc(out, '>');
	html_text(out, field_text(m, "label"));
	html_raw(out, "</th><td><code>");
	html_text(out, field_text(m, "name"));
	html_raw(out, "</code></td><td>");
	put_weight(out, field_text(m, "weight"), is_time);
	html_raw(out, "</td>");
	html_raw(out, "<td class=\"number\">");
	figure_number(out, field_number(m, "amount") / (is_time ? HOUR_S : 1), is_time ? "h" : "");
	html_raw(out, "</td><td class=\"number\">");
	if (isnan(measured)) {
		html_raw(
			out, "<span class=\"none\">–</span></td><td class=\"bar-cell\"></td></tr>");
		return;
	}
	share = unit_show(measured, "ratio");
	str_format(text, sizeof(text), "%s %s", share.number, share.unit);
	html_text(out, text);
	html_raw(out, "</td><td class=\"bar-cell\">");
	svg_share(out, measured, text);
	html_raw(out, "</td></tr>");
}

static void put_metrics(struct strbuf *out, const struct rows *coverage, bool measured)
{
	static const char *const heads[] = {
		"Metric", "Name", "Counted in", "Known of", "Measured", "Share"};

	begin_table(out, measured ? "What was measured" : "What was not measured", heads,
		ARRAY_LEN(heads), 1U << 3 | 1U << 4);
	for (size_t i = 0; i < coverage->n; i++)
		if (isnan(field_number(coverage->items[i], "measured")) != measured)
			put_metric(out, coverage->items[i]);
	end_table(out);
}

static void put_coverage(struct strbuf *out, const struct rows *coverage)
{
	size_t n_silent = 0;

	for (size_t i = 0; i < coverage->n; i++)
		n_silent += isnan(field_number(coverage->items[i], "measured"));
	html_raw(out, "<section id=\"coverage\"><h2>What was measured</h2><p class=\"lead\">"
		      "Of the time of jobs that ran. What was not measured is in no mean.</p>");
	if (n_silent < coverage->n)
		put_metrics(out, coverage, true);
	else
		put_none(out, "No metric of the catalogue was measured in this time.");
	if (n_silent) {
		html_raw(out, "<details class=\"silent\"><summary>");
		html_textf(out, "%zu metrics that were not measured at all", n_silent);
		html_raw(out, "</summary>");
		put_metrics(out, coverage, false);
		html_raw(out, "</details>");
	}
	html_raw(out, "</section>");
}

int page_quality(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	struct layout layout = {.title = "Data quality"};
	CLEANUP(session_end) struct session *s = NULL;
	struct quality d;
	uint64_t n_days;
	int64_t now = clock_now_s();
	const char *days[2];

	TRY(request_query_count(q, "days", 1, 1100, 30, &n_days, err));
	TRY(request_session(p, q, &s, err));
	if (!q->is_staff)
		return error_set(err, EACCES, "This page is for the staff of the site.");
	days[0] = day_text(q->arena, now - (int64_t)(n_days - 1) * 86400);
	days[1] = day_text(q->arena, now);
	TRY(load(s, q->arena, days, &d, err));
	layout_begin(p, q, &layout, &r->body);
	html_raw(&r->body,
		"<div class=\"title\"><h1>Data quality</h1><span class=\"spring\"></span>"
		"<nav class=\"spans\" aria-label=\"Period\">");
	for (size_t i = 0; i < 3; i++) {
		static const unsigned spans[] = {7, 30, 365};

		html_raw(&r->body, "<a");
		html_attributef(&r->body, "href", "/quality?days=%u", spans[i]);
		if (spans[i] == n_days)
			html_raw(&r->body, " aria-current=\"true\"");
		strbuf_putc(&r->body, '>');
		html_textf(&r->body, "%u days", spans[i]);
		html_raw(&r->body, "</a>");
	}
	html_raw(&r->body, "</nav></div><p class=\"lead\">");
	html_textf(&r->body, "From %s to %s.", days[0], days[1]);
	html_raw(&r->body, "</p>");
	put_codes(&r->body, &d.codes, d.runs.n > 0);
	put_quarantine(&r->body, &d);
	put_runs(&r->body, &d.runs);
	put_coverage(&r->body, &d.coverage);
	layout_end(&r->body);
	return 0;
}
