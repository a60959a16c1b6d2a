// SPDX-License-Identifier: Apache-2.0
// Text metrics that say which cores are whose.
#include "summarizer/reduce/binding.h"

#include <string.h>

#include "common/memory.h"

const struct binding_metric binding_metrics[] = {
	{"cgroup.cpuset.cpus", BINDING_CPUSET},
	{"hotproc.psinfo.cgroups", BINDING_CGROUPS},
	{"hotproc.psinfo.cpusallowed", BINDING_ALLOWED},
	{"hotproc.id.uid_nm", BINDING_USER},
	{"proc.psinfo.cgroups", BINDING_CGROUPS},
	{"proc.psinfo.cpusallowed", BINDING_ALLOWED},
	{"proc.id.uid_nm", BINDING_USER},
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
	struct task **open; // tasks of this time whose cores are not known
	size_t n;
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
				cgroup_is_sluid(name, l->open[k]->sluid))
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

static void take_process(const struct learning *l, struct bytes groups, struct bytes allowed)
{
	const char *at = (const char *)groups.data;
	const char *end = at + groups.len;
	uint64_t id = 0;
	while (cgroup_next_job(&at, end, &id))
		for (size_t k = 0; k < l->n; k++)
			if (l->open[k]->job->key.raw_id == id)
				(void)core_set_parse(&l->open[k]->cores, allowed);
	for (size_t k = 0; l->any_sluid && k < l->n; k++)
		if (cgroup_names((const char *)groups.data, groups.len, l->open[k]->sluid))
			(void)core_set_parse(&l->open[k]->cores, allowed);
}

static void from_processes(const struct learning *l)
{
	const struct archive_set *groups = &l->record->sets[BINDING_CGROUPS];
	const struct archive_set *allowed = &l->record->sets[BINDING_ALLOWED];
	struct bytes text;
	struct bytes cores;
	for (int32_t i = 0; i < groups->n; i++) {
		int32_t k = binding_place(allowed, i, archive_value_instance(groups, i));
		if (k >= 0 && binding_text(l->r, groups, i, &text) &&
			binding_text(l->r, allowed, k, &cores))
			take_process(l, text, cores);
	}
}

// The cpuset of the cgroup says it best; processes are asked for jobs that have none.
void binding_learn(const struct binding_record *b, const struct archive_record *r,
	struct task *const *tasks, size_t n_tasks, void (*learned)(void *context, struct task *t),
	void *context)
{
	AUTO_FREE struct task **open = memory_alloc(n_tasks + 1, sizeof(struct task *));
	struct learning l = {.record = b, .r = r, .open = open};
	for (int pass = 0; pass < 2; pass++) {
		bool has = pass == 0 ? b->has[BINDING_CPUSET]
		                     : b->has[BINDING_CGROUPS] && b->has[BINDING_ALLOWED];
		l.n = 0;
		l.any_sluid = false;
		for (size_t i = 0; has && i < n_tasks; i++)
			if (tasks[i]->cores.n == 0 && task_holds(tasks[i], r->time_ns)) {
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
