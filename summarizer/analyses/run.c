// SPDX-License-Identifier: Apache-2.0
// Opening, feeding and closing the analyses of a host.
#include "summarizer/analyses/run.h"

#include <stdlib.h>

#include "common/memory.h"

void analysis_run_open(struct analysis_run *r, const struct plan *p, const struct track *tracks)
{
	*r = (struct analysis_run){0};
	for (size_t k = 0; k < n_analyses; k++) {
		const struct analysis *a = analyses[k];
		r->hosts[k] = a->open();
		r->inputs[k] = memory_alloc(a->n_inputs + 1, sizeof(void *));
		r->is_input[k] = memory_alloc(p->n_tracks + 1, sizeof(*r->is_input[k]));
		for (size_t i = 0; i < a->n_inputs; i++) {
			size_t place = p->analysis_tracks[k][i];
			r->inputs[k][i] = &tracks[place];
			r->is_input[k][place] = true;
		}
	}
}

void analysis_run_close(struct analysis_run *r)
{
	for (size_t k = 0; k < n_analyses && r->hosts[k]; k++) {
		analyses[k]->close(r->hosts[k]);
		free(r->inputs[k]);
		free(r->is_input[k]);
	}
	*r = (struct analysis_run){0};
}

void analysis_run_feed(struct analysis_run *r, const size_t *touched, size_t n_touched,
	int64_t now_ns, const struct task_list *tasks)
{
	for (size_t k = 0; k < n_analyses; k++) {
		bool is_due = false;
		for (size_t i = 0; i < n_touched && !is_due; i++)
			is_due = r->is_input[k][touched[i]];
		if (!is_due)
			continue;
		struct analysis_sample s = {.now_ns = now_ns,
			.nth = k,
			.inputs = r->inputs[k],
			.tasks = tasks->items,
			.n_tasks = tasks->n,
			.turn = tasks->turn};
		analyses[k]->sample(r->hosts[k], &s);
	}
}

void analysis_run_processes(struct analysis_run *r, const struct process_table *processes,
	int64_t now_ns, const struct task_list *tasks)
{
	for (size_t k = 0; k < n_analyses; k++) {
		struct analysis_sample s = {.now_ns = now_ns,
			.nth = k,
			.tasks = tasks->items,
			.n_tasks = tasks->n,
			.turn = tasks->turn};
		if (analyses[k]->processes)
			analyses[k]->processes(r->hosts[k], &s, processes);
	}
}

void analysis_run_write(struct analysis_run *r, const struct task *t, struct strbuf *to)
{
	for (size_t k = 0; k < n_analyses; k++) {
		CLEANUP(strbuf_release) struct strbuf text = {0};
		struct analysis_end e = {
			.task = t, .inputs = r->inputs[k], .own = t->owns ? t->owns[k] : NULL};
		analyses[k]->write(r->hosts[k], &e, &text);
		partial_put_u64(to, text.len);
		strbuf_add(to, strbuf_text(&text), text.len);
	}
}
