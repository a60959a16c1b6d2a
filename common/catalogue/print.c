// SPDX-License-Identifier: Apache-2.0
// The table of metrics, one metric's whole way, and the words that these and the manual share.
#include "common/catalogue/print.h"

#include <string.h>

#include "common/catalogue/words.h"

const char *print_file(const struct metric *m)
{
	const char *slash = strrchr(m->file, '/');

	return slash ? slash + 1 : m->file;
}

const char *print_kind(const struct source *s)
{
	return s->kind == SOURCE_PCP ? "PCP" : "Prometheus";
}

static bool is_one_text(const struct metric *m, struct expression *const *value)
{
	for (size_t i = 0; i < m->n_sources; i++)
		if (!value[i] || !str_eq(expression_text(value[i]), expression_text(value[0])))
			return false;
	return m->n_sources > 0;
}

void print_value(const struct metric *m, struct expression *const *value, struct strbuf *out)
{
	const char *separator = "";

	if (is_one_text(m, value)) {
		strbuf_puts(out, expression_text(value[0]));
		return;
	}
	for (size_t i = 0; i < m->n_sources; i++) {
		if (!value[i])
			continue;
		strbuf_puts(out, separator);
		if (m->sources[i].name)
			strbuf_printf(out, "%s: ", m->sources[i].name);
		else
			strbuf_printf(out, "source %zu: ", i + 1);
		strbuf_puts(out, expression_text(value[i]));
		separator = "; ";
	}
}

void print_statistics(unsigned keep, struct strbuf *out)
{
	static const struct {
		unsigned bit;
		const char *text;
	} parts[] = {
		{STATISTIC_VALUE, "the sum, as a bare number"},
		{STATISTIC_ALL, "avg cnt cov krt max med min skw std"},
		{STATISTIC_AVG, "avg"},
		{STATISTIC_CNT, "cnt"},
		{STATISTIC_MAX, "max"},
		{STATISTIC_MIN, "min"},
		{STATISTIC_TOTAL, "total"},
	};
	unsigned in_all = STATISTIC_AVG | STATISTIC_CNT | STATISTIC_MAX | STATISTIC_MIN;
	const char *separator = "";

	if (keep & STATISTIC_ALL)
		keep &= ~in_all;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!(keep & parts[i].bit))
			continue;
		strbuf_printf(out, "%s%s", separator, parts[i].text);
		separator = " ";
	}
}

void print_time(const struct output *o, struct strbuf *out)
{
	static const char *const texts[TIME_COUNT] = {
		[TIME_WHOLE] = "over the whole job",
		[TIME_MEAN] = "mean over time",
		[TIME_SAMPLE_MEAN] = "mean of the samples",
		[TIME_MIN] = "least sample",
		[TIME_MAX] = "greatest sample",
		[TIME_INTEGRAL] = "times seconds, summed",
		[TIME_FIRST] = "first sample",
		[TIME_LAST] = "last sample",
	};

	strbuf_puts(out, texts[o->time]);
	if (o->skip_first && o->skip_last)
		strbuf_printf(
			out, ", without the first %u and the last %u", o->skip_first, o->skip_last);
	else if (o->skip_first)
		strbuf_printf(out, ", without the first %u", o->skip_first);
	else if (o->skip_last)
		strbuf_printf(out, ", without the last %u", o->skip_last);
	if (o->is_by_samples)
		strbuf_puts(out, ", between samples");
}

void print_column(const struct column *c, struct strbuf *out)
{
	if (c->aggregate == AGGREGATE_MEAN)
		strbuf_printf(out, "mean over jobs weighted by %s", weight_name(c->weight));
	else
		strbuf_printf(out, "%s over jobs", aggregate_name(c->aggregate));
	if (c->also_per != WEIGHT_NONE)
		strbuf_printf(out, ", also divided by %s", weight_name(c->also_per));
}

static const char *kinds(const struct metric *m)
{
	bool pcp = false;
	bool prometheus = false;

	for (size_t i = 0; i < m->n_sources; i++) {
		pcp = pcp || m->sources[i].kind == SOURCE_PCP;
		prometheus = prometheus || m->sources[i].kind == SOURCE_PROMETHEUS;
	}
	return pcp && prometheus ? "pcp prometheus" : pcp ? "pcp" : prometheus ? "prometheus" : "-";
}

void print_list(const struct catalogue *c, struct strbuf *out)
{
	size_t name = 4;
	size_t unit = 4;

	for (size_t i = 0; i < c->n; i++) {
		size_t n = strlen(c->metrics[i].name);
		size_t u = strlen(c->metrics[i].unit);
		name = n > name ? n : name;
		unit = u > unit ? u : unit;
	}
	strbuf_printf(out, "%-*s  %-*s  %-14s  %s\n", (int)name, "NAME", (int)unit, "UNIT",
		"SOURCES", "COLUMN");
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		strbuf_printf(out, "%-*s  %-*s  %-14s  %s\n", (int)name, m->name, (int)unit,
			m->unit, kinds(m), m->column ? m->column->name : "-");
	}
}

static void print_source(const struct metric *m, size_t i, struct strbuf *out)
{
	const struct source *s = &m->sources[i];
	size_t width = 0;

	for (size_t k = 0; k < s->n_inputs; k++) {
		size_t n = strlen(s->inputs[k].name);
		width = n > width ? n : width;
	}
	strbuf_printf(out, "  %zu. %s%s%s", i + 1, print_kind(s), s->name ? ", " : "",
		s->name ? s->name : "");
	if (s->scale != 1)
		strbuf_printf(out, ", each times %g", s->scale);
	if (s->instance)
		strbuf_printf(out, ", instances %s", s->instance);
	strbuf_putc(out, '\n');
	for (size_t k = 0; k < s->n_inputs; k++) {
		const struct input *in = &s->inputs[k];
		strbuf_printf(out, "       %-*s  %s%s%s", (int)width, in->name, in->metric,
			in->is_optional ? "  (optional)" : "", in->is_counter ? "  (counter)" : "");
		if (in->bits)
			strbuf_printf(out, "  (%u bits)", in->bits);
		strbuf_putc(out, '\n');
	}
}

static void print_sources(const struct metric *m, struct strbuf *out)
{
	if (m->n_sources == 0)
		return;
	strbuf_puts(out, m->n_sources == 1
				 ? "\nSource\n"
				 : "\nSources: the first whose inputs all exist, node by node\n");
	for (size_t i = 0; i < m->n_sources; i++)
		print_source(m, i, out);
}

static void print_guards(const struct metric *m, const struct output *o, struct strbuf *out)
{
	for (size_t i = 0; i < o->n_guards; i++) {
		strbuf_puts(out, "      if not      ");
		print_value(m, o->guards[i].when, out);
		strbuf_printf(out, " at every instance: error %d\n", o->guards[i].error);
	}
}

static void print_errors(const struct output *o, struct strbuf *out)
{
	strbuf_puts(out, "      errors     ");
	for (int f = 0; f < FAILURE_COUNT; f++)
		strbuf_printf(out, " %s %d", words_failure.word[f], o->error[f]);
	strbuf_putc(out, '\n');
}

static void print_output(const struct metric *m, const struct output *o, struct strbuf *out)
{
	strbuf_printf(out, "  %s\n      value       ", o->document);
	print_value(m, o->value, out);
	strbuf_printf(out, "\n      for each    %s%s\n      time        ", scope_name(o->over),
		o->is_kept_shared ? ", on shared nodes too" : "");
	print_time(o, out);
	strbuf_puts(out, "\n      statistics  ");
	print_statistics(o->keep, out);
	if (o->every_node)
		strbuf_puts(out, "\n      nodes       all must have it");
	strbuf_putc(out, '\n');
	print_guards(m, o, out);
	print_errors(o, out);
}

static void print_series(const struct metric *m, struct strbuf *out)
{
	const struct series *s = m->series;

	strbuf_printf(out, "\nTime series\n  %s in %s\n      value       ", s->document, s->unit);
	print_value(m, s->value, out);
	if (s->scale != 1)
		strbuf_printf(out, ", times %g", s->scale);
	strbuf_printf(out, "\n      for each    %s\n", scope_name(s->over));
	if (s->is_picked)
		strbuf_puts(out, "      points      samples, at most 100 of each node\n");
	if (!s->by_instance)
		return;
	strbuf_puts(out, "      lines       one for each node and one for each instance");
	if (s->each) {
		strbuf_puts(out, ": ");
		print_value(m, s->each, out);
	}
	strbuf_putc(out, '\n');
}

static void print_warehouse(const struct metric *m, struct strbuf *out)
{
	const struct column *c = m->column;

	strbuf_printf(out, "\nWarehouse\n  %s in %s, %s\n      from        ", c->name, c->unit,
		c->is_double ? "double precision" : "real");
	for (size_t i = 0; i < c->n_from; i++)
		strbuf_printf(out, "%s%s", i ? ", else " : "", c->from[i]);
	if (c->scale != 1)
		strbuf_printf(out, "; times %g", c->scale);
	strbuf_puts(out, "\n      jobs        ");
	print_column(c, out);
	strbuf_putc(out, '\n');
}

void print_metric(const struct metric *m, struct strbuf *out)
{
	strbuf_printf(out, "%s: %s, in %s\n%s\n", m->name, m->label, m->unit, m->help);
	strbuf_printf(out, "Declared in %s:%d; seen by: %s", m->file, m->line,
		audience_name(m->audience));
	if (m->n_sources > 0 && m->every_s > 0)
		strbuf_printf(out, "; logged every %lld s", (long long)m->every_s);
	else if (m->n_sources > 0)
		strbuf_puts(out, "; logged once");
	strbuf_putc(out, '\n');
	print_sources(m, out);
	if (m->n_outputs > 0)
		strbuf_puts(out, "\nDocument\n");
	for (size_t i = 0; i < m->n_outputs; i++)
		print_output(m, &m->outputs[i], out);
	if (m->series)
		print_series(m, out);
	if (m->column)
		print_warehouse(m, out);
	if (m->chart)
		strbuf_printf(out, "\nChart\n  %s, %s, place %d\n", m->chart->group, m->chart->kind,
			m->chart->order);
}
