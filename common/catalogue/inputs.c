// SPDX-License-Identifier: Apache-2.0
// What of PCP must be sampled for all of a catalogue: every input once, at the shortest interval that
// any metric asks for, and what the summarizer learns a job's cores and GPUs from, which no stanza names.
#include "common/catalogue/inputs.h"

#include <stdlib.h>
#include <string.h>

enum { BINDING_EVERY_S = 30 };

static const struct pcp_input always[] = {
	{"hinv.ncpu", 0},
	{"accelerator.jobs", BINDING_EVERY_S},
	{"accelerator.pci", BINDING_EVERY_S},
	{"cgroup.cpuset.cpus", BINDING_EVERY_S},
	{"kernel.percpu.cpu.intr", BINDING_EVERY_S}, // of the CPU categories
	{"hotproc.id.uid_nm", BINDING_EVERY_S},
	{"hotproc.psinfo.cgroups", BINDING_EVERY_S},
	{"hotproc.psinfo.cpusallowed", BINDING_EVERY_S},
	{"jobs.gpu.list", BINDING_EVERY_S},
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
	const struct pcp_input *x = a;
	const struct pcp_input *y = b;
	int order = strcmp(x->metric, y->metric);

	return order ? order : compare_intervals(x->every_s, y->every_s);
}

static int by_interval(const void *a, const void *b)
{
	const struct pcp_input *x = a;
	const struct pcp_input *y = b;
	int order = compare_intervals(x->every_s, y->every_s);

	return order ? order : strcmp(x->metric, y->metric);
}

static size_t count_inputs(const struct catalogue *c)
{
	size_t n = ARRAY_LEN(always);

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->metrics[i].n_sources; k++)
			n += c->metrics[i].sources[k].n_inputs;
	return n;
}

size_t catalogue_pcp_inputs(const struct catalogue *c, struct arena *a, struct pcp_input **ret)
{
	struct pcp_input *all = arena_array(a, count_inputs(c), sizeof(*all));
	size_t n = 0;
	size_t kept = 0;

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		all[n++] = always[i];
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		for (const struct source *s = m->sources; s < m->sources + m->n_sources; s++)
			for (size_t k = 0; s->kind == SOURCE_PCP && k < s->n_inputs; k++)
				all[n++] = (struct pcp_input){s->inputs[k].metric, m->every_s};
	}
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || !str_eq(all[kept - 1].metric, all[i].metric))
			all[kept++] = all[i];
	qsort(all, kept, sizeof(*all), by_interval);
	*ret = all;
	return kept;
}
