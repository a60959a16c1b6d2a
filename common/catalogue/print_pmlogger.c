// SPDX-License-Identifier: Apache-2.0
// The configuration of pmlogger that the catalogue implies: a group for each interval.
#include "common/catalogue/inputs.h"
#include "common/catalogue/print.h"

void print_pmlogger(const struct catalogue *c, struct strbuf *out)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct pcp_input *all = NULL;
	size_t n = catalogue_pcp_inputs(c, &arena, &all);

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
		strbuf_printf(out, "\t%s\n", all[i].metric);
	}
	strbuf_puts(out, n ? "}\n" : "");
	strbuf_puts(out, "\n[access]\n"
			 "disallow .* : all;\n"
			 "disallow :* : all;\n"
			 "allow local:* : enquire;\n");
}
