// SPDX-License-Identifier: Apache-2.0
// Catalogue files: each problem names its line, what is left is whole and can be printed.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/catalogue/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void bad(void *context, const struct error *why)
{
	unsigned *n = context;

	++*n;
	if (!str_starts(why->text, "input") || !why->code)
		abort();
}

static void check(const struct catalogue *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		if (catalogue_find(c, m->name) != m || !m->label || !m->help || !m->unit)
			abort();
		if (!m->n_outputs && !m->series && !m->column)
			abort();
		for (size_t k = 0; k < m->n_outputs; k++)
			if (!m->outputs[k].document || !m->outputs[k].keep || !m->outputs[k].value)
				abort();
		if (m->column && m->column->n_from == 0)
			abort();
	}
}

static void print_all(const struct catalogue *c)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	print_list(c, &out);
	print_pmlogger(c, &out);
	print_docs(c, &out);
	for (size_t i = 0; i < c->n; i++)
		print_metric(&c->metrics[i], &out);
	if (strlen(strbuf_text(&out)) != out.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	unsigned n_told = 0;
	const struct catalogue_problem problem = {bad, &n_told};
	struct catalogue catalogue;
	int n = catalogue_parse("input", (const char *)data, size, &problem, &arena, &catalogue);

	if (n < 0 || (n > 0) != (n_told > 0) || strlen(catalogue.hash) != 64)
		abort();
	check(&catalogue);
	print_all(&catalogue);
	return 0;
}
