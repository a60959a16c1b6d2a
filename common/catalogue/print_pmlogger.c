// SPDX-License-Identifier: Apache-2.0
// The configuration of pmlogger that the catalogue implies: every PCP input once, at the shortest
// interval that any metric asks for.
#include "common/catalogue/print.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

struct wanted {
	const char *name;
	int64_t every_s; // 0: once
};

// Shorter intervals first; once is the longest.
static int compare_intervals(int64_t a, int64_t b)
{
	if (a == 0 || b == 0)
		return (a == 0) - (b == 0);
	return (a > b) - (a < b);
}

static int by_name(const void *a, const void *b)
{
	const struct wanted *x = a;
	const struct wanted *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : compare_intervals(x->every_s, y->every_s);
}

static int by_interval(const void *a, const void *b)
{
	const struct wanted *x = a;
	const struct wanted *y = b;
	int order = compare_intervals(x->every_s, y->every_s);

	return order ? order : strcmp(x->name, y->name);
}

static size_t count_inputs(const struct catalogue *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->metrics[i].n_sources; k++)
			n += c->metrics[i].sources[k].n_inputs;
	return n;
}

// All PCP inputs, each once, by interval and name. Returns how many.
static size_t collect(const struct catalogue *c, struct wanted *ret)
{
	size_t n = 0;
	size_t kept = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		for (const struct source *s = m->sources; s < m->sources + m->n_sources; s++)
			for (size_t k = 0; s->kind == SOURCE_PCP && k < s->n_inputs; k++)
				ret[n++] = (struct wanted){s->inputs[k].metric, m->every_s};
	}
	qsort(ret, n, sizeof(*ret), by_name);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !str_eq(ret[kept - 1].name, ret[i].name))
			ret[kept++] = ret[i];
	qsort(ret, kept, sizeof(*ret), by_interval);
	return kept;
}

void print_pmlogger(const struct catalogue *c, struct strbuf *out)
{
	size_t room = count_inputs(c);
	AUTO_FREE struct wanted *all = memory_alloc(room + 1, sizeof(*all));
	size_t n = collect(c, all);

	strbuf_printf(
		out, "# Made by jobsight-catalogue pmlogger from catalogue %.12s.\n", c->hash);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || all[i].every_s != all[i - 1].every_s) {
			strbuf_puts(out, i ? "}\n\nlog mandatory on " : "\nlog mandatory on ");
			if (all[i].every_s == 0)
				strbuf_puts(out, "once {\n");
			else
				strbuf_printf(out, "%lld sec {\n", (long long)all[i].every_s);
		}
		strbuf_printf(out, "\t%s\n", all[i].name);
	}
	strbuf_puts(out, n ? "}\n" : "");
	strbuf_puts(out, "\n[access]\n"
			 "disallow .* : all;\n"
			 "disallow :* : all;\n"
			 "allow local:* : enquire;\n");
}
