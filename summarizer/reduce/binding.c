// SPDX-License-Identifier: Apache-2.0
// Text metrics that say which cores are whose.
#include "summarizer/reduce/binding.h"

#include <string.h>

#include "common/memory.h"
#include "summarizer/reduce/process.h"

const struct binding_metric binding_metrics[] = {
	{"cgroup.cpuset.cpus", BINDING_CPUSET},
	{"hotproc.psinfo.cgroups", BINDING_CGROUPS},
	{"hotproc.psinfo.cpusallowed", BINDING_ALLOWED},
	{"hotproc.id.uid_nm", BINDING_USER},
	{"proc.psinfo.cgroups", BINDING_CGROUPS},
	{"proc.psinfo.cpusallowed", BINDING_ALLOWED},
	{"proc.id.uid_nm", BINDING_USER},
	{"accelerator.jobs", BINDING_GPUS},
	{"accelerator.pci", BINDING_PCI},
	{"jobs.gpu.list", BINDING_GIVEN},
};
const size_t n_binding_metrics = ARRAY_LEN(binding_metrics);

bool binding_text(
	const struct archive_record *r, const struct archive_set *s, int32_t i, struct bytes *ret)
{
	if (!s->is_block)
		return false;
	*ret = archive_value_block(r, s, i, ARCHIVE_TYPE_STRING);
	while (ret->len && ret->data[ret->len - 1] == '\0')
		ret->len--;
	return ret->data != NULL;
}

struct learning {
	const struct binding_record *record;
	const struct archive_record *r;
	const struct process_table *processes; // NULL: none
	struct task **open;                    // tasks of this time whose cores are not known
	size_t n;
	uint64_t jobs[4]; // a bit for each of theirs, at the job's number modulo 256
	bool any_sluid;
};

static void from_cpuset(const struct learning *l)
{
	const struct archive_set *s = &l->record->sets[BINDING_CPUSET];
	const struct id_map *ids = l->record->ids[BINDING_CPUSET];
	struct bytes text;
	for (int32_t i = 0; i < s->n; i++) {
		uint32_t row = id_map_row(ids, archive_value_instance(s, i));
		if (row == NO_ROW || !binding_text(l->r, s, i, &text))
			continue;
		const char *name = ids->domain->names[row];
		uint64_t id = 0;
		bool is_job = cgroup_job(name, &id);
		for (size_t k = 0; (is_job || l->any_sluid) && k < l->n; k++)
			if ((is_job && l->open[k]->job->key.raw_id == id) ||
				(l->any_sluid && cgroup_is_sluid(name, l->open[k]->sluid)))
				(void)core_set_parse(&l->open[k]->cores, text);
	}
}

// The process at place i of one set is mostly at the same place of the other.
int32_t binding_place(const struct archive_set *s, int32_t i, int32_t id)
{
	if (i < s->n && archive_value_instance(s, i) == id)
		return i;
	for (int32_t k = 0; k < s->n; k++)
		if (archive_value_instance(s, k) == id)
			return k;
	return -1;
}

static bool names_job(const struct process *p, uint64_t job)
{
	const char *at = p->groups;
	uint64_t id = 0;
	while (cgroup_next_job(&at, p->groups + p->n_groups, &id))
		if (id == job)
			return true;
	return false;
}

static bool is_of(const struct process *p, const struct task *t)
{
	return (p->job && p->job == t->job->key.raw_id) ||
	       (p->has_more && names_job(p, t->job->key.raw_id)) ||
	       (t->sluid[0] && cgroup_names(p->groups, p->n_groups, t->sluid));
}

static bool may_be_any(const struct learning *l, const struct process *p)
{
	return p->has_more || l->any_sluid ||
	       (p->job && l->jobs[p->job / 64 % 4] >> (p->job % 64) & 1);
}

static void from_processes(const struct learning *l)
{
	const struct archive_set *groups = &l->record->sets[BINDING_CGROUPS];
	const struct archive_set *allowed = &l->record->sets[BINDING_ALLOWED];
	struct bytes cores;
	for (size_t i = 0; i < l->processes->n_now; i++) {
		const struct process_now *now = &l->processes->now[i];
		const struct process *p = &l->processes->rows[now->row];
		if (!may_be_any(l, p))
			continue;
		int32_t id = archive_value_instance(groups, now->place);
		int32_t at = binding_place(allowed, now->place, id);
		if (at < 0 || !binding_text(l->r, allowed, at, &cores))
			continue;
		for (size_t k = 0; k < l->n; k++)
			if (is_of(p, l->open[k]))
				(void)core_set_parse(&l->open[k]->cores, cores);
	}
}

// The cpuset of the cgroup says it best; processes are asked for jobs that have none.
void binding_learn(const struct binding_record *b, const struct archive_record *r,
	const struct process_table *processes, struct task *const *tasks, size_t n_tasks,
	void (*learned)(void *context, struct task *t), void *context)
{
	AUTO_FREE struct task **open = memory_alloc(n_tasks + 1, sizeof(struct task *));
	struct learning l = {.record = b, .r = r, .processes = processes, .open = open};
	for (int pass = 0; pass < 2; pass++) {
		bool has =
			pass == 0 ? b->has[BINDING_CPUSET] : processes && b->has[BINDING_ALLOWED];
		l.n = 0;
		l.any_sluid = false;
		for (size_t i = 0; has && i < n_tasks; i++)
			if (tasks[i]->cores.n == 0 && task_holds(tasks[i], r->time_ns)) {
				uint64_t job = tasks[i]->job->key.raw_id;
				l.jobs[job / 64 % 4] |= UINT64_C(1) << (job % 64);
				open[l.n++] = tasks[i];
				l.any_sluid |= tasks[i]->sluid[0] != '\0';
			}
		if (l.n == 0)
			continue;
		if (pass == 0)
			from_cpuset(&l);
		else
			from_processes(&l);
		for (size_t k = 0; k < l.n; k++)
			if (open[k]->cores.n)
				learned(context, open[k]);
	}
}
