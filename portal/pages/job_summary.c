// SPDX-License-Identifier: Apache-2.0
// Summary values of the job page, in the groups of the catalogue. A value that is absent says why.
#include <math.h>
#include <string.h>

#include "portal/field.h"
#include "portal/html.h"
#include "portal/pages/job.h"
#include "portal/svg.h"
#include "portal/units.h"

static const struct {
	const char *statistic, *words;
} statistic_words[] = {
	{"avg", "mean"},
	{"med", "median"},
	{"max", "highest"},
	{"min", "lowest"},
	{"total", "total"},
	{"std", "standard deviation"},
	{"cov", "coefficient of variation"},
	{"cnt", "count"},
};

static const char *words_of(const char *statistic)
{
	for (size_t i = 0; i < ARRAY_LEN(statistic_words); i++)
		if (str_eq(statistic_words[i].statistic, statistic))
			return statistic_words[i].words;
	return "";
}

static bool has_column(const struct doc *metric)
{
	return field_text(metric, "column_name")[0] != '\0';
}

// Where a metric of the same area is drawn: the nearest before it, else the first after it.
static const char *group_of(const struct rows *metrics, size_t at)
{
	const char *name = field_text(metrics->items[at], "name");
	size_t len = strcspn(name, ".") + 1;
	const char *group = "";

	for (size_t i = 0; i < metrics->n && (i <= at || !group[0]); i++) {
		const char *drawn = field_text(metrics->items[i], "chart_group");

		if (drawn[0] && strncmp(field_text(metrics->items[i], "name"), name, len) == 0)
			group = drawn;
	}
	return group[0] ? group : "Other";
}

struct summary {
	const struct job_page *page;
	const struct rows *metrics;
	const char **groups; // of each metric; NULL: the warehouse has no column of it
};

static bool is_wanted(const struct summary *s, size_t at, const char *group, bool is_absent)
{
	return s->groups[at] && str_eq(s->groups[at], group) &&
	       isnan(field_number(s->metrics->items[at], "value")) == is_absent;
}

static bool is_group_start(const struct summary *s, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (s->groups[i] && s->groups[at] && str_eq(s->groups[i], s->groups[at]))
			return false;
	return s->groups[at] != NULL;
}

static void put_spread(const struct job_page *j, const struct provenance *p, const char *unit)
{
	if (isnan(p->min) || isnan(p->max))
		return;
	if (unit_is_word(unit)) // the value beside it says it
		unit = "";
	struct shown low = unit_show(p->min, unit);
	struct shown high = unit_show(p->max, unit);
	html_raw(j->out, "<span class=\"spread\" title=\"lowest to highest\">");
	if (str_eq(low.unit, high.unit))
		html_textf(j->out, "%s – %s %s", low.number, high.number, high.unit);
	else
		html_textf(j->out, "%s %s – %s %s", low.number, low.unit, high.number, high.unit);
	html_raw(j->out, "</span>");
}

static void put_value(
	const struct job_page *j, const struct doc *metric, double v, const struct provenance *p)
{
	const char *unit = field_text(metric, "unit");
	struct shown s = unit_show(v, unit);
	char exact[NUMBER_SIZE];
	html_raw(j->out, "<data class=\"value\"");
	html_attribute(j->out, "data-metric", field_text(metric, "name"));
	html_attribute(j->out, "data-statistic", p->statistic);
	html_attribute(j->out, "data-unit", unit);
	html_attribute(j->out, "value", number_exact(v, exact));
	strbuf_putc(j->out, '>');
	html_text(j->out, s.number);
	// "Clock ticks per instruction" says what it is counted in.
	if (s.unit[0] && !(unit_is_word(unit) && strcasestr(field_text(metric, "label"), s.unit))) {
		strbuf_putc(j->out, ' ');
		html_element(j->out, "span", "unit", s.unit);
	}
	html_raw(j->out, "</data>");
	if (str_eq(unit, "ratio") && v >= 0 && v <= 1.0001) {
		char label[64];
		str_format(label, sizeof(label), "%s %s", s.number, s.unit);
		svg_share(j->out, v, label);
	}
	put_spread(j, p, unit);
}

#define REASON_MEASURED 0
#define REASON_ABSENT   100 // the document says nothing about it

// "not measured: too few samples"; the sentence about it is in the details.
static void put_reason(const struct job_page *j, const struct doc *metric)
{
	int64_t reason = field_int(metric, "reason", -1);
	const char *words = field_text(metric, "reason_name");
	if (reason < 0)
		words = "no summary yet";
	else if (reason == REASON_ABSENT || reason == REASON_MEASURED)
		words = "nothing recorded";
	html_raw(j->out, "<span class=\"absent\"");
	html_attribute(j->out, "data-metric", field_text(metric, "name"));
	html_attributef(j->out, "data-reason", "%lld", (long long)reason);
	html_attribute(j->out, "title", field_text(metric, "reason_help"));
	html_raw(j->out, ">not measured: ");
	html_text(j->out, words);
	html_raw(j->out, "</span>");
}

static void put_about(
	const struct job_page *j, const struct doc *metric, const struct provenance *p)
{
	html_raw(j->out, "<div class=\"about\"><p>");
	html_text(j->out, field_text(metric, "help"));
	if (isnan(field_number(metric, "value")))
		html_textf(j->out, " Not measured: %s", field_text(metric, "reason_help"));
	html_raw(j->out, "</p><p class=\"source\"><code>");
	html_text(j->out, field_text(metric, "name"));
	html_raw(j->out, "</code>");
	const char *words = words_of(p->statistic);
	if (words[0])
		html_textf(j->out, " · %s", words);
	if (!isnan(p->std)) {
		struct shown s = unit_show(p->std, field_text(metric, "unit"));
		html_textf(j->out, " · standard deviation %s %s", s.number, s.unit);
	}
	int64_t coverage = field_int(metric, "coverage", -1);
	if (coverage >= 0)
		html_textf(j->out, " · %lld %% of the time measured", (long long)coverage);
	if (p->path) {
		html_raw(j->out, " · <code>");
		html_text(j->out, p->path);
		html_raw(j->out, "</code>");
	}
	html_raw(j->out, "</p></div>");
}

static void put_metric(const struct job_page *j, const struct doc *metric)
{
	double v = field_number(metric, "value");
	struct provenance p =
		job_provenance(j->portal, j->detail, field_text(metric, "name"), j->arena);
	html_raw(j->out, "<li><details class=\"metric\"><summary>");
	html_element(j->out, "span", "label", field_text(metric, "label"));
	html_raw(j->out, "<span class=\"reading\">");
	if (isnan(v))
		put_reason(j, metric);
	else
		put_value(j, metric, v, &p);
	html_raw(j->out, "</span></summary>");
	put_about(j, metric, &p);
	html_raw(j->out, "</details></li>");
}

// The metrics of a group that were measured, or those that were not.
static size_t count_metrics(const struct summary *s, const char *group, bool is_absent)
{
	size_t n = 0;

	for (size_t i = 0; i < s->metrics->n; i++)
		n += is_wanted(s, i, group, is_absent);
	return n;
}

static void put_metrics(const struct summary *s, const char *group, bool is_absent)
{
	html_raw(s->page->out, "<ul class=\"metrics\">");
	for (size_t i = 0; i < s->metrics->n; i++)
		if (is_wanted(s, i, group, is_absent))
			put_metric(s->page, s->metrics->items[i]);
	html_raw(s->page->out, "</ul>");
}

// What was measured; what was not is folded, with the reasons in it.
static void put_group(const struct summary *s, const char *group)
{
	struct strbuf *out = s->page->out;
	size_t absent = count_metrics(s, group, true);

	html_raw(out, "<section class=\"card\">");
	html_element(out, "h3", NULL, group);
	put_metrics(s, group, false);
	if (absent > 0) {
		html_raw(out, "<details class=\"absent-list\"><summary>");
		html_textf(out, "%zu not measured", absent);
		html_raw(out, "</summary>");
		put_metrics(s, group, true);
		html_raw(out, "</details>");
	}
	html_raw(out, "</section>");
}

static void put_notice(const struct job_page *j)
{
	const char *state = field_text(j->detail->run, "document_state");
	const char *text = j->detail->problem;
	if (!text && str_eq(state, "incomplete"))
		text = "Some archives of this job may still come; values can change.";
	if (!text && str_eq(state, "running"))
		text = "This job is still running; values are those so far.";
	if (text)
		html_element(j->out, "p", "notice", text);
}

void job_summary(const struct job_page *j)
{
	const struct rows *metrics = &j->detail->values;
	const struct summary s = {.page = j,
		.metrics = metrics,
		.groups = arena_array(j->arena, metrics->n, sizeof(*s.groups))};

	for (size_t i = 0; i < metrics->n; i++)
		s.groups[i] = has_column(metrics->items[i]) ? group_of(metrics, i) : NULL;
	html_raw(j->out, "<section id=\"summary\"><h2>Summary</h2>");
	put_notice(j);
	html_raw(j->out, "<div class=\"cards\">");
	for (size_t i = 0; i < metrics->n; i++)
		if (is_group_start(&s, i))
			put_group(&s, s.groups[i]);
	html_raw(j->out, "</div></section>");
}
