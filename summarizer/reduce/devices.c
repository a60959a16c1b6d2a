// SPDX-License-Identifier: Apache-2.0
// Text metrics that say which GPUs are whose.
#include "summarizer/reduce/devices.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/str.h"

void devices_release(struct devices *d)
{
	map_release(&d->by_pci);
	free(d->items);
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

// A word and a number of at most four digits behind it.
static bool take_number(const char **at, const char *word, unsigned *ret)
{
	size_t len = strlen(word);
	if (strncmp(*at, word, len) != 0)
		return false;
	const char *p = *at + len;
	size_t digits = strspn(p, "0123456789");
	*ret = 0;
	for (size_t i = 0; i < digits && digits <= 4; i++)
		*ret = 10 * *ret + (unsigned)(p[i] - '0');
	*at = p + digits;
	return digits >= 1 && digits <= 4;
}

// gpu3, gpu3.mig1: as our agent calls them.
static bool read_name(const char *name, struct device *ret)
{
	*ret = (struct device){.name = name};
	if (!take_number(&name, "gpu", &ret->gpu))
		return false;
	ret->is_part = *name != '\0';
	return !ret->is_part || (take_number(&name, ".mig", &ret->part) && *name == '\0');
}

static int by_place(const void *a, const void *b)
{
	const struct device *x = a;
	const struct device *y = b;
	if (x->gpu != y->gpu)
		return x->gpu < y->gpu ? -1 : 1;
	if (x->is_part != y->is_part)
		return x->is_part ? 1 : -1;
	return (x->part > y->part) - (x->part < y->part);
}

// What Slurm counts: devices and, of those in parts, the parts; a device in parts is nobody's as a whole.
static void note_devices(struct devices *d, const struct domain *all)
{
	if (d->domain == all && d->n_rows == all->n)
		return;
	d->domain = all;
	d->n_rows = all->n;
	d->items = memory_resize(d->items, all->n + 1, sizeof(*d->items));
	size_t n = 0;
	for (size_t i = 0; i < all->n; i++)
		n += read_name(all->names[i], &d->items[n]);
	if (n)
		qsort(d->items, n, sizeof(*d->items), by_place);
	d->n = 0;
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || d->items[i].is_part || d->items[i + 1].gpu != d->items[i].gpu)
			d->items[d->n++] = d->items[i];
}

// The device of a minor number.
static const char *whole(struct devices *d, unsigned gpu)
{
	if (d->domain == NULL)
		return arena_printf(&d->arena, "gpu%u", gpu);
	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].gpu == gpu && !d->items[i].is_part)
			return d->items[i].name;
	return NULL;
}

static const char *nth(struct devices *d, unsigned n)
{
	if (d->domain == NULL)
		return whole(d, n);
	return n < d->n ? d->items[n].name : NULL;
}

// NULL: nobody knows which it is.
static const char *find(struct devices *d, const char *word)
{
	static const struct {
		const char *word;
		unsigned first;
		const char *(*find)(struct devices *d, unsigned n);
	} forms[] = {{"nvidia", 0, whole}, {"renderD", 128, whole}, {"gpu", 0, nth}};
	const char *name = map_get(&d->by_pci, word);
	if (name)
		return name[0] ? name : NULL;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		const char *at = word;
		unsigned n = 0;
		if (take_number(&at, forms[i].word, &n) && *at == '\0' && n >= forms[i].first)
			return forms[i].find(d, n - forms[i].first);
	}
	uint32_t row = d->domain ? domain_find(d->domain, word) : NO_ROW;
	return row != NO_ROW ? d->domain->names[row] : NULL;
}

static void give_to_all(const struct learning *l, const char *job, const char *device)
{
	for (size_t k = 0; device && k < l->n; k++) {
		struct task *t = l->tasks[k];
		if (cgroup_is_job_itself(job, t->job->key.raw_id, t->sluid))
			give(l, t, device);
	}
}

#define GIVEN_MAX 256 // by one range

// gpu:a100:2(IDX:0,2-3), from its list on.
static void from_indexes(
	struct devices *d, const struct learning *l, const char *job, const char *list)
{
	unsigned first = 0;
	unsigned last = 0;
	for (const char *at = list; take_number(&at, "", &first); at++) {
		last = first;
		if (*at == '-' && !take_number(&at, "-", &last))
			return;
		for (unsigned n = first; n <= last && n < first + GIVEN_MAX; n++)
			give_to_all(l, job, nth(d, n));
		if (*at != ',')
			return;
	}
}

// Words with blanks between.
static void from_list(
	struct devices *d, const struct learning *l, const char *job, struct bytes text)
{
	static const char indexes[] = "(IDX:";
	AUTO_FREE char *list = memory_alloc(text.len + 1, 1);
	memcpy(list, text.data, text.len);
	for (char *at = list; *at;) {
		size_t len = strcspn(at, " ");
		char *next = at + len + (at[len] == ' ');
		at[len] = '\0';
		const char *numbers = strstr(at, indexes);
		if (numbers)
			from_indexes(d, l, job, numbers + strlen(indexes));
		else
			give_to_all(l, job, find(d, at));
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
		if (b->has[order[k]] && order[k] != BINDING_GIVEN)
			note_devices(d, ids->domain);
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
