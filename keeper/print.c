// SPDX-License-Identifier: Apache-2.0
// The doctor's report: a table for people, JSON for programs, one line for monitors.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/document/document.h"
#include "common/hostlist.h"
#include "common/memory.h"
#include "common/str.h"
#include "keeper/doctor.h"

static const char *const severity_names[SEVERITIES] = {"ok", "warning", "critical"};

static const char *age(const struct doctor *d, int64_t then_s)
{
	return then_s ? doctor_age(d->arena, d->now_s - then_s) : "-";
}

static void put_findings(struct strbuf *out, const struct findings *f)
{
	for (size_t i = 0; i < f->n; i++) {
		strbuf_printf(out, "%s%s", i ? "; " : "", fault_rows[f->items[i].fault].words);
		if (f->items[i].detail)
			strbuf_printf(out, ": %s", f->items[i].detail);
	}
}

static void put_host(struct strbuf *out, const struct doctor *d, const struct doctor_host *h)
{
	CLEANUP(strbuf_release) struct strbuf what = {0};

	put_findings(&what, &h->findings);
	strbuf_printf(out, "%-24s %-8s %8s %8s %8s %8s  %s\n", h->name,
		severity_names[h->findings.severity], age(d, h->newest.last_s[HOST_SAMPLE]),
		age(d, h->newest.last_s[HOST_BOUNDARY]), age(d, h->newest.archive_s),
		age(d, h->relay_s), strbuf_text(&what));
}

static bool has_fault(const struct findings *f, enum fault fault)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].fault == fault)
			return true;
	return false;
}

// The names of the hosts with a fault, as a host list; "" when there are none.
static const char *hosts_with(const struct doctor *d, enum fault fault, size_t *ret_n)
{
	const char **names = memory_alloc(d->n + 1, sizeof(*names));
	const char *text = "";

	*ret_n = 0;
	for (size_t i = 0; i < d->n; i++)
		if (has_fault(&d->hosts[i].findings, fault))
			names[(*ret_n)++] = d->hosts[i].name;
	if (*ret_n)
		text = hostlist_compress(names, *ret_n, d->arena);
	free(names);
	return text;
}

static bool is_met(const struct doctor *d, enum fault fault, const char **ret_where)
{
	size_t n;

	*ret_where = hosts_with(d, fault, &n);
	if (n)
		return true;
	for (int k = 0; k < SERVICE_KINDS; k++)
		if (has_fault(&d->services[k].findings, fault))
			return true;
	return false;
}

static void put_advice(struct strbuf *out, const struct doctor *d)
{
	const char *where;

	for (int f = 0; f < FAULTS; f++) {
		if (!is_met(d, (enum fault)f, &where))
			continue;
		strbuf_printf(out, "\n%s%s%s\n    %s\n", fault_rows[f].words, *where ? ": " : "",
			where, fault_rows[f].advice);
	}
}

void doctor_print_table(const struct doctor *d, bool all)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	if (all || d->counts[SEVERITY_OK] < d->n)
		strbuf_printf(&out, "%-24s %-8s %8s %8s %8s %8s\n", "HOST", "STATE", "SAMPLE",
			"BOUNDARY", "ARCHIVE", "RELAY");
	for (size_t i = 0; i < d->n; i++)
		if (all || d->hosts[i].findings.severity != SEVERITY_OK)
			put_host(&out, d, &d->hosts[i]);
	strbuf_printf(&out, "%s%zu hosts: %zu well, %zu with warnings, %zu critical\n",
		out.len ? "\n" : "", d->n, d->counts[SEVERITY_OK], d->counts[SEVERITY_WARNING],
		d->counts[SEVERITY_CRITICAL]);
	for (int k = 0; k < SERVICE_KINDS; k++) {
		CLEANUP(strbuf_release) struct strbuf what = {0};

		put_findings(&what, &d->services[k].findings);
		strbuf_printf(&out, "%s: %s%s%s\n", d->services[k].name, d->services[k].text,
			what.len ? "; " : "", strbuf_text(&what));
	}
	put_advice(&out, d);
	fputs(strbuf_text(&out), stdout);
}

static void put_json_findings(struct doc *to, struct arena *a, const struct findings *f)
{
	struct doc *list = doc_array(a);

	for (size_t i = 0; i < f->n; i++) {
		const struct fault_row *row = &fault_rows[f->items[i].fault];
		struct doc *item = doc_object(a);

		doc_put_text(item, a, "code", row->code);
		doc_put_text(item, a, "severity", severity_names[row->severity]);
		doc_put_text(item, a, "what", row->words);
		doc_put_text(item, a, "detail", f->items[i].detail);
		doc_put_text(item, a, "advice", row->advice);
		doc_put(list, a, NULL, item);
	}
	doc_put(to, a, "findings", list);
}

static void put_json_time(struct doc *to, struct arena *a, const char *key, int64_t s)
{
	if (s)
		doc_put_time(to, a, key, s * 1000);
}

static struct doc *json_host(const struct doctor *d, const struct doctor_host *h)
{
	struct arena *a = d->arena;
	struct doc *o = doc_object(a);

	doc_put_text(o, a, "host", h->name);
	doc_put_text(o, a, "cluster", h->cluster);
	doc_put_text(o, a, "state", severity_names[h->findings.severity]);
	put_json_time(o, a, "sample", h->newest.last_s[HOST_SAMPLE]);
	put_json_time(o, a, "boundary", h->newest.last_s[HOST_BOUNDARY]);
	put_json_time(o, a, "archive", h->newest.archive_s);
	put_json_time(o, a, "relay", h->relay_s);
	put_json_findings(o, a, &h->findings);
	return o;
}

void doctor_print_json(const struct doctor *d)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct arena *a = d->arena;
	struct doc *root = doc_object(a);
	struct doc *hosts = doc_array(a);
	struct doc *services = doc_array(a);

	doc_put_time(root, a, "checked", d->now_s * 1000);
	for (int s = 0; s < SEVERITIES; s++)
		doc_put_int(doc_at(root, a, "counts"), a, severity_names[s], (int64_t)d->counts[s]);
	for (int k = 0; k < SERVICE_KINDS; k++) {
		struct doc *o = doc_object(a);

		doc_put_text(o, a, "service", d->services[k].name);
		doc_put_text(o, a, "text", d->services[k].text);
		put_json_findings(o, a, &d->services[k].findings);
		doc_put(services, a, NULL, o);
	}
	doc_put(root, a, "services", services);
	for (size_t i = 0; i < d->n; i++)
		doc_put(hosts, a, NULL, json_host(d, &d->hosts[i]));
	doc_put(root, a, "hosts", hosts);
	doc_to_json(root, false, true, &out);
	puts(strbuf_text(&out));
}

static enum severity worst(const struct doctor *d)
{
	enum severity s = d->counts[SEVERITY_CRITICAL]  ? SEVERITY_CRITICAL
	                  : d->counts[SEVERITY_WARNING] ? SEVERITY_WARNING
	                                                : SEVERITY_OK;

	for (int k = 0; k < SERVICE_KINDS; k++)
		if (d->services[k].findings.severity > s)
			s = d->services[k].findings.severity;
	return s;
}

// "2 hosts silent (cn[01-02]), hooks did not reach the sampler": monitors show the beginning.
static void put_summary(struct strbuf *out, const struct doctor *d)
{
	size_t n_met = 0;

	for (int f = 0; f < FAULTS; f++) {
		const char *where;

		if (!is_met(d, (enum fault)f, &where))
			continue;
		strbuf_printf(out, "%s%s", n_met++ ? ", " : "", fault_rows[f].words);
		if (*where)
			strbuf_printf(out, " (%.200s)", where);
	}
	if (n_met == 0)
		strbuf_printf(out, "%zu hosts are well", d->n);
}

int doctor_print_nagios(const struct doctor *d)
{
	static const char *const words[SEVERITIES] = {"OK", "WARNING", "CRITICAL"};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	int64_t oldest_s = d->oldest_sample_s ? d->now_s - d->oldest_sample_s : 0;

	strbuf_printf(&out, "JOBSIGHT %s - ", words[worst(d)]);
	put_summary(&out, d);
	for (char *c = out.text; *c; c++)
		if (*c == '|') // begins the figures
			*c = '/';
	strbuf_printf(&out,
		"|hosts=%zu ok=%zu warning=%zu;0 critical=%zu;;0 oldest_sample=%" PRId64
		"s;%" PRId64 ";%" PRId64 " spooled=%" PRIu64 ";0",
		d->n, d->counts[SEVERITY_OK], d->counts[SEVERITY_WARNING],
		d->counts[SEVERITY_CRITICAL], oldest_s, d->settings->doctor_sample_warning,
		d->settings->doctor_sample_critical, d->spooled);
	puts(strbuf_text(&out));
	return (int)worst(d);
}
