// SPDX-License-Identifier: Apache-2.0
// Text metrics that say which cores are whose.
#include "summarizer/reduce/binding.h"

const struct binding_metric binding_metrics[] = {
	{"cgroup.cpuset.cpus", BINDING_CPUSET},
	{"hotproc.psinfo.cgroups", BINDING_CGROUPS},
	{"hotproc.psinfo.cpusallowed", BINDING_ALLOWED},
	{"proc.psinfo.cgroups", BINDING_CGROUPS},
	{"proc.psinfo.cpusallowed", BINDING_ALLOWED},
};
const size_t n_binding_metrics = ARRAY_LEN(binding_metrics);

static bool text_of(
	const struct archive_record *r, const struct archive_set *s, int32_t i, struct bytes *ret)
{
	if (!s->is_block)
		return false;
	*ret = archive_value_block(r, s, i, ARCHIVE_TYPE_STRING);
	while (ret->len && ret->data[ret->len - 1] == '\0')
		ret->len--;
	return ret->data != NULL;
}

static void from_cpuset(
	const struct binding_record *b, const struct archive_record *r, struct task *t)
{
	const struct archive_set *s = &b->sets[BINDING_CPUSET];
	const struct id_map *ids = b->ids[BINDING_CPUSET];
	struct bytes text;
	for (int32_t i = 0; i < s->n; i++) {
		uint32_t row = id_map_row(ids, archive_value_instance(s, i));
		if (row != NO_ROW && text_of(r, s, i, &text) &&
			cgroup_is_job_itself(ids->domain->names[row], t->job->key.raw_id))
			(void)core_set_parse(&t->cores, text);
	}
}

// The process at place i of one set is mostly at the same place of the other.
static int32_t place_of(const struct archive_set *s, int32_t i, int32_t id)
{
	if (i < s->n && archive_value_instance(s, i) == id)
		return i;
	for (int32_t k = 0; k < s->n; k++)
		if (archive_value_instance(s, k) == id)
			return k;
	return -1;
}

static void from_processes(
	const struct binding_record *b, const struct archive_record *r, struct task *t)
{
	const struct archive_set *groups = &b->sets[BINDING_CGROUPS];
	const struct archive_set *allowed = &b->sets[BINDING_ALLOWED];
	struct bytes text;
	for (int32_t i = 0; i < groups->n; i++) {
		if (!text_of(r, groups, i, &text) ||
			!cgroup_is_job((const char *)text.data, text.len, t->job->key.raw_id))
			continue;
		int32_t k = place_of(allowed, i, archive_value_instance(groups, i));
		if (k >= 0 && text_of(r, allowed, k, &text))
			(void)core_set_parse(&t->cores, text);
	}
}

bool binding_learn(const struct binding_record *b, const struct archive_record *r, struct task *t)
{
	if (t->cores.n || !task_holds(t, r->time_ns))
		return false;
	if (b->has[BINDING_CPUSET])
		from_cpuset(b, r, t);
	if (t->cores.n == 0 && b->has[BINDING_CGROUPS] && b->has[BINDING_ALLOWED])
		from_processes(b, r, t);
	return t->cores.n > 0;
}
