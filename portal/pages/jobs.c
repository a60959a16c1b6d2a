// SPDX-License-Identifier: Apache-2.0
// The page with the list of jobs: filter, table with efficiency bars, paging.
#include <math.h>
#include <string.h>

#include "portal/field.h"
#include "portal/html.h"
#include "portal/job_list.h"
#include "portal/layout.h"
#include "portal/routes.h"
#include "portal/svg.h"
#include "portal/units.h"

#define ROWS     50
#define ROWS_MAX 500
#define BARS_MAX 4

static const char *const states[] = {"COMPLETED", "RUNNING", "FAILED", "TIMEOUT", "CANCELLED",
	"OUT_OF_MEMORY", "NODE_FAIL", "PREEMPTED", "DEADLINE", "BOOT_FAIL", "PENDING", "SUSPENDED"};

static void put_option(struct strbuf *out, const char *value, const char *label, const char *chosen)
{
	html_raw(out, "<option");
	html_attribute(out, "value", value);
	if (str_eq(value, chosen ? chosen : ""))
		html_raw(out, " selected");
	strbuf_putc(out, '>');
	html_text(out, label);
	html_raw(out, "</option>");
}

static void put_input(struct strbuf *out, const char *name, const char *label, const char *value,
	const char *list)
{
	html_raw(out, "<label><span>");
	html_text(out, label);
	html_raw(out, "</span><input maxlength=\"100\" autocomplete=\"off\" spellcheck=\"false\"");
	html_attribute(out, "name", name);
	html_attribute(out, "value", value);
	if (list)
		html_attribute(out, "list", list);
	html_raw(out, "></label>");
}

static void put_state_field(struct strbuf *out, const struct job_filter *f)
{
	html_raw(out, "<label><span>State</span><select name=\"state\">");
	put_option(out, "", "any", f->params[FILTER_STATE]);
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		put_option(out, states[i], states[i], f->params[FILTER_STATE]);
	html_raw(out, "</select></label>");
}

static void put_period_field(struct strbuf *out, const struct job_filter *f)
{
	html_raw(out, "<label><span>Ended</span><select name=\"period\">");
	for (size_t i = 0; i < n_job_periods; i++)
		put_option(out, job_periods[i].name, job_periods[i].label, f->period);
	html_raw(out, "</select></label>");
}

static void put_cluster_field(
	struct strbuf *out, const struct job_filter *f, const struct doc *choices)
{
	const struct doc *clusters = doc_find(choices, "clusters");
	if (!clusters || clusters->n < 2)
		return;
	html_raw(out, "<label><span>Cluster</span><select name=\"cluster\">");
	put_option(out, "", "any", f->params[FILTER_CLUSTER]);
	for (size_t i = 0; i < clusters->n; i++)
		put_option(out, clusters->items[i]->text, clusters->items[i]->text,
			f->params[FILTER_CLUSTER]);
	html_raw(out, "</select></label>");
}

static void put_partition_list(struct strbuf *out, const struct doc *choices)
{
	const struct doc *partitions = doc_find(choices, "partitions");
	html_raw(out, "<datalist id=\"partitions\">");
	for (size_t i = 0; partitions && i < partitions->n; i++) {
		html_raw(out, "<option");
		html_attribute(out, "value", partitions->items[i]->text);
		html_raw(out, "></option>");
	}
	html_raw(out, "</datalist>");
}

static void put_filter(struct strbuf *out, const struct job_list *l)
{
	const struct job_filter *f = &l->filter;
	const struct doc *choices = l->choices.n ? l->choices.items[0] : NULL;
	html_raw(out, "<form class=\"filter\" action=\"/jobs\" aria-label=\"Filter\">");
	put_input(out, "text", "Id or name", f->params[FILTER_TEXT], NULL);
	put_input(out, "user", "User", f->params[FILTER_USER], NULL);
	put_input(out, "account", "Account", f->params[FILTER_ACCOUNT], NULL);
	put_input(out, "partition", "Partition", f->params[FILTER_PARTITION], "partitions");
	put_partition_list(out, choices);
	put_cluster_field(out, f, choices);
	put_state_field(out, f);
	put_period_field(out, f);
	html_raw(out, "<span class=\"actions\"><button>Filter</button>");
	if (f->is_filtered || f->params[FILTER_CLUSTER])
		html_raw(out, "<a class=\"button quiet\" href=\"/jobs\">Clear</a>");
	html_raw(out, "</span></form>");
}

static void put_link(struct strbuf *out, const struct job_filter *f, const char *path,
	const char *name, const char *value)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};
	strbuf_puts(&url, path);
	job_filter_query(f, &url);
	url_query(&url, name, value);
	html_attribute(out, "href", strbuf_text(&url));
}

static void put_count(struct strbuf *out, const struct job_list *l)
{
	char text[NUMBER_SIZE];
	bool is_more = l->count >= JOB_COUNT_MAX;
	html_raw(out, "<div class=\"title\"><h1>Jobs</h1><p class=\"count\"><strong>");
	html_text(out, count_show(is_more ? JOB_COUNT_MAX - 1 : l->count, text));
	html_raw(out, "</strong>");
	html_text(out, is_more ? " and more" : l->count == 1 ? " job" : " jobs");
	html_raw(out, "</p><span class=\"spring\"></span><p class=\"exports\"><a");
	put_link(out, &l->filter, "/api/jobs", "format", "csv");
	html_raw(out, " download>CSV</a><a");
	put_link(out, &l->filter, "/api/jobs", NULL, NULL);
	html_raw(out, ">JSON</a></p></div>");
}

static bool is_same_area(const struct doc *a, const struct doc *b) // cpu.user, cpu.system
{
	const char *x = field_text(a, "name");
	const char *y = field_text(b, "name");
	size_t len = strcspn(x, ".");
	return len == strcspn(y, ".") && memcmp(x, y, len) == 0;
}

// The first share of each area of the catalogue: what a person looks at first.
static size_t choose_bars(const struct rows *metrics, const struct doc *bars[BARS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < metrics->n && n < BARS_MAX; i++) {
		const struct doc *m = metrics->items[i];
		bool is_share = str_eq(field_text(m, "unit"), "ratio") &&
		                field_text(m, "column_name")[0] &&
		                str_eq(field_text(m, "aggregate"), "mean");
		for (size_t k = 0; is_share && k < n; k++)
			is_share = !is_same_area(bars[k], m);
		if (is_share)
			bars[n++] = m;
	}
	return n;
}

static void put_head(
	struct strbuf *out, const struct job_list *l, const struct doc *const *bars, size_t n_bars)
{
	bool is_oldest = l->filter.is_oldest_first;
	struct job_filter other = l->filter;
	other.is_oldest_first = !is_oldest;
	html_raw(out,
		"<thead><tr><th scope=\"col\">Job</th><th scope=\"col\">State</th>"
		"<th scope=\"col\">User</th><th scope=\"col\">Partition</th><th scope=\"col\"");
	html_attribute(out, "aria-sort", is_oldest ? "ascending" : "descending");
	html_raw(out, "><a");
	put_link(out, &other, "/jobs", NULL, NULL);
	html_attribute(out, "title", is_oldest ? "Show the newest first" : "Show the oldest first");
	strbuf_putc(out, '>');
	html_text(out, is_oldest ? "Ended ↑" : "Ended ↓");
	html_raw(out, "</a></th><th scope=\"col\" class=\"number\">Waited</th>"
		      "<th scope=\"col\" class=\"number\">Run time</th>"
		      "<th scope=\"col\" class=\"number\">Size</th>");
	for (size_t i = 0; i < n_bars; i++) {
		html_raw(out, "<th scope=\"col\" class=\"bar-head\"");
		html_attribute(out, "title", field_text(bars[i], "help"));
		strbuf_putc(out, '>');
		html_text(out, field_text(bars[i], "label"));
		html_raw(out, "</th>");
	}
	html_raw(out, "</tr></thead>");
}

static void put_cell(struct strbuf *out, const char *label, const char *class_name)
{
	html_raw(out, "<td");
	if (class_name)
		html_attribute(out, "class", class_name);
	html_attribute(out, "data-label", label);
	strbuf_putc(out, '>');
}

static void put_job_cell(struct strbuf *out, const struct doc *job)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};
	const char *parts[] = {"jobs", field_text(job, "cluster"), field_text(job, "local_id")};
	url_path(&url, ARRAY_LEN(parts), parts);
	char submit[24];
	str_format(submit, sizeof(submit), "%lld", (long long)field_int(job, "submit", 0));
	url_query(&url, "submit", submit);
	html_raw(out, "<th scope=\"row\" class=\"job\"><a");
	html_attribute(out, "href", strbuf_text(&url));
	strbuf_putc(out, '>');
	html_text(out, field_text(job, "local_id"));
	html_raw(out, "</a>");
	html_element(out, "span", "name", field_text(job, "job_name"));
	html_raw(out, "</th>");
}

static int64_t elapsed_of(const struct doc *job)
{
	int64_t start = field_int(job, "start", 0);
	int64_t end = field_int(job, "end", clock_now_s());
	return start > 0 && end > start ? end - start : 0;
}

static void put_time_cells(
	struct strbuf *out, const struct timezone_rules *zone, const struct doc *job)
{
	char text[SPAN_SIZE];
	put_cell(out, "Ended", NULL);
	layout_time(out, zone, field_int(job, "end", 0));
	html_raw(out, "</td>");
	put_cell(out, "Waited", "number");
	int64_t wait = field_int(job, "wait_s", -1);
	html_text(out, wait < 0 ? "–" : span_show(wait, text));
	html_raw(out, "</td>");
	put_cell(out, "Run time", "number");
	int64_t elapsed = elapsed_of(job);
	html_text(out, span_show(elapsed, text));
	int64_t limit = field_int(job, "limit_s", 0);
	if (limit > 0) {
		html_element(out, "span", "of", " of ");
		html_element(out, "span", "of", span_show(limit, text));
		char label[64];
		double share = (double)elapsed / (double)limit;
		str_format(label, sizeof(label), "%.0f %% of the time limit", share * 100);
		svg_share(out, share, label);
	}
	html_raw(out, "</td>");
}

static void put_size_cell(struct strbuf *out, const struct doc *job)
{
	long long nodes = field_int(job, "nodes", 0);
	long long cores = field_int(job, "cores", 0);
	long long gpus = field_int(job, "gpus", 0);
	put_cell(out, "Size", "number");
	html_textf(out, "%lld", nodes);
	html_raw(out, "<abbr title=\"nodes\">n</abbr> ");
	html_textf(out, "%lld", cores);
	html_raw(out, "<abbr title=\"cores\">c</abbr>");
	if (gpus > 0) {
		html_textf(out, " %lld", gpus);
		html_raw(out, "<abbr title=\"GPUs\">g</abbr>");
	}
	html_raw(out, "</td>");
}

static void put_bar_cell(struct strbuf *out, const struct doc *metric, const struct doc *job)
{
	double v = field_number(job, field_text(metric, "column_name"));
	const char *label = field_text(metric, "label");
	put_cell(out, label, "bar-cell");
	if (isnan(v)) {
		html_raw(out, "<span class=\"none\" title=\"not measured\">–</span></td>");
		return;
	}
	struct shown s = unit_show(v, "ratio");
	char exact[NUMBER_SIZE];
	char text[96];
	str_format(text, sizeof(text), "%s %s %s", label, s.number, s.unit);
	html_raw(out, "<data class=\"value\"");
	html_attribute(out, "data-metric", field_text(metric, "name"));
	html_attribute(out, "value", number_exact(v, exact));
	strbuf_putc(out, '>');
	html_textf(out, "%s %s", s.number, s.unit);
	html_raw(out, "</data>");
	svg_share(out, v, text);
	html_raw(out, "</td>");
}

static void put_row(struct strbuf *out, const struct portal *p, const struct doc *job,
	const struct doc *const *bars, size_t n_bars)
{
	html_raw(out, "<tr>");
	put_job_cell(out, job);
	put_cell(out, "State", NULL);
	layout_state(out, field_text(job, "state"));
	html_raw(out, "</td>");
	put_cell(out, "User", "user");
	html_text(out, field_text(job, "username"));
	html_element(out, "span", "account", field_text(job, "account"));
	html_raw(out, "</td>");
	put_cell(out, "Partition", NULL);
	html_text(out, field_text(job, "partition"));
	html_raw(out, "</td>");
	put_time_cells(out, portal_zone(p, field_text(job, "cluster")), job);
	put_size_cell(out, job);
	for (size_t i = 0; i < n_bars; i++)
		put_bar_cell(out, bars[i], job);
	html_raw(out, "</tr>");
}

static void put_table(struct strbuf *out, const struct portal *p, const struct job_list *l)
{
	const struct doc *bars[BARS_MAX];
	size_t n_bars = choose_bars(&l->metrics, bars);
	html_raw(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Jobs\">"
		      "<table class=\"jobs\">");
	put_head(out, l, bars, n_bars);
	html_raw(out, "<tbody>");
	for (size_t i = 0; i < l->jobs.n; i++)
		put_row(out, p, l->jobs.items[i], bars, n_bars);
	html_raw(out, "</tbody></table></div>");
}

static void put_empty(struct strbuf *out, const struct job_list *l)
{
	html_raw(out, "<section class=\"empty\"><h2>No jobs here</h2><p>");
	html_text(out, l->filter.is_filtered || l->filter.params[FILTER_CLUSTER]
			       ? "No job that you may see matches this filter."
			       : "You see your own jobs and those of accounts that you lead. "
				 "There are none yet.");
	html_raw(out, "</p></section>");
}

static void put_paging(struct strbuf *out, const struct job_list *l)
{
	if (!l->next && !l->previous)
		return;
	html_raw(out, "<nav class=\"paging\" aria-label=\"Pages\">");
	if (l->previous) {
		html_raw(out, "<a class=\"button quiet\" rel=\"prev\"");
		put_link(out, &l->filter, "/jobs", "before", l->previous);
		html_raw(out, ">← Previous</a>");
	}
	html_raw(out, "<span class=\"spring\"></span>");
	if (l->next) {
		html_raw(out, "<a class=\"button quiet\" rel=\"next\"");
		put_link(out, &l->filter, "/jobs", "after", l->next);
		html_raw(out, ">Next →</a>");
	}
	html_raw(out, "</nav>");
}

int page_jobs(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	struct job_list l;
	TRY(job_list_load(p, q, ROWS, ROWS_MAX, &l, err));
	struct layout layout = {.title = "Jobs", .search = l.filter.params[FILTER_TEXT]};
	layout_begin(p, q, &layout, &r->body);
	put_count(&r->body, &l);
	put_filter(&r->body, &l);
	if (l.jobs.n > 0)
		put_table(&r->body, p, &l);
	else
		put_empty(&r->body, &l);
	put_paging(&r->body, &l);
	layout_end(&r->body);
	return 0;
}
