// SPDX-License-Identifier: Apache-2.0
// The hash of a catalogue: SHA-256 over all that was compiled, without files and lines, so that a
// comment or another order of keys changes nothing.
#include <string.h>

#include "common/catalogue/draft.h"
#include "common/sha256.h"

static void put_text(struct strbuf *b, const char *s)
{
	if (s)
		strbuf_printf(b, "%zu:%s ", strlen(s), s); // the length keeps neighbours apart
	else
		strbuf_puts(b, "- ");
}

static void put_values(struct strbuf *b, struct expression *const *value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_text(b, value && value[i] ? expression_text(value[i]) : NULL);
}

static void put_source(struct strbuf *b, const struct source *s)
{
	strbuf_printf(b, "\nsource %d %a ", (int)s->kind, s->scale);
	put_text(b, s->name);
	put_text(b, s->instance);
	for (size_t i = 0; i < s->n_inputs; i++) {
		const struct input *in = &s->inputs[i];
		put_text(b, in->name);
		put_text(b, in->metric);
		strbuf_printf(b, "%d %d %d ", in->is_optional, in->is_counter, in->bits);
	}
}

static void put_output(struct strbuf *b, const struct output *o, size_t n_sources)
{
	strbuf_printf(b, "\noutput %d %d %u %u %u %d %d %d ", (int)o->over, (int)o->time,
		o->skip_first, o->skip_last, o->keep, o->every_node, o->is_kept_shared,
		o->is_by_samples);
	put_text(b, o->document);
	put_values(b, o->value, n_sources);
	for (size_t i = 0; i < o->n_guards; i++) {
		put_values(b, o->guards[i].when, n_sources);
		strbuf_printf(b, "%d ", o->guards[i].error);
	}
	for (size_t i = 0; i < FAILURE_COUNT; i++)
		strbuf_printf(b, "%d ", o->error[i]);
}

static void put_series(struct strbuf *b, const struct series *s, size_t n_sources)
{
	strbuf_printf(
		b, "\nseries %d %d %d %a ", (int)s->over, s->by_instance, s->is_picked, s->scale);
	put_text(b, s->document);
	put_text(b, s->unit);
	put_values(b, s->value, n_sources);
	put_values(b, s->each, n_sources);
}

static void put_column(struct strbuf *b, const struct column *c)
{
	strbuf_printf(b, "\ncolumn %a %d %d %d %d ", c->scale, c->is_double, (int)c->aggregate,
		(int)c->weight, (int)c->also_per);
	put_text(b, c->name);
	put_text(b, c->unit);
	for (size_t i = 0; i < c->n_from; i++)
		put_text(b, c->from[i]);
}

static void put_metric(struct strbuf *b, const struct metric *m)
{
	strbuf_printf(b, "\nmetric %d %lld ", (int)m->audience, (long long)m->every_s);
	put_text(b, m->name);
	put_text(b, m->label);
	put_text(b, m->help);
	put_text(b, m->unit);
	for (size_t i = 0; i < m->n_sources; i++)
		put_source(b, &m->sources[i]);
	for (size_t i = 0; i < m->n_outputs; i++)
		put_output(b, &m->outputs[i], m->n_sources);
	if (m->series)
		put_series(b, m->series, m->n_sources);
	if (m->column)
		put_column(b, m->column);
	if (m->chart) {
		strbuf_printf(b, "\nchart %d ", m->chart->order);
		put_text(b, m->chart->group);
		put_text(b, m->chart->kind);
	}
}

void catalogue_digest(const struct catalogue *c, char hash[65])
{
	CLEANUP(strbuf_release) struct strbuf b = {0};

	for (size_t i = 0; i < c->n; i++)
		put_metric(&b, &c->metrics[i]);
	sha256_text(strbuf_text(&b), b.len, hash);
}
