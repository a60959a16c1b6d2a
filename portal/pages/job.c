// SPDX-License-Identifier: Apache-2.0
// The job page: header, summary, charts, hosts, accounting, document; and the document as JSON.
#include "portal/pages/job.h"

#include <errno.h>

#include "portal/field.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/routes.h"

static const struct {
	const char *anchor, *label;
	void (*put)(const struct job_page *j);
} sections[] = {
	{"#summary", "Summary", job_summary},
	{"#charts", "Charts", job_charts},
	{"#hosts", "Hosts", job_hosts},
	{"#accounting", "Accounting", job_accounting},
};

static void put_contents(const struct job_page *j)
{
	html_raw(j->out, "<nav class=\"contents\" aria-label=\"On this page\">");
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		html_raw(j->out, "<a");
		html_attribute(j->out, "href", sections[i].anchor);
		strbuf_putc(j->out, '>');
		html_text(j->out, sections[i].label);
		html_raw(j->out, "</a>");
	}
	html_raw(j->out, "<span class=\"spring\"></span>");
	CLEANUP(strbuf_release) struct strbuf url = {0};
	job_url(&url, "/api", j->detail->run, "");
	html_raw(j->out, "<a");
	html_attribute(j->out, "href", strbuf_text(&url));
	html_raw(j->out, ">JSON</a>");
	if (j->detail->summary) {
		strbuf_clear(&url);
		job_url(&url, "", j->detail->run, "/document");
		html_raw(j->out, "<a");
		html_attribute(j->out, "href", strbuf_text(&url));
		html_raw(j->out, ">Document</a>");
	}
	html_raw(j->out, "</nav>");
}

int page_job(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	struct job_detail d;
	TRY(job_detail_load(
		p, q, DETAIL_VALUES | DETAIL_HOSTS | DETAIL_SUMMARY | DETAIL_SERIES, &d, err));
	struct job_page j = {.portal = p,
		.arena = q->arena,
		.detail = &d,
		.zone = portal_zone(p, field_text(d.run, "cluster")),
		.out = &r->body};
	struct layout layout = {.has_charts = d.series.n > 0,
		.title = arena_printf(q->arena, "Job %s", field_text(d.run, "local_id"))};
	layout_begin(p, q, &layout, &r->body);
	job_header(&j);
	put_contents(&j);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		sections[i].put(&j);
	layout_end(&r->body);
	return 0;
}

int page_job_document(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	struct job_detail d;
	TRY(job_detail_load(p, q, DETAIL_SUMMARY, &d, err));
	if (!d.summary)
		return error_set(
			err, ENOENT, "%s", d.problem ? d.problem : "There is no document.");
	r->type = TYPE_JSON;
	doc_to_json(d.summary, false, true, &r->body);
	strbuf_putc(&r->body, '\n');
	return 0;
}
