// SPDX-License-Identifier: Apache-2.0
// Text metrics that say which GPUs are whose.
#include "summarizer/reduce/devices.h"

#include <string.h>

#include "common/memory.h"

void devices_release(struct devices *d)
{
	map_release(&d->by_pci);
	arena_release(&d->arena);
}

struct learning {
	const struct archive_record *r;
	struct task *const *tasks;
	size_t n;
	void (*learned)(void *context, struct task *t);
	void *context;
};

// The next of job numbers with blanks between; false: no more.
static bool next_number(struct bytes *text, uint64_t *ret)
{
	const uint8_t *p = text->data;
	const uint8_t *end = p + text->len;
	while (p < end && (*p < '0' || *p > '9'))
		p++;
	const uint8_t *digits = p;
	uint64_t n = 0;
	for (; p < end && p - digits < 19 && *p >= '0' && *p <= '9'; p++)
		n = 10 * n + (uint64_t)(*p - '0');
	*text = (struct bytes){p, (size_t)(end - p)};
	*ret = n;
	return p > digits;
}

static void give(const struct learning *l, struct task *t, const char *device)
{
	if (task_holds(t, l->r->time_ns) && task_add_gpu(t, device))
		l->learned(l->context, t);
}

// Jobs that have processes on a device.
static void from_processes(const struct learning *l, const char *device, struct bytes text)
{
	uint64_t job = 0;
	while (next_number(&text, &job))
		for (size_t k = 0; k < l->n; k++)
			if (l->tasks[k]->job->key.raw_id == job)
				give(l, l->tasks[k], device);
}

static void note_address(struct devices *d, const char *device, struct bytes text)
{
	const char *address = arena_strndup(&d->arena, (const char *)text.data, text.len);
	const char *known = map_get(&d->by_pci, address);
	if (known == NULL)
		map_put(&d->by_pci, address, arena_strdup(&d->arena, device));
	else if (strcmp(known, device) != 0)
		map_put(&d->by_pci, address, arena_strdup(&d->arena, ""));
}

// Addresses with blanks between.
static void from_list(
	struct devices *d, const struct learning *l, const char *job, struct bytes text)
{
	AUTO_FREE char *list = memory_alloc(text.len + 1, 1);
	memcpy(list, text.data, text.len);
	for (char *at = list; *at;) {
		size_t len = strcspn(at, " ");
		char *next = at + len + (at[len] == ' ');
		at[len] = '\0';
		const char *device = map_get(&d->by_pci, at);
		for (size_t k = 0; device && device[0] && k < l->n; k++) {
			struct task *t = l->tasks[k];
			if (cgroup_is_job_itself(job, t->job->key.raw_id, t->sluid))
				give(l, t, device);
		}
		at = next;
	}
}

void devices_learn(struct devices *d, const struct binding_record *b,
	const struct archive_record *r, struct task *const *tasks, size_t n_tasks,
	void (*learned)(void *context, struct task *t), void *context)
{
	static const enum binding_kind order[] = {BINDING_PCI, BINDING_GPUS, BINDING_GIVEN};
	struct learning l = {r, tasks, n_tasks, learned, context};
	for (size_t k = 0; k < ARRAY_LEN(order); k++) {
		const struct archive_set *s = &b->sets[order[k]];
		const struct id_map *ids = b->ids[order[k]];
		struct bytes text;
		for (int32_t i = 0; b->has[order[k]] && i < s->n; i++) {
			uint32_t row = id_map_row(ids, archive_value_instance(s, i));
			if (row == NO_ROW || !binding_text(r, s, i, &text) || text.len == 0)
				continue;
			const char *name = ids->domain->names[row];
			if (order[k] == BINDING_PCI)
				note_address(d, name, text);
			else if (order[k] == BINDING_GPUS)
				from_processes(&l, name, text);
			else
				from_list(d, &l, name, text);
		}
	}
}
