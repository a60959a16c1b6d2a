// SPDX-License-Identifier: Apache-2.0
// The reference page of the metrics, in Markdown.
#include "common/catalogue/print.h"

#include <string.h>

// Code in a cell of a table: a bar would end the cell.
static void put_code(struct strbuf *out, const char *text)
{
	strbuf_putc(out, '`');
	for (const char *p = text; *p; p++) {
		if (*p == '|')
			strbuf_putc(out, '\\');
		strbuf_putc(out, *p == '`' ? '\'' : *p);
	}
	strbuf_putc(out, '`');
}

static void put_value(const struct metric *m, struct expression *const *value, struct strbuf *out)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	print_value(m, value, &text);
	put_code(out, strbuf_text(&text));
}

static void put_source(const struct source *s, struct strbuf *out)
{
	strbuf_printf(out, "- %s%s%s: ", print_kind(s), s->name ? " " : "", s->name ? s->name : "");
	for (size_t i = 0; i < s->n_inputs; i++) {
		strbuf_printf(out, "%s%s ", i ? ", " : "", s->inputs[i].name);
		put_code(out, s->inputs[i].metric);
		if (s->inputs[i].is_optional)
			strbuf_puts(out, " (optional)");
	}
	if (s->scale != 1)
		strbuf_printf(out, "; each times %g", s->scale);
	strbuf_putc(out, '\n');
}

static void put_outputs(const struct metric *m, struct strbuf *out)
{
	if (m->n_outputs == 0)
		return;
	strbuf_puts(out, "\n| in the document | for each | value | time | statistics |\n"
			 "| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < m->n_outputs; i++) {
		const struct output *o = &m->outputs[i];
		strbuf_puts(out, "| ");
		put_code(out, o->document);
		strbuf_printf(out, " | %s | ", scope_name(o->over));
		put_value(m, o->value, out);
		strbuf_puts(out, " | ");
		print_time(o, out);
		strbuf_puts(out, " | ");
		print_statistics(o->keep, out);
		strbuf_puts(out, " |\n");
	}
}

static void put_series(const struct metric *m, struct strbuf *out)
{
	const struct series *s = m->series;

	if (!s)
		return;
	strbuf_puts(out, "\nTime series ");
	put_code(out, s->document);
	strbuf_printf(out, " in %s, for each %s: ", s->unit, scope_name(s->over));
	put_value(m, s->value, out);
	if (s->by_instance)
		strbuf_puts(out, "; one line for each instance besides");
	if (s->is_picked)
		strbuf_puts(out, "; points are samples");
	strbuf_puts(out, ".\n");
}

static void put_column(const struct column *c, struct strbuf *out)
{
	if (!c)
		return;
	strbuf_puts(out, "\nColumn ");
	put_code(out, c->name);
	strbuf_printf(out, " in %s from ", c->unit);
	for (size_t i = 0; i < c->n_from; i++) {
		strbuf_puts(out, i ? ", else " : "");
		put_code(out, c->from[i]);
	}
	if (c->scale != 1)
		strbuf_printf(out, ", times %g", c->scale);
	strbuf_puts(out, "; ");
	print_column(c, out);
	strbuf_puts(out, ".\n");
}

static void put_metric(const struct metric *m, struct strbuf *out)
{
	strbuf_printf(out, "\n### %s\n\n%s. %s Unit: %s.\n", m->name, m->label, m->help, m->unit);
	if (m->n_sources > 0)
		strbuf_putc(out, '\n');
	for (size_t i = 0; i < m->n_sources; i++)
		put_source(&m->sources[i], out);
	put_outputs(m, out);
	put_series(m, out);
	put_column(m->column, out);
}

static void put_overview(const struct catalogue *c, struct strbuf *out)
{
	strbuf_puts(out, "| metric | what | unit | column | series |\n"
			 "| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		strbuf_printf(out, "| %s | %s | %s | %s | %s |\n", m->name, m->label, m->unit,
			m->column ? m->column->name : "", m->series ? m->series->document : "");
	}
}

void print_docs(const struct catalogue *c, struct strbuf *out)
{
	const char *file = "";

	strbuf_puts(out,
		"# The metrics of a job\n\n"
		"Made by `jobsight catalogue docs` from the catalogue; change the stanzas, not this\n"
		"page. How a stanza is written: [catalogue.md](catalogue.md).\n\n");
	put_overview(c, out);
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		if (!str_eq(file, print_file(m))) {
			file = print_file(m);
			strbuf_printf(out, "\n## %s\n", file);
		}
		put_metric(m, out);
	}
}
