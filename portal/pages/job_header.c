// SPDX-License-Identifier: Apache-2.0
// Top of the job page: which job, how it went, who, with what, when.
#include <inttypes.h>
#include <math.h>

#include "portal/field.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/pages/job.h"
#include "portal/svg.h"
#include "portal/units.h"

static void put_who(const struct job_page *j)
{
	static const struct {
		const char *key, *label, *query;
	} parts[] = {
		{"username", "User", "user"},
		{"account", "Account", "account"},
		{"partition", "Partition", "partition"},
		{"qos", "QOS", NULL},
		{"cluster", "Cluster", "cluster"},
		{"application", "Application", NULL},
	};
	html_raw(j->out, "<ul class=\"who\">");
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const char *text = field_text(j->detail->run, parts[i].key);
		if (!text[0])
			continue;
		html_raw(j->out, "<li>");
		html_element(j->out, "span", "label", parts[i].label);
		strbuf_putc(j->out, ' ');
		if (parts[i].query) {
			CLEANUP(strbuf_release) struct strbuf url = {0};
			strbuf_puts(&url, "/jobs");
			url_query(&url, parts[i].query, text);
			html_raw(j->out, "<a");
			html_attribute(j->out, "href", strbuf_text(&url));
			strbuf_putc(j->out, '>');
			html_text(j->out, text);
			html_raw(j->out, "</a></li>");
		} else {
			html_text(j->out, text);
			html_raw(j->out, "</li>");
		}
	}
	html_raw(j->out, "</ul>");
}

static void put_fact(struct strbuf *out, const char *label, const char *number, const char *unit)
{
	html_raw(out, "<div><dt>");
	html_text(out, label);
	html_raw(out, "</dt><dd>");
	html_text(out, number);
	if (unit && unit[0]) {
		strbuf_putc(out, ' ');
		html_element(out, "span", "unit", unit);
	}
	html_raw(out, "</dd></div>");
}

static void put_count_fact(
	const struct job_page *j, const char *key, const char *one, const char *many)
{
	int64_t n = field_int(j->detail->run, key, 0);
	char text[NUMBER_SIZE];
	if (n > 0)
		put_fact(j->out, n == 1 ? one : many, count_show(n, text), NULL);
}

static void put_facts(const struct job_page *j)
{
	const struct doc *run = j->detail->run;
	html_raw(j->out, "<dl class=\"facts\">");
	put_count_fact(j, "nodes", "Node", "Nodes");
	put_count_fact(j, "cores", "Core", "Cores");
	put_count_fact(j, "gpus", "GPU", "GPUs");
	double memory = field_number(run, "requested_memory_bytes");
	if (memory > 0) {
		struct shown s = unit_show(memory, "B");
		put_fact(j->out, "Memory asked", s.number, s.unit);
	}
	double hours = field_number(run, "core_hours");
	if (!isnan(hours)) {
		struct shown s = unit_show(hours, "h");
		put_fact(j->out, "Core hours", s.number, s.unit);
	}
	double energy = field_number(run, "accounting_energy_j");
	if (energy > 0) {
		struct shown s = unit_show(energy / 3600, "Wh");
		put_fact(j->out, "Energy (accounting)", s.number, s.unit);
	}
	int64_t code = field_int(run, "exit_code", 0);
	int64_t signal = field_int(run, "exit_signal", 0);
	if (code != 0 || signal != 0) {
		char text[64];
		str_format(text, sizeof(text), "%" PRId64 ":%" PRId64, code, signal);
		put_fact(j->out, "Exit code : signal", text, NULL);
	}
	html_raw(j->out, "</dl>");
}

static void put_moment(const struct job_page *j, const char *label, int64_t at)
{
	html_raw(j->out, "<li>");
	html_element(j->out, "span", "label", label);
	strbuf_putc(j->out, ' ');
	layout_time(j->out, j->zone, at);
	html_raw(j->out, "</li>");
}

static void put_part(struct strbuf *out, const char *class_name, const char *label, int64_t seconds,
	const char *of)
{
	char text[SPAN_SIZE];
	html_raw(out, "<li>");
	html_element(out, "span", class_name, "");
	html_element(out, "span", "label", label);
	strbuf_putc(out, ' ');
	html_text(out, span_show(seconds, text));
	html_text(out, of);
	html_raw(out, "</li>");
}

static void put_timing(const struct job_page *j)
{
	const struct doc *run = j->detail->run;
	int64_t start = field_int(run, "start", 0);
	int64_t end = field_int(run, "end", clock_now_s());
	int64_t limit = field_int(run, "limit_s", 0);
	struct svg_timing t = {.wait_s = field_int(run, "wait_s", 0)};
	if (start > 0 && end > start)
		t.run_s = end - start;
	if (limit > t.run_s)
		t.rest_s = limit - t.run_s;
	char wait[SPAN_SIZE];
	char ran[SPAN_SIZE];
	char of[SPAN_SIZE + 16] = "";
	char text[SPAN_SIZE];
	if (limit > 0)
		str_format(of, sizeof(of), " of %s", span_show(limit, text));
	const char *label = arena_printf(j->arena, "waited %s, ran %s%s", span_show(t.wait_s, wait),
		span_show(t.run_s, ran), of);
	html_raw(j->out, "<div class=\"times\">");
	svg_timing(j->out, &t, label);
	html_raw(j->out, "<ul class=\"legend\">");
	put_part(j->out, "key time-wait", "waited", t.wait_s, "");
	put_part(j->out, "key time-run", "ran", t.run_s, of);
	if (t.rest_s > 0)
		put_part(j->out, "key time-rest", "not used", t.rest_s, "");
	put_moment(j, "submitted", field_int(run, "submit", 0));
	put_moment(j, "started", start);
	put_moment(j, "ended", field_int(run, "end", 0));
	html_raw(j->out, "</ul></div>");
}

// A requeued job has several runs under one id.
static void put_runs(const struct job_page *j)
{
	const struct rows *runs = &j->detail->runs;
	if (runs->n < 2)
		return;
	html_raw(j->out, "<nav class=\"runs\" aria-label=\"Runs of this job\"><span>");
	html_textf(j->out, "%zu runs", runs->n);
	html_raw(j->out, "</span>");
	for (size_t i = runs->n; i > 0; i--) {
		const struct doc *run = runs->items[i - 1];
		CLEANUP(strbuf_release) struct strbuf url = {0};
		job_url(&url, "", run, "");
		html_raw(j->out, "<a");
		html_attribute(j->out, "href", strbuf_text(&url));
		if (run == j->detail->run)
			html_raw(j->out, " aria-current=\"page\"");
		strbuf_putc(j->out, '>');
		html_textf(j->out, "%zu ", runs->n - i + 1);
		layout_state(j->out, field_text(run, "state"));
		strbuf_putc(j->out, ' ');
		layout_time(j->out, j->zone, field_int(run, "submit", 0));
		html_raw(j->out, "</a>");
	}
	html_raw(j->out, "</nav>");
}

void job_header(const struct job_page *j)
{
	const struct doc *run = j->detail->run;
	html_raw(j->out,
		"<header class=\"job-head\"><p class=\"crumbs\"><a href=\"/jobs\">Jobs</a></p>"
		"<h1>");
	html_element(j->out, "span", "job-id", field_text(run, "local_id"));
	strbuf_putc(j->out, ' ');
	html_element(j->out, "span", "job-name", field_text(run, "job_name"));
	strbuf_putc(j->out, ' ');
	layout_state(j->out, field_text(run, "state"));
	html_raw(j->out, "</h1>");
	put_who(j);
	put_runs(j);
	put_facts(j);
	put_timing(j);
	html_raw(j->out, "</header>");
}
