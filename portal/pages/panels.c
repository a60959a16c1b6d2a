// SPDX-License-Identifier: Apache-2.0
// Pages that are a table of figures: efficiency, energy, availability. Each person sees those of their
// own rights; a figure that has nothing to show says so.
#include <math.h>

#include "common/clock.h"
#include "portal/field.h"
#include "portal/figure.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/routes.h"
#include "portal/units.h"

#define LINES 6

struct panel {
	const char *realm, *statistic, *dimension, *unit;
};

struct board {
	const char *path, *title, *lead;
	struct panel numbers[5]; // of the whole time, on top
	struct panel panels[6];
};

static const struct board efficiency = {
	.path = "/efficiency",
	.title = "Efficiency",
	.lead = "What was allocated and not used, and why.",
	.numbers = {{"JobEfficiency", "wasted_core_ratio", "none", "total"},
		{"JobEfficiency", "wasted_core_hours", "none", "total"},
		{"JobEfficiency", "wasted_gpu_ratio", "none", "total"},
		{"JobEfficiency", "bad_job_ratio", "none", "total"},
		{"JobEfficiency", "failed_core_hours", "none", "total"}},
	.panels = {{"JobEfficiency", "core_time", "reason", "month"},
		{"JobEfficiency", "wasted_core_hours", "person", "total"},
		{"JobEfficiency", "wasted_core_ratio", "queue", "month"},
		{"JobEfficiency", "wasted_gpu_hours", "person", "total"},
		{"JobEfficiency", "core_time", "reason", "total"},
		{"JobEfficiency", "wasted_limit_hours", "person", "total"}},
};

static const struct board energy = {
	.path = "/energy",
	.title = "Energy",
	.lead = "What jobs drew, as accounting and the nodes' own meters say.",
	.numbers = {{"Energy", "accounting_energy_kwh", "none", "total"},
		{"Energy", "node_energy_kwh", "none", "total"},
		{"Energy", "cpu_energy_kwh", "none", "total"},
		{"Energy", "gpu_energy_kwh", "none", "total"},
		{"Energy", "node_power_w", "none", "total"}},
	.panels = {{"Energy", "accounting_energy_kwh", "queue", "month"},
		{"Energy", "accounting_energy_kwh", "account", "total"},
		{"Energy", "cpu_energy_kwh", "application", "total"},
		{"Energy", "gpu_power_w", "queue", "month"},
		{"Energy", "accounting_energy_kwh", "person", "total"},
		{"Energy", "node_power_w", "queue", "month"}},
};

static const struct board availability = {
	.path = "/availability",
	.title = "Availability",
	.lead = "Whether the machines were there: of nodes, as accounting says; of clusters, as users see it.",
	.numbers = {{"Availability", "availability", "none", "total"},
		{"Availability", "planned_availability", "none", "total"},
		{"Availability", "down_node_hours", "none", "total"},
		{"Availability", "probe_success", "none", "total"},
		{"Availability", "probe_wait_s", "none", "total"}},
	.panels = {{"Availability", "availability", "resource", "month"},
		{"Availability", "down_node_hours", "node_type", "month"},
		{"Availability", "planned_node_hours", "node_type", "month"},
		{"Availability", "probe_success", "resource", "month"},
		{"Availability", "probe_count", "result", "month"},
		{"ResourceSpecifications", "core_utilization", "resource", "month"}},
};

static const struct {
	const char *id, *label;
	int months;
} spans[] = {{"3", "3 months", 3}, {"12", "a year", 12}, {"36", "3 years", 36}};

// From the first day of a month until today.
static int read_span(
	const struct request *q, struct figure_question *ret, size_t *ret_span, struct error *err)
{
	uint64_t months;
	struct civil c = civil_from_unix(clock_now_s());

	TRY(request_query_count(q, "months", 1, 60, 12, &months, err));
	*ret_span = months;
	ret->until = day_text(q->arena, clock_now_s());
	months = (uint64_t)c.year * 12 + (uint64_t)c.month - months; // of the first, from 0
	ret->since =
		arena_printf(q->arena, "%04d-%02d-01", (int)(months / 12), (int)(months % 12 + 1));
	return 0;
}

static int load(struct session *s, struct arena *a, const struct panel *panel,
	const struct figure_question *span, struct figure *ret, struct error *err)
{
	struct figure_question q = *span;
	struct figure_words words;

	q.realm = panel->realm;
	q.statistic = panel->statistic;
	q.dimension = panel->dimension;
	q.unit = panel->unit;
	q.is_brief = true;
	TRY(figure_words_load(s, a, &q, &words, err));
	return figure_load(s, a, &q, &words, LINES, ret, err);
}

static void put_link(struct strbuf *out, const struct figure_question *q)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};

	strbuf_puts(&url, "/explore");
	url_query(&url, "realm", q->realm);
	url_query(&url, "statistic", q->statistic);
	url_query(&url, "by", q->dimension);
	url_query(&url, "unit", q->unit);
	url_query(&url, "since", q->since);
	url_query(&url, "until", q->until);
	html_attribute(out, "href", strbuf_text(&url));
}

static void put_number(struct strbuf *out, const struct figure *f)
{
	struct shown coverage;

	html_raw(out, "<div><dt");
	html_attribute(out, "title", field_text(f->statistic, "help"));
	strbuf_putc(out, '>');
	html_text(out, field_text(f->statistic, "label"));
	html_raw(out, "</dt><dd>");
	figure_number(out, f->total, field_text(f->statistic, "unit"));
	html_raw(out, "</dd>");
	if (!isnan(f->total) && !isnan(f->coverage) && f->coverage < 0.9995) {
		html_raw(out, "<dd class=\"measured\">");
		coverage = unit_show(f->coverage, "ratio");
		html_textf(out, "%s %s measured", coverage.number, coverage.unit);
		html_raw(out, "</dd>");
	}
	html_raw(out, "</div>");
}

static bool has_values(const struct figure *f)
{
	for (size_t i = 0; i < f->n_lines; i++)
		for (size_t k = 0; k < f->n_periods; k++)
			if (!isnan(f->lines[i].values[k]))
				return true;
	return false;
}

static void put_panel(struct strbuf *out, const struct figure *f)
{
	const char *unit = field_text(f->statistic, "unit");

	html_raw(out, "<section class=\"panel\"><div class=\"title\"><h2>");
	html_text(out, field_text(f->statistic, "label"));
	figure_by(out, f);
	html_raw(out, "</h2><span class=\"unit\">");
	html_text(out, unit_is_word(unit) ? unit : ""); // other units stand at the numbers
	html_raw(out, "</span><span class=\"spring\"></span><a");
	put_link(out, &f->question);
	html_raw(out, ">Explore</a></div>");
	if (has_values(f))
		figure_draw(out, f);
	else
		html_raw(out,
			"<p class=\"nothing\">Nothing was measured, or there is nothing that you may see.</p>");
	html_raw(out, "</section>");
}

static void put_spans(struct strbuf *out, const struct board *b, size_t months)
{
	html_raw(out, "<nav class=\"spans\" aria-label=\"Period\">");
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		html_raw(out, "<a");
		html_attributef(out, "href", "%s?months=%s", b->path, spans[i].id);
		if ((size_t)spans[i].months == months)
			html_raw(out, " aria-current=\"true\"");
		strbuf_putc(out, '>');
		html_text(out, spans[i].label);
		html_raw(out, "</a>");
	}
	html_raw(out, "</nav>");
}

static int put_board(const struct board *b, struct session *s, struct arena *a,
	const struct figure_question *span, struct strbuf *out, struct error *err)
{
	struct figure f;

	html_raw(out, "<dl class=\"facts numbers\">");
	for (size_t i = 0; i < ARRAY_LEN(b->numbers) && b->numbers[i].realm; i++) {
		TRY(load(s, a, &b->numbers[i], span, &f, err));
		put_number(out, &f);
	}
	html_raw(out, "</dl><div class=\"panels\">");
	for (size_t i = 0; i < ARRAY_LEN(b->panels) && b->panels[i].realm; i++) {
		TRY(load(s, a, &b->panels[i], span, &f, err));
		put_panel(out, &f);
	}
	html_raw(out, "</div>");
	return 0;
}

static int page_board(const struct board *b, struct portal *p, struct request *q, struct reply *r,
	struct error *err)
{
	struct layout layout = {.title = b->title};
	CLEANUP(strbuf_release) struct strbuf board = {0};
	CLEANUP(session_end) struct session *s = NULL;
	struct figure_question span = {0};
	size_t months;

	TRY(read_span(q, &span, &months, err));
	TRY(request_session(p, q, &s, err));
	TRY(put_board(b, s, q->arena, &span, &board, err));
	layout_begin(p, q, &layout, &r->body);
	html_raw(&r->body, "<div class=\"title\"><h1>");
	html_text(&r->body, b->title);
	html_raw(&r->body, "</h1><span class=\"spring\"></span>");
	put_spans(&r->body, b, months);
	html_raw(&r->body, "</div><p class=\"lead\">");
	html_text(&r->body, b->lead);
	html_textf(&r->body, " From %s to %s.", span.since, span.until);
	html_raw(&r->body, "</p>");
	strbuf_puts(&r->body, strbuf_text(&board));
	layout_end(&r->body);
	return 0;
}

int page_efficiency(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	return page_board(&efficiency, p, q, r, err);
}

int page_energy(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	return page_board(&energy, p, q, r, err);
}

int page_availability(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	return page_board(&availability, p, q, r, err);
}
