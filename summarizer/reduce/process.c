// SPDX-License-Identifier: Apache-2.0
// Following the texts of processes from record to record.
#include "summarizer/reduce/process.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "summarizer/reduce/cores.h"

static struct process_table *table_of(struct process_tables *x, const struct domain *d)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->items[i]->domain == d)
			return x->items[i];
	x->items = memory_resize(x->items, x->n + 1, sizeof(void *));
	struct process_table *t = memory_alloc(1, sizeof(*t));
	t->domain = d;
	x->items[x->n++] = t;
	return t;
}

static void make_room(struct process_table *t, size_t n_now)
{
	size_t n = t->domain->n;
	if (n > t->n) {
		n = n < 2 * t->n ? 2 * t->n : n;
		t->rows = memory_resize(t->rows, n, sizeof(*t->rows));
		memset(t->rows + t->n, 0, (n - t->n) * sizeof(*t->rows));
		t->n = n;
	}
	if (n_now > t->room) {
		t->now = memory_resize(t->now, n_now, sizeof(*t->now));
		t->room = n_now;
	}
	t->n_now = 0;
}

static bool is_same(const char *text, size_t n, struct bytes b)
{
	return text && n == b.len && memcmp(text, b.data, n) == 0;
}

struct process_table *process_look(
	struct process_tables *x, const struct binding_record *b, const struct archive_record *r)
{
	if (!b->has[BINDING_CGROUPS])
		return NULL;
	const struct archive_set *groups = &b->sets[BINDING_CGROUPS];
	const struct archive_set *users = &b->sets[BINDING_USER];
	const struct id_map *ids = b->ids[BINDING_CGROUPS];
	struct process_table *t = table_of(x, ids->domain);
	make_room(t, (size_t)groups->n);
	for (int32_t i = 0; i < groups->n; i++) {
		int32_t id = archive_value_instance(groups, i);
		struct process_now *p = &t->now[t->n_now];
		*p = (struct process_now){.row = id_map_row(ids, id), .place = i};
		if (p->row == NO_ROW || !binding_text(r, groups, i, &p->groups))
			continue;
		int32_t at = b->has[BINDING_USER] ? binding_place(users, i, id) : -1;
		if (at >= 0)
			(void)binding_text(r, users, at, &p->user);
		const struct process *old = &t->rows[p->row];
		p->is_new = !is_same(old->groups, old->n_groups, p->groups) ||
		            (p->user.data && !is_same(old->user, old->n_user, p->user));
		t->n_now++;
	}
	return t;
}

static void take(char **text, size_t *n, struct bytes from)
{
	*text = memory_resize(*text, from.len + 1, 1);
	memcpy(*text, from.data, from.len);
	(*text)[from.len] = '\0';
	*n = from.len;
}

static void find_job(struct process *p)
{
	const char *at = p->groups;
	const char *end = at + p->n_groups;
	uint64_t other = 0;
	p->has_more = false;
	if (!cgroup_next_job(&at, end, &p->job))
		p->job = 0;
	else
		while (!p->has_more && cgroup_next_job(&at, end, &other))
			p->has_more = other != p->job;
}

void process_accept(struct process_table *t)
{
	for (size_t i = 0; i < t->n_now; i++) {
		const struct process_now *now = &t->now[i];
		struct process *p = &t->rows[now->row];
		if (!now->is_new)
			continue;
		take(&p->groups, &p->n_groups, now->groups);
		if (now->user.data)
			take(&p->user, &p->n_user, now->user);
		find_job(p);
	}
}

static void release(struct process_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->rows[i].groups);
		free(t->rows[i].user);
	}
	free(t->rows);
	free(t->now);
	free(t);
}

void process_tables_release(struct process_tables *x)
{
	for (size_t i = 0; i < x->n; i++)
		release(x->items[i]);
	free(x->items);
	*x = (struct process_tables){0};
}
