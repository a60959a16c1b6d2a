// SPDX-License-Identifier: Apache-2.0
// Descriptions of clusters: whatever the text, each node has a name and cores, and is there once.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "accounting/architecture.h"
#include "common/macro.h"
#include "common/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct arch *a)
{
	if (a->n_nodes != a->by_name.n)
		abort();
	for (size_t i = 0; i < a->n_nodes; i++)
		if (!*a->nodes[i].name || a->nodes[i].cores <= 0 || a->nodes[i].gpus < 0)
			abort();
	for (size_t i = 0; i < a->n_partitions; i++)
		if (!a->partitions[i].name || a->partitions[i].limit_s < 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct code_set none = {0};
	AUTO_FREE struct problems *p = memory_alloc(1, sizeof(*p));
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct error err = {0};

	if (size > 1 << 16)
		return 0;
	p->ignored = &none;
	p->strict = &none;
	p->where = "fuzz";
	memset(p->said, 1, sizeof(p->said)); // silent
	strbuf_add(&text, data, size);
	for (int i = 0; i < 2; i++) {
		struct arch *a = memory_alloc(1, sizeof(*a));

		a->problems = p;
		if (i == 0)
			slurmconf_parse("f", strbuf_text(&text), a);
		else if (archfile_parse("f", strbuf_text(&text), "alpha", a, &err) < 0 &&
			 !*err.text)
			abort();
		check(a);
		arch_close(a);
	}
	problems_release(p);
	return 0;
}
