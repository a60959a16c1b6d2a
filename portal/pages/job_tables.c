// SPDX-License-Identifier: Apache-2.0
// Tables of the job page: its hosts with the mean of each chart, and its accounting record.
#include <inttypes.h>
#include <math.h>

#include "portal/field.h"
#include "portal/html.h"
#include "portal/layout.h"
#include "portal/pages/job.h"
#include "portal/units.h"

#define HOSTS_MAX   512 // rows; the CSV of a chart has all
#define COLUMNS_MAX 12

struct column_of_hosts {
	const struct doc *metric;
	const struct series_data *data;
};

static size_t choose_columns(const struct job_page *j, struct column_of_hosts *columns)
{
	const struct rows *metrics = &j->detail->values;
	size_t n = 0;
	for (size_t i = 0; i < metrics->n && n < COLUMNS_MAX; i++) {
		const char *key = field_text(metrics->items[i], "series_key");
		const struct series_data *data =
			key[0] ? series_find(&j->detail->series, key) : NULL;
		if (data)
			columns[n++] = (struct column_of_hosts){metrics->items[i], data};
	}
	return n;
}

static void put_mean(const struct job_page *j, const struct column_of_hosts *c, size_t host)
{
	html_raw(j->out, "<td class=\"number\">");
	for (size_t i = 0; i < c->data->n_lines; i++) {
		if (c->data->lines[i].host != host)
			continue;
		struct series_summary s = series_line_summary(c->data, &c->data->lines[i]);
		if (isnan(s.mean))
			break;
		struct shown shown = unit_show(s.mean, field_text(c->metric, "series_unit"));
		html_textf(j->out, "%s %s", shown.number, shown.unit);
		html_raw(j->out, "</td>");
		return;
	}
	html_raw(j->out, "–</td>");
}

static void put_host_head(const struct job_page *j, const struct column_of_hosts *columns, size_t n)
{
	html_raw(j->out, "<thead><tr><th scope=\"col\">Host</th>");
	for (size_t i = 0; i < n; i++) {
		html_raw(j->out, "<th scope=\"col\" class=\"number\"");
		html_attribute(j->out, "title", field_text(columns[i].metric, "help"));
		strbuf_putc(j->out, '>');
		html_text(j->out, field_text(columns[i].metric, "series_label"));
		html_raw(j->out, "</th>");
	}
	html_raw(j->out, "</tr></thead>");
}

void job_hosts(const struct job_page *j)
{
	struct column_of_hosts columns[COLUMNS_MAX];
	size_t n = choose_columns(j, columns);
	const struct rows *hosts = &j->detail->hosts;
	html_raw(j->out, "<section id=\"hosts\"><h2>Hosts</h2>");
	html_element(j->out, "p", "lead",
		n ? "Mean of each chart over the job, host by host." : "The nodes of this job.");
	html_raw(j->out,
		"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Hosts\">"
		"<table>");
	put_host_head(j, columns, n);
	html_raw(j->out, "<tbody>");
	for (size_t i = 0; i < hosts->n && i < HOSTS_MAX; i++) {
		html_raw(j->out, "<tr>");
		html_raw(j->out, "<th scope=\"row\">");
		html_text(j->out, field_text(hosts->items[i], "name"));
		html_raw(j->out, "</th>");
		for (size_t k = 0; k < n; k++)
			put_mean(j, &columns[k], (size_t)field_int(hosts->items[i], "index", 0));
		html_raw(j->out, "</tr>");
	}
	html_raw(j->out, "</tbody></table></div>");
	if (hosts->n > HOSTS_MAX)
		html_element(j->out, "p", "lead",
			arena_printf(j->arena, "The first %d of %zu hosts.", HOSTS_MAX, hosts->n));
	html_raw(j->out, "</section>");
}

enum shown_as { AS_TEXT, AS_COUNT, AS_TIME, AS_SPAN, AS_BYTES, AS_HOURS, AS_JOULES, AS_BOOL };

static const struct {
	const char *key, *label;
	enum shown_as as;
} accounting[] = {
	{"local_id", "Job", AS_TEXT},
	{"raw_id", "Raw job id", AS_COUNT},
	{"array_job", "Array", AS_COUNT},
	{"array_task", "Array task", AS_COUNT},
	{"job_name", "Name", AS_TEXT},
	{"cluster", "Cluster", AS_TEXT},
	{"username", "User", AS_TEXT},
	{"account", "Account", AS_TEXT},
	{"partition", "Partition", AS_TEXT},
	{"qos", "Quality of service", AS_TEXT},
	{"application", "Application", AS_TEXT},
	{"state", "State", AS_TEXT},
	{"exit_code", "Exit code", AS_COUNT},
	{"exit_signal", "Exit signal", AS_COUNT},
	{"submit", "Submitted", AS_TIME},
	{"eligible", "Eligible", AS_TIME},
	{"start", "Started", AS_TIME},
	{"end", "Ended", AS_TIME},
	{"wait_s", "Waited", AS_SPAN},
	{"wall_s", "Run time", AS_SPAN},
	{"limit_s", "Time limit", AS_SPAN},
	{"suspended_s", "Suspended", AS_SPAN},
	{"nodes", "Nodes", AS_COUNT},
	{"cores", "Cores", AS_COUNT},
	{"requested_cores", "Cores asked for", AS_COUNT},
	{"gpus", "GPUs", AS_COUNT},
	{"requested_memory_bytes", "Memory asked for", AS_BYTES},
	{"core_hours", "Core hours", AS_HOURS},
	{"gpu_hours", "GPU hours", AS_HOURS},
	{"node_hours", "Node hours", AS_HOURS},
	{"accounting_energy_j", "Energy (accounting)", AS_JOULES},
	{"is_shared", "Shared its nodes", AS_BOOL},
	{"gaps", "Gaps in the measurements", AS_COUNT},
	{"resets", "Counter resets", AS_COUNT},
	{"document_state", "Summary", AS_TEXT},
};

static void put_unit(const struct job_page *j, double v, const char *unit)
{
	struct shown s = unit_show(v, unit);
	html_textf(j->out, "%s %s", s.number, s.unit);
}

static void put_field(const struct job_page *j, const char *key, enum shown_as as)
{
	const struct doc *run = j->detail->run;
	char text[NUMBER_SIZE];
	int64_t n = field_int(run, key, 0);
	switch (as) {
	case AS_TEXT:
		html_text(j->out, field_text(run, key));
		break;
	case AS_COUNT:
		html_textf(j->out, "%" PRId64, n);
		break;
	case AS_TIME:
		layout_time(j->out, j->zone, n);
		break;
	case AS_SPAN:
		html_text(j->out, span_show(n, text));
		break;
	case AS_BYTES:
		put_unit(j, field_number(run, key), "B");
		break;
	case AS_HOURS:
		put_unit(j, field_number(run, key), "h");
		break;
	case AS_JOULES:
		put_unit(j, field_number(run, key), "J");
		break;
	case AS_BOOL:
		html_text(j->out, field_bool(run, key) ? "yes" : "no");
		break;
	}
}

void job_accounting(const struct job_page *j)
{
	html_raw(j->out, "<section id=\"accounting\"><h2>Accounting</h2><dl class=\"record\">");
	for (size_t i = 0; i < ARRAY_LEN(accounting); i++) {
		if (!field_is_there(j->detail->run, accounting[i].key))
			continue;
		html_raw(j->out, "<div><dt>");
		html_text(j->out, accounting[i].label);
		html_raw(j->out, "</dt><dd>");
		put_field(j, accounting[i].key, accounting[i].as);
		html_raw(j->out, "</dd></div>");
	}
	html_raw(j->out, "</dl></section>");
}
