// SPDX-License-Identifier: Apache-2.0
// Values of the hosts of a job → populations → statistics in the document.
#include "summarizer/merge.h"

#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "summarizer/reduce/statistics.h"

static void read_head(struct merge *m, size_t i)
{
	struct bytes b = m->request->partials[i];
	if (b.data == NULL || b.len < sizeof(m->heads[i]))
		return;
	memcpy(&m->heads[i], b.data, sizeof(m->heads[i]));
	m->readers[i] = (struct partial_reader){.bytes = b, .at = sizeof(m->heads[i])};
	m->damages[i] = partial_text(&m->readers[i]);
	m->gaps += m->heads[i].gaps;
	m->resets += m->heads[i].resets;
	m->begins += m->heads[i].has_begin;
	m->ends += m->heads[i].has_end;
	m->n_there += m->heads[i].n_archives > 0;
	m->reaches_end &= m->heads[i].reaches_end != 0;
}

// Whether accounting gave the job as many CPUs as its nodes have.
static bool owns_all(const struct merge *m)
{
	const struct job *job = m->request->job;
	uint64_t total = 0;
	bool all_known = true;
	bool all_equal = true;
	for (size_t i = 0; i < m->n; i++) {
		uint64_t n = m->heads[i].n_cores;
		total += n;
		all_known &= n > 0;
		all_equal &= n == 0 || n * m->n == job->cpus;
	}
	return total > 0 && (all_equal || (all_known && total == job->cpus));
}

static void find_ownership(struct merge *m)
{
	bool owner = owns_all(m);
	bool bound_all = true;
	bool known = true;
	bool any = false;
	for (size_t i = 0; i < m->n; i++) {
		const struct partial_head *h = &m->heads[i];
		if (h->n_archives == 0 || h->n_cores == 0)
			continue;
		any = true;
		bound_all &= h->n_bound == h->n_cores;
		known &= h->n_bound > 0;
	}
	m->is_exclusive = owner || !any || bound_all;
	m->knows_cores = owner || (any && known);
}

void merge_open(struct merge *m, const struct summary_request *q, struct arena *a)
{
	size_t n = q->job->hosts.n;
	*m = (struct merge){.request = q,
		.arena = a,
		.n = n,
		.heads = arena_array(a, n + 1, sizeof(*m->heads)),
		.readers = arena_array(a, n + 1, sizeof(*m->readers)),
		.damages = arena_array(a, n + 1, sizeof(*m->damages)),
		.reaches_end = true};
	for (size_t i = 0; i < n; i++)
		read_head(m, i);
	m->reaches_end &= m->n_there == n;
	find_ownership(m);
}

void merge_close(struct merge *m)
{
	arena_release(&m->scratch);
}

static bool is_there(const struct merge *m, size_t i)
{
	return m->heads[i].n_archives > 0;
}

void merge_coverage(struct merge *m, struct doc *to)
{
	const struct job *job = m->request->job;
	double wall = 0;
	for (size_t i = 0; i < m->n; i++)
		wall += is_there(m, i) ? (double)m->heads[i].wall_ns / (double)NS_PER_S
		                       : (double)(job->end_s - job->start_s);
	for (size_t k = 0; k < m->request->plan->n_metrics; k++) {
		const struct metric *x = m->request->plan->metrics[k].metric;
		uint64_t nodes = 0;
		uint64_t covered_ns = 0;
		for (size_t i = 0; i < m->n; i++) {
			if (!is_there(m, i))
				continue;
			uint64_t source = partial_u64(&m->readers[i]);
			uint64_t ns = partial_u64(&m->readers[i]);
			nodes += source > 0;
			covered_ns += ns;
		}
		if (nodes == 0)
			continue;
		struct doc *d = doc_at(to, m->arena, x->name);
		doc_put_int(d, m->arena, "nodes", (int64_t)nodes);
		if (wall > 0)
			doc_put_double(
				d, m->arena, "time", (double)covered_ns / (double)NS_PER_S / wall);
	}
}

struct population { // of one output, or of one device of it
	double *values;
	size_t n, room;
};

struct gathered {
	struct population all;
	struct map devices; // name to struct population, when kept apart
	size_t nodes;       // with values
	bool any_metric, any_short, any_reset;
	int guard;
};

static void add(struct merge *m, struct population *p, double v)
{
	if (p->n == p->room) {
		double *old = p->values;
		p->room = p->room ? 2 * p->room : 64;
		p->values = arena_array(&m->scratch, p->room, sizeof(*p->values));
		if (p->n)
			memcpy(p->values, old, p->n * sizeof(*old));
	}
	p->values[p->n++] = v;
}

static void add_device(struct merge *m, struct gathered *g, const char *name, double v)
{
	struct population *p = map_get(&g->devices, name);
	if (p == NULL) {
		p = arena_alloc(&m->scratch, sizeof(*p));
		map_put(&g->devices, arena_strdup(&m->scratch, name), p);
	}
	add(m, p, v);
}

static void gather(struct merge *m, const struct output *o, struct gathered *g)
{
	bool by_device = strchr(o->document, '*') != NULL;
	for (size_t i = 0; i < m->n; i++) {
		if (!is_there(m, i))
			continue;
		struct partial_reader *r = &m->readers[i];
		uint64_t failure = partial_u64(r);
		uint64_t guard = partial_u64(r);
		uint64_t n = partial_u64(r);
		g->any_metric |= failure != FAILURE_NONE + 1;
		g->any_short |= failure == FAILURE_SHORT + 1;
		g->any_reset |= failure == FAILURE_RESET + 1;
		g->nodes += n > 0;
		if (g->guard == 0)
			g->guard = (int)guard;
		for (uint64_t k = 0; k < n && !r->is_bad; k++) {
			const char *name = partial_text(r);
			double v = partial_double(r);
			add(m, &g->all, v);
			if (by_device)
				add_device(m, g, name, v);
		}
	}
}

// Whether what was measured is the job's own, or is asked for in spite.
static bool is_attributable(const struct merge *m, const struct output *o, const struct gathered *g)
{
	switch (o->over) {
	case SCOPE_JOB_CORE:
		return m->knows_cores;
	case SCOPE_CGROUP:
		return g->all.n > 0;
	case SCOPE_JOB_GPU:
		return m->is_exclusive || g->all.n == m->request->job->gpus;
	default:
		return m->is_exclusive || o->is_kept_shared;
	}
}

// The error that stands in the place of an output; 0: none.
static int failure_of(const struct merge *m, const struct output *o, const struct gathered *g)
{
	if (!g->any_metric)
		return o->error[FAILURE_NONE];
	if (!is_attributable(m, o, g))
		return o->error[FAILURE_UNBOUND];
	if (g->guard)
		return g->guard;
	if (g->all.n == 0)
		return o->error[g->any_reset ? FAILURE_RESET : FAILURE_SHORT];
	if (o->every_node && g->nodes < m->n)
		return o->error[FAILURE_PARTIAL];
	return 0;
}

// The parent of a path and its last word.
static struct doc *parent_of(
	struct merge *m, struct doc *root, const char *path, const char **ret_key)
{
	const char *dot = strrchr(path, '.');
	*ret_key = dot ? dot + 1 : path;
	if (dot == NULL)
		return root;
	return doc_at(root, m->arena, arena_strndup(m->arena, path, (size_t)(dot - path)));
}

static void put_population(struct merge *m, const struct output *o, struct population *p,
	struct doc *root, const char *path)
{
	struct statistics s = statistics_of(p->values, p->n);
	if (o->keep & STATISTIC_VALUE) {
		const char *key = NULL;
		struct doc *to = parent_of(m, root, path, &key);
		doc_put_double(to, m->arena, key, s.total);
		return;
	}
	statistics_put(&s, o->keep, doc_at(root, m->arena, path), m->arena);
}

// "block.*.read" and "sda" give "block.sda.read".
static const char *device_path(struct merge *m, const char *path, const char *name)
{
	const char *star = strchr(path, '*');
	return arena_printf(
		m->arena, "%.*s%s%s", (int)(star - path), path, doc_key(m->arena, name), star + 1);
}

static void put_error_at(struct merge *m, const char *path, struct doc *root, int error)
{
	if (path[0] != '\0' && doc_find(root, path) == NULL)
		doc_put_int(doc_at(root, m->arena, path), m->arena, "error", error);
}

struct group_error { // of a group of devices, that stands only where there is none of them
	struct group_error *next;
	const char *path;
	int error;
};

static void put_error(struct merge *m, const struct output *o, struct doc *root, int error)
{
	const char *star = strchr(o->document, '*');
	if (star == NULL) {
		put_error_at(m, o->document, root, error);
		return;
	}
	struct group_error **last = &m->group_errors;
	while (*last)
		last = &(*last)->next;
	*last = arena_alloc(m->arena, sizeof(**last));
	size_t len = star > o->document ? (size_t)(star - o->document - 1) : 0;
	(*last)->path = arena_strndup(m->arena, o->document, len);
	(*last)->error = error;
}

static void merge_output(struct merge *m, const struct output *o, struct doc *root)
{
	struct gathered g = {0};
	gather(m, o, &g);
	int error = failure_of(m, o, &g);
	if (error)
		put_error(m, o, root, error);
	else if (strchr(o->document, '*') == NULL)
		put_population(m, o, &g.all, root, o->document);
	for (size_t i = 0; error == 0 && i < g.devices.n; i++)
		put_population(m, o, g.devices.entries[i].value, root,
			device_path(m, o->document, g.devices.entries[i].key));
	map_release(&g.devices);
	arena_reset(&m->scratch);
}

void merge_outputs(struct merge *m, struct doc *root)
{
	for (size_t k = 0; k < m->request->plan->n_metrics; k++) {
		const struct metric *x = m->request->plan->metrics[k].metric;
		for (size_t i = 0; i < x->n_outputs; i++)
			merge_output(m, &x->outputs[i], root);
	}
	for (const struct group_error *e = m->group_errors; e; e = e->next)
		put_error_at(m, e->path, root, e->error);
}
