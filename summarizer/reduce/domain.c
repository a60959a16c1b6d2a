// SPDX-License-Identifier: Apache-2.0
// Instances: names to rows, ids to rows.
#include "summarizer/reduce/domain.h"

#include <stdlib.h>

#include "common/memory.h"

void domain_init(struct domain *d, uint32_t number)
{
	*d = (struct domain){.number = number};
	if (number != ARCHIVE_NO_INDOM)
		return;
	d->names = memory_alloc(1, sizeof(*d->names));
	d->names[0] = "";
	d->n = d->room = 1;
}

void domain_release(struct domain *d)
{
	free(d->names);
	map_release(&d->rows);
	*d = (struct domain){0};
}

uint32_t domain_find(const struct domain *d, const char *name)
{
	uintptr_t at = (uintptr_t)map_get(&d->rows, name);
	return at ? (uint32_t)(at - 1) : NO_ROW;
}

size_t domain_row(struct domain *d, struct arena *a, const char *name)
{
	uint32_t row = domain_find(d, name);
	if (row != NO_ROW)
		return row;
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 16;
		d->names = memory_resize(d->names, d->room, sizeof(*d->names));
	}
	d->names[d->n] = arena_strdup(a, name);
	map_put(&d->rows, d->names[d->n],
		(void *)(uintptr_t)(d->n +
				    1)); // NOLINT(performance-no-int-to-ptr): a number, not an address
	return d->n++;
}

void id_map_release(struct id_map *m)
{
	free(m->slots);
	*m = (struct id_map){0};
}

static size_t slot_of(const struct id_map *m, int32_t id)
{
	size_t at = ((uint32_t)id * 2654435761u) & (m->n_slots - 1);
	while (m->slots[at].is_used && m->slots[at].id != id)
		at = (at + 1) & (m->n_slots - 1);
	return at;
}

static void put(struct id_map *m, int32_t id, uint32_t row)
{
	if (2 * (m->n_used + 1) > m->n_slots) {
		struct id_slot *old = m->slots;
		size_t n = m->n_slots;
		m->n_slots = n ? 2 * n : 64;
		m->slots = memory_alloc(m->n_slots, sizeof(*m->slots));
		for (size_t i = 0; i < n; i++)
			if (old[i].is_used)
				m->slots[slot_of(m, old[i].id)] = old[i];
		free(old);
	}
	struct id_slot *s = &m->slots[slot_of(m, id)];
	m->n_used += !s->is_used;
	*s = (struct id_slot){.id = id, .row = row, .is_used = true};
}

void id_map_apply(struct id_map *m, const struct archive_indom *d, struct arena *a)
{
	m->version++;
	if (!d->is_delta && m->n_slots) {
		memset(m->slots, 0, m->n_slots * sizeof(*m->slots));
		m->n_used = 0;
	}
	for (uint32_t i = 0; i < d->n; i++) {
		int32_t id = 0;
		const char *name = NULL;
		int rc = archive_instance(d, i, &id, &name);
		if (rc > 0)
			put(m, id, (uint32_t)domain_row(m->domain, a, name));
		else if (rc == 0)
			put(m, id, NO_ROW);
	}
}

uint32_t id_map_row(const struct id_map *m, int32_t id)
{
	if (m->n_slots == 0)
		return m->domain->number == ARCHIVE_NO_INDOM ? 0 : NO_ROW;
	const struct id_slot *s = &m->slots[slot_of(m, id)];
	return s->is_used ? s->row : NO_ROW;
}
