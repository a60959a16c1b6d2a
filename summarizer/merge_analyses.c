// SPDX-License-Identifier: Apache-2.0
// What the analyses say of a job, host by host, becomes parts of its document.
#include "summarizer/analyses/analysis.h"
#include "summarizer/merge.h"
#include "summarizer/reduce/statistics.h"

// SUPReMM: HardwareInventory.
static void put_cores(struct merge *m, struct doc *root)
{
	double *v = arena_array(&m->scratch, m->n + 1, sizeof(*v));
	size_t n = 0;
	for (size_t i = 0; i < m->n; i++)
		if (m->heads[i].n_cores)
			v[n++] = (double)m->heads[i].n_cores;
	if (n == 0)
		return;
	struct statistics s = statistics_of(v, n);
	statistics_put(&s, STATISTIC_ALL, doc_at(root, m->arena, "cores"), m->arena);
}

void merge_analyses(struct merge *m, struct doc *root)
{
	struct analysis_merge x = {.job = m->request->job,
		.n = m->n,
		.readers = arena_array(&m->scratch, m->n + 1, sizeof(*x.readers)),
		.root = root,
		.arena = m->arena,
		.heads = m->heads};
	for (size_t k = 0; k < n_analyses; k++) {
		for (size_t i = 0; i < m->n; i++) {
			struct partial_reader *r = &m->readers[i];
			x.readers[i] = (struct partial_reader){0};
			if (m->heads[i].n_archives)
				x.readers[i].bytes = partial_bytes(r, partial_u64(r));
		}
		analyses[k]->merge(&x);
	}
	put_cores(m, root);
	arena_reset(&m->scratch);
}
