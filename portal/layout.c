// SPDX-License-Identifier: Apache-2.0
// Writes the frame of the pages and the small things that several of them show.
#include "portal/layout.h"

#include <string.h>

#include "common/document/document.h"
#include "portal/html.h"
#include "portal/statics.h"

static void put_asset(
	struct strbuf *out, const struct portal *p, const char *attribute, const char *name)
{
	html_attributef(out, attribute, "/web/%s/%s", statics_hash(p->statics), name);
}

static void put_head(const struct portal *p, const struct layout *l, struct strbuf *out)
{
	html_raw(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
		      "<meta name=\"color-scheme\" content=\"light dark\"><title>");
	html_textf(out, "%s · Jobsight", l->title);
	html_raw(out, "</title><link rel=\"icon\" type=\"image/svg+xml\"");
	put_asset(out, p, "href", "mark.svg");
	html_raw(out, "><script");
	put_asset(out, p, "src", "theme.js"); // before the style sheet: no flash of the other theme
	html_raw(out, "></script><link rel=\"stylesheet\"");
	put_asset(out, p, "href", "portal.css");
	if (l->has_charts) {
		html_raw(out, "><link rel=\"stylesheet\"");
		put_asset(out, p, "href", "vendor/uPlot.min.css");
		html_raw(out, "><script defer");
		put_asset(out, p, "src", "vendor/uPlot.iife.min.js");
		html_raw(out, "></script");
	}
	html_raw(out, "><script type=\"module\"");
	put_asset(out, p, "src", "portal.js");
	html_raw(out, "></script></head>");
}

static void put_search(const struct layout *l, struct strbuf *out)
{
	html_raw(out, "<form class=\"search\" role=\"search\" action=\"/jobs\">"
		      "<label class=\"hidden\" for=\"search\">Find jobs by id or name</label>"
		      "<input id=\"search\" name=\"text\" type=\"search\" maxlength=\"100\" "
		      "autocomplete=\"off\" placeholder=\"Job id or name\"");
	html_attribute(out, "value", l->search);
	html_raw(out, "><kbd aria-hidden=\"true\">/</kbd></form>");
}

static const struct {
	const char *segment, *label;
	bool is_public, is_for_staff;
} menu[] = {
	{"jobs", "Jobs", false, false},
	{"explore", "Explore", true, false},
	{"efficiency", "Efficiency", false, false},
	{"energy", "Energy", false, false},
	{"availability", "Availability", false, false},
	{"quality", "Data quality", false, true},
};

static void put_menu(const struct request *q, struct strbuf *out)
{
	html_raw(out, "<nav aria-label=\"Main\">");
	for (size_t i = 0; i < ARRAY_LEN(menu); i++) {
		if ((!menu[i].is_public && !q->person[0]) || (menu[i].is_for_staff && !q->is_staff))
			continue;
		html_raw(out, "<a");
		html_attributef(out, "href", "/%s", menu[i].segment);
		if (q->n_segments > 0 && str_eq(q->segments[0], menu[i].segment))
			html_attribute(out, "aria-current", q->n_segments == 1 ? "page" : "true");
		strbuf_putc(out, '>');
		html_text(out, menu[i].label);
		html_raw(out, "</a>");
	}
	html_raw(out, "</nav>");
}

static void put_bar(
	const struct portal *p, const struct request *q, const struct layout *l, struct strbuf *out)
{
	html_raw(out,
		"<body><a class=\"skip\" href=\"#main\">Skip to the content</a>"
		"<header class=\"bar\"><a class=\"brand\" href=\"/jobs\" aria-label=\"Jobsight\"><img alt=\"\" "
		"width=\"22\" height=\"22\"");
	put_asset(out, p, "src", "mark.svg");
	html_raw(out, "><span>Jobsight</span></a>");
	put_menu(q, out);
	if (q->person[0])
		put_search(l, out);
	html_raw(out, "<span class=\"spring\"></span><button type=\"button\" id=\"theme\" "
		      "class=\"icon\" hidden aria-label=\"Colour theme\"></button>");
	if (q->person[0]) {
		html_raw(out, "<span class=\"person\" title=\"Signed in as\">");
		html_text(out, q->person);
		html_raw(out, "</span>");
	}
	html_raw(out, "</header><main id=\"main\">");
}

void layout_begin(
	const struct portal *p, const struct request *q, const struct layout *l, struct strbuf *out)
{
	put_head(p, l, out);
	put_bar(p, q, l, out);
}

void layout_end(struct strbuf *out)
{
	html_raw(out, "</main><footer class=\"foot\"><span>Jobsight " JOBSIGHT_VERSION "</span>"
		      "<span class=\"keys\"><kbd>/</kbd> search</span></footer></body></html>\n");
}

static const struct {
	int status;
	const char *title;
} titles[] = {
	{400, "That request makes no sense"},
	{401, "Not signed in"},
	{403, "Not allowed"},
	{404, "Not found"},
	{405, "Not that way"},
	{414, "Address too long"},
	{500, "Something broke"},
	{503, "Not available right now"},
};

static const char *title_of(int status)
{
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		if (titles[i].status == status)
			return titles[i].title;
	return "Error";
}

static void error_json(const struct request *q, struct reply *r, int status, const char *text)
{
	struct doc *d = doc_object(q->arena);
	doc_put_int(d, q->arena, "status", status);
	doc_put_text(d, q->arena, "error", text);
	r->type = TYPE_JSON;
	doc_to_json(d, false, false, &r->body);
	strbuf_putc(&r->body, '\n');
}

void layout_error(const struct portal *p, const struct request *q, struct reply *r, int status,
	const char *text)
{
	reply_release(r);
	*r = (struct reply){.status = status, .type = TYPE_HTML, .allow = r->allow};
	if (str_starts(q->target, "/api/") || str_eq(q->target, "/health")) {
		error_json(q, r, status, text);
		return;
	}
	const char *title = title_of(status);
	layout_begin(p, q, &(struct layout){.title = title}, &r->body);
	html_raw(&r->body, "<section class=\"problem\"><p class=\"code\">");
	html_textf(&r->body, "%d", status);
	html_raw(&r->body, "</p><h1>");
	html_text(&r->body, title);
	html_raw(&r->body, "</h1><p>");
	html_text(&r->body, text);
	html_raw(&r->body,
		"</p><p><a class=\"button\" href=\"/jobs\">To the jobs</a></p></section>");
	layout_end(&r->body);
}

const char *zone_time(struct arena *a, const struct timezone_rules *zone, int64_t utc_s)
{
	struct civil c = zone ? civil_in_zone(zone, utc_s) : civil_from_unix(utc_s);
	return arena_printf(a, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
		c.minute, c.second);
}

const char *day_text(struct arena *a, int64_t utc_s)
{
	char buf[DAY_TEXT_SIZE];

	return arena_strdup(a, format_day(utc_s, buf));
}

void layout_time(struct strbuf *out, const struct timezone_rules *zone, int64_t utc_s)
{
	if (utc_s == 0) {
		html_raw(out, "<span class=\"none\">–</span>");
		return;
	}
	char iso[TIME_TEXT_SIZE];
	html_raw(out, "<time");
	html_attribute(out, "datetime", format_time(utc_s, iso));
	html_attribute(out, "title", iso);
	struct civil c = zone ? civil_in_zone(zone, utc_s) : civil_from_unix(utc_s);
	strbuf_printf(
		out, ">%04d-%02d-%02d %02d:%02d</time>", c.year, c.month, c.day, c.hour, c.minute);
}

static const struct {
	const char *state, *class_name, *mark;
} states[] = {
	{"COMPLETED", "good", "✓"},
	{"RUNNING", "live", "▶"},
	{"PENDING", "quiet", "…"},
	{"SUSPENDED", "quiet", "="},
	{"CANCELLED", "quiet", "⊘"},
	{"PREEMPTED", "quiet", "↩"},
	{"REQUEUED", "quiet", "↻"},
	{"FAILED", "bad", "✕"},
	{"TIMEOUT", "warn", "◔"},
	{"DEADLINE", "warn", "◔"},
	{"OUT_OF_MEMORY", "bad", "▲"},
	{"NODE_FAIL", "bad", "↯"},
	{"BOOT_FAIL", "bad", "↯"},
};

void layout_state(struct strbuf *out, const char *state)
{
	const char *class_name = "quiet";
	const char *mark = "•";
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		if (str_starts(state, states[i].state)) { // "CANCELLED by 1000"
			class_name = states[i].class_name;
			mark = states[i].mark;
		}
	}
	html_raw(out, "<span class=\"state ");
	strbuf_puts(out, class_name); // of the table above
	html_raw(out, "\"><span aria-hidden=\"true\">");
	html_text(out, mark);
	html_raw(out, "</span> ");
	for (const char *c = state; *c; c++) {
		char word[2] = {*c == '_' ? ' ' : *c, '\0'};
		if (c > state && word[0] >= 'A' && word[0] <= 'Z')
			word[0] = (char)(word[0] - 'A' + 'a');
		html_text(out, word);
	}
	html_raw(out, "</span>");
}
