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

struct seen {
	uint32_t inside, outside; // samples in the job's group, in no job's
};

struct own {
	struct seen *seen; // by row
	size_t n;
	bool is_asked; // there were processes to look at
};

// Processes change seldom, so samples are counted once for all jobs of a time, and given to those that
// they are of when one of them, or the jobs, are others.
struct host {
	const struct process_table *table;
	uint32_t *pending; // samples of each row
	size_t n;
	struct now { // jobs of this time
		const struct task *task;
		struct own *own;
	} * now;
	size_t n_now, room;
	unsigned turn;
	int64_t until_ns;
};

static void *open_host(void)
{
	return memory_alloc(1, sizeof(struct host));
}

static void close_host(void *state)
{
	struct host *h = state;
	free(h->pending);
	free(h->now);
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

static void count_for(const struct now *now, const struct process *p, uint32_t row, size_t n_rows,
	uint32_t samples)
{
	const struct task *t = now->task;
	struct own *o = now->own;
	bool is_inside = p->job == t->job->key.raw_id ||
	                 (*t->sluid && cgroup_names(p->groups, p->n_groups, t->sluid));
	if (!is_inside && (p->job || p->user == NULL))
		return;
	if (p->user && strcmp(p->user, t->job->user) != 0)
		return;
	o->seen = wider(o->seen, &o->n, n_rows, sizeof(*o->seen));
	o->seen[row].inside += is_inside ? samples : 0;
	o->seen[row].outside += is_inside ? 0 : samples;
}

static void settle_row(struct host *h, uint32_t row)
{
	uint32_t samples = h->pending[row];
	h->pending[row] = 0;
	for (size_t k = 0; samples && k < h->n_now; k++)
		count_for(&h->now[k], &h->table->rows[row], row, h->table->domain->n, samples);
}

static void settle(struct host *h)
{
	for (size_t row = 0; row < h->n; row++)
		settle_row(h, (uint32_t)row);
	h->n_now = 0;
	h->turn = 0;
}

// Which jobs samples are of from now on, and for how long.
static void find_now(struct host *h, const struct analysis_sample *s)
{
	h->turn = s->turn;
	h->until_ns = INT64_MAX;
	h->now = wider(h->now, &h->room, s->n_tasks, sizeof(*h->now));
	for (size_t k = 0; k < s->n_tasks; k++) {
		const struct task *t = s->tasks[k];
		int64_t end_ns = task_window_end(t);
		if (s->now_ns > end_ns)
			continue;
		if (s->now_ns < t->begin_ns) {
			h->until_ns = s->now_ns;
			continue;
		}
		h->until_ns = end_ns < h->until_ns ? end_ns : h->until_ns;
		h->now[h->n_now] = (struct now){t, analysis_own(s, k)};
		h->now[h->n_now++].own->is_asked = true;
	}
}

static void processes(void *state, const struct analysis_sample *s, const struct process_table *p)
{
	struct host *h = state;
	if (h->table && h->table != p)
		return; // hot processes beside all of them: one of both is enough
	h->table = p;
	if (h->turn != s->turn || s->now_ns > h->until_ns) {
		settle(h);
		find_now(h, s);
	}
	h->pending = wider(h->pending, &h->n, p->n, sizeof(*h->pending));
	for (size_t i = 0; i < p->n_now; i++) {
		if (p->now[i].is_new)
			settle_row(h, p->now[i].row);
		h->pending[p->now[i].row]++;
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
	struct host *h = state;
	const struct own *o = e->own;
	CLEANUP(strbuf_release) struct strbuf commands = {0};
	char cores[4 * CORES_MAX + 1];
	uint64_t n = 0;
	settle(h);
	if (!o->is_asked && e->task->cores.n == 0)
		return;
	for (size_t i = 0; i < o->n && i < h->table->domain->n; i++) {
		if (o->seen[i].inside + o->seen[i].outside == 0)
			continue;
		put_command(&commands, command_of(h->table->domain->names[i]));
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
	.processes = processes,
	.write = write,
	.merge = merge,
};
