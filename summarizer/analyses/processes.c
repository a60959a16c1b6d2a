// SPDX-License-Identifier: Apache-2.0
// What a job ran: the command lines of its processes by how often they were seen, and the cores that
// are its own on each node. A process in the job's control group is the job's; one of its user in no
// job's group may be. SUPReMM: Proc.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/map.h"
#include "common/memory.h"
#include "summarizer/analyses/rows.h"

#define LIST_MAX     150 // command lines in a document
#define COMMAND_MAX  1024
#define ERROR_NO_CPU 1 // SUPReMM: raw counter unavailable

struct process { // of a row of the instance domain
	char *groups;
	size_t n_groups;
	char *user;
	size_t n_user;
	uint64_t job; // of its control group; 0: none
};

struct host {
	struct process *processes;
	size_t n;
	const struct domain *domain;
};

struct seen {
	uint32_t inside, outside; // samples in the job's group, in no job's
};

struct own {
	struct seen *seen; // by row
	size_t n;
	bool is_asked; // there were processes to look at
};

static void *open_host(void)
{
	return memory_alloc(1, sizeof(struct host));
}

static void close_host(void *state)
{
	struct host *h = state;
	for (size_t i = 0; i < h->n; i++) {
		free(h->processes[i].groups);
		free(h->processes[i].user);
	}
	free(h->processes);
	free(h);
}

static void release_own(void *state)
{
	struct own *o = state;
	free(o->seen);
}

static void *wider(void *old, size_t *n, size_t want, size_t size)
{
	if (want <= *n)
		return old;
	size_t room = want < 2 * *n ? 2 * *n : want;
	char *p = memory_resize(old, room, size);
	memset(p + *n * size, 0, (room - *n) * size);
	*n = room;
	return p;
}

// Takes a text over; false: it is as it was.
static bool take_over(char **text, size_t *n, struct bytes from)
{
	if (*text && *n == from.len && memcmp(*text, from.data, from.len) == 0)
		return false;
	*text = memory_resize(*text, from.len + 1, 1);
	memcpy(*text, from.data, from.len);
	(*text)[from.len] = '\0';
	*n = from.len;
	return true;
}

static void note_process(struct process *p, struct bytes groups, struct bytes user)
{
	if (user.data)
		(void)take_over(&p->user, &p->n_user, user);
	if (!take_over(&p->groups, &p->n_groups, groups))
		return;
	const char *at = p->groups;
	if (!cgroup_next_job(&at, p->groups + p->n_groups, &p->job))
		p->job = 0;
}

static void count_for(
	struct own *o, const struct task *t, const struct process *p, uint32_t row, size_t n_rows)
{
	bool is_inside = p->job == t->job->key.raw_id ||
	                 (*t->sluid && cgroup_names(p->groups, p->n_groups, t->sluid));
	if (!is_inside && (p->job || p->user == NULL))
		return;
	if (p->user && strcmp(p->user, t->job->user) != 0)
		return;
	o->seen = wider(o->seen, &o->n, n_rows, sizeof(*o->seen));
	o->seen[row].inside += is_inside;
	o->seen[row].outside += !is_inside;
}

static void texts(void *state, const struct analysis_sample *s, const struct binding_record *b,
	const struct archive_record *r)
{
	struct host *h = state;
	if (!b->has[BINDING_CGROUPS])
		return;
	const struct archive_set *groups = &b->sets[BINDING_CGROUPS];
	const struct id_map *ids = b->ids[BINDING_CGROUPS];
	if (h->domain && h->domain != ids->domain)
		return; // hot processes beside all of them: one of both is enough
	h->domain = ids->domain;
	h->processes = wider(h->processes, &h->n, ids->domain->n, sizeof(*h->processes));
	for (size_t k = 0; k < s->n_tasks; k++)
		((struct own *)analysis_own(s, k))->is_asked |=
			s->now_ns >= s->tasks[k]->begin_ns &&
			s->now_ns <= task_window_end(s->tasks[k]);
	for (int32_t i = 0; i < groups->n; i++) {
		int32_t id = archive_value_instance(groups, i);
		uint32_t row = id_map_row(ids, id);
		struct bytes user = {0};
		struct bytes text;
		if (row == NO_ROW || !binding_text(r, groups, i, &text))
			continue;
		if (b->has[BINDING_USER]) {
			const struct archive_set *users = &b->sets[BINDING_USER];
			int32_t at = binding_place(users, i, id);
			if (at >= 0)
				(void)binding_text(r, users, at, &user);
		}
		note_process(&h->processes[row], text, user);
		for (size_t k = 0; k < s->n_tasks; k++)
			if (s->now_ns >= s->tasks[k]->begin_ns &&
				s->now_ns <= task_window_end(s->tasks[k]))
				count_for(analysis_own(s, k), s->tasks[k], &h->processes[row], row,
					ids->domain->n);
	}
}

// "001234 /bin/sleep 10": what follows the number.
static const char *command_of(const char *name)
{
	const char *p = name;
	while (isdigit((unsigned char)*p))
		p++;
	return p > name && *p == ' ' ? p + 1 : name;
}

static void put_command(struct strbuf *to, const char *command)
{
	char buf[COMMAND_MAX + 1];
	size_t n = strnlen(command, COMMAND_MAX);
	memcpy(buf, command, n);
	buf[n] = '\0';
	partial_put_text(to, buf);
}

// text cores, u64 n, n times {text command, u64 inside, u64 outside}; nothing when nobody looked.
static void write(void *state, const struct analysis_end *e, struct strbuf *to)
{
	const struct host *h = state;
	const struct own *o = e->own;
	CLEANUP(strbuf_release) struct strbuf commands = {0};
	char cores[4 * CORES_MAX + 1];
	uint64_t n = 0;
	if (!o->is_asked && e->task->cores.n == 0)
		return;
	for (size_t i = 0; i < o->n && i < h->domain->n; i++) {
		if (o->seen[i].inside + o->seen[i].outside == 0)
			continue;
		put_command(&commands, command_of(h->domain->names[i]));
		partial_put_u64(&commands, o->seen[i].inside);
		partial_put_u64(&commands, o->seen[i].outside);
		n++;
	}
	core_set_list(&e->task->cores, cores, sizeof(cores));
	partial_put_text(to, cores);
	partial_put_u64(to, n);
	strbuf_add(to, strbuf_text(&commands), commands.len);
}

struct command {
	const char *text;
	uint64_t inside, outside;
};

struct commands {
	struct command *items;
	size_t n, room;
	struct map by_text; // to place + 1
};

static struct command *command_at(struct commands *c, const char *text)
{
	uintptr_t at = (uintptr_t)map_get(&c->by_text, text);
	if (at)
		return &c->items[at - 1];
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 64;
		c->items = memory_resize(c->items, c->room, sizeof(*c->items));
	}
	c->items[c->n++] = (struct command){.text = text};
	// NOLINTNEXTLINE(performance-no-int-to-ptr): a number, not an address
	map_put(&c->by_text, text, (void *)(uintptr_t)c->n);
	return &c->items[c->n - 1];
}

static int by_inside(const void *a, const void *b)
{
	const struct command *x = a;
	const struct command *y = b;
	if (x->inside != y->inside)
		return x->inside > y->inside ? -1 : 1;
	return strcmp(x->text, y->text);
}

static int by_outside(const void *a, const void *b)
{
	const struct command *x = a;
	const struct command *y = b;
	if (x->outside != y->outside)
		return x->outside > y->outside ? -1 : 1;
	return strcmp(x->text, y->text);
}

static void put_list(
	const struct analysis_merge *m, struct doc *to, const struct commands *c, bool is_inside)
{
	struct doc *list = doc_array(m->arena);
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		if ((is_inside ? c->items[i].inside : c->items[i].outside) == 0)
			continue;
		if (n++ < LIST_MAX)
			doc_put_text(list, m->arena, NULL, c->items[i].text);
	}
	doc_put(to, m->arena, is_inside ? "constrained" : "unconstrained", list);
	if (n > LIST_MAX)
		doc_put_text(to, m->arena, "error",
			arena_printf(m->arena, "the %d most frequent of %zu command lines",
				LIST_MAX, n));
}

static void put_cores(
	const struct analysis_merge *m, struct doc *to, size_t node, const char *cores)
{
	struct doc *d = doc_at(to, m->arena, arena_printf(m->arena, "cpusallowed.node%zu", node));
	doc_put_text(d, m->arena, "node", m->job->hosts.hosts[node]);
	if (*cores)
		doc_put_text(d, m->arena, "cpu_list", cores);
	else
		doc_put_int(d, m->arena, "error", ERROR_NO_CPU);
}

static void merge(const struct analysis_merge *m)
{
	struct commands all = {0};
	struct doc *to = NULL;
	for (size_t i = 0; i < m->n; i++) {
		struct partial_reader *r = &m->readers[i];
		if (r->bytes.len == 0)
			continue;
		to = doc_at(m->root, m->arena, "procDump");
		put_cores(m, to, i, partial_text(r));
		for (uint64_t n = partial_u64(r); n && !r->is_bad; n--) {
			struct command *c = command_at(&all, partial_text(r));
			c->inside += partial_u64(r);
			c->outside += partial_u64(r);
		}
	}
	if (to) {
		if (all.n)
			qsort(all.items, all.n, sizeof(*all.items), by_inside);
		put_list(m, to, &all, true);
		if (all.n)
			qsort(all.items, all.n, sizeof(*all.items), by_outside);
		put_list(m, to, &all, false);
	}
	map_release(&all.by_text);
	free(all.items);
}

const struct analysis analysis_processes = {
	.name = "processes",
	.open = open_host,
	.close = close_host,
	.own_size = sizeof(struct own),
	.release = release_own,
	.texts = texts,
	.write = write,
	.merge = merge,
};
