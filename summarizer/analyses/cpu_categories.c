// SPDX-License-Identifier: Apache-2.0
// How a job used its cores: for each the share of time in which it was busy in user code for more
// than half of a step, how many were busy at the same time at most, and what kind of use that is.
// SUPReMM: CpuCategories.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "summarizer/analyses/rows.h"

#define BUSY        0.5 // share of a step from which on a core counts as busy
#define NEVER       0.1 // duty cycle below which a core was not used
#define ALIKE       0.1 // most that duty cycles of pinned processes differ
#define LEAST_STEPS 5
#define ERROR_FEW   3 // SUPReMM: too few data points

static const char *const inputs[] = {
	"kernel.percpu.cpu.user",
	"kernel.percpu.cpu.nice",
	"kernel.percpu.cpu.sys",
	"kernel.percpu.cpu.idle",
	"kernel.percpu.cpu.wait.total",
	"kernel.percpu.cpu.intr",
	"kernel.percpu.cpu.irq.soft",
	"kernel.percpu.cpu.irq.hard",
};

// Running figures of a host: what a job had is the difference of two moments.
struct core {
	int64_t busy_ns, total_ns;
	double share; // of the last step
};

struct host {
	struct core *cores; // by row
	size_t n;
	uint64_t steps;
	double sum; // of the shares of all
};

struct own {                         // of a job
	struct core *before, *after; // its first and last sample
	size_t n_before, n_after;
	uint64_t steps_before, steps_after;
	uint32_t *rows; // of its cores
	size_t n_rows;
	unsigned n_known; // of them when rows was made
	double most;
	bool is_open, is_closed;
};

static void *open_host(void)
{
	return memory_alloc(1, sizeof(struct host));
}

static void close_host(void *state)
{
	struct host *h = state;
	free(h->cores);
	free(h);
}

static void release_own(void *state)
{
	struct own *o = state;
	free(o->before);
	free(o->after);
	free(o->rows);
}

static bool all_have_a_step(const struct analysis_sample *s)
{
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		const struct track *x = s->inputs[i];
		if (x->time_ns != s->now_ns || !x->has_step || x->domain != s->inputs[0]->domain)
			return false;
	}
	return true;
}

static bool is_sampled(const struct analysis_sample *s)
{
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++)
		if (s->inputs[i]->epoch.run == 0 || s->inputs[i]->time_ns != s->now_ns)
			return false;
	return true;
}

// Adds the last step to the running figures.
static void count_step(struct host *h, const struct analysis_sample *s)
{
	const struct track *user = s->inputs[0];
	int64_t length = user->time_ns - user->before_ns;
	for (size_t i = 0; i < h->n; i++)
		h->cores[i].share = NAN;
	for (size_t i = 0; i < user->n_present; i++) {
		uint32_t row = user->present[i];
		double sum = 0;
		for (size_t k = 0; k < ARRAY_LEN(inputs); k++) {
			const struct track *x = s->inputs[k];
			bool has = row < x->n_cells && x->cells[row].sample == x->sample &&
			           x->cells[row].has_step;
			sum += has ? x->cells[row].step : NAN;
		}
		struct core *c = &h->cores[row];
		if (!(sum > 0))
			continue;
		c->share = user->cells[row].step / sum;
		c->total_ns += length;
		c->busy_ns += c->share > BUSY ? length : 0;
	}
	h->sum = 0;
	for (size_t i = 0; i < h->n; i++)
		h->sum += isnan(h->cores[i].share) ? 0 : h->cores[i].share;
	h->steps++;
}

static struct core *copy_cores(const struct host *h)
{
	struct core *c = memory_alloc(h->n + 1, sizeof(*c));
	if (h->n)
		memcpy(c, h->cores, h->n * sizeof(*c));
	return c;
}

static void close_own(const struct host *h, struct own *o)
{
	o->after = copy_cores(h);
	o->n_after = h->n;
	o->steps_after = h->steps;
	o->is_closed = true;
}

static bool is_own(const struct task *t, const struct domain *d, uint32_t row)
{
	return t->cores.n == 0 || core_set_has(&t->cores, core_number(d->names[row], row));
}

// Rows of the job's cores; of all while its own are not known.
static void find_rows(struct own *o, const struct task *t, const struct domain *d)
{
	if (o->rows && o->n_known == t->cores.n)
		return;
	if (o->n_known != t->cores.n)
		o->most = 0; // was of all cores
	free(o->rows);
	o->rows = memory_alloc(d->n + 1, sizeof(*o->rows));
	o->n_rows = 0;
	o->n_known = t->cores.n;
	for (uint32_t r = 0; r < d->n; r++)
		if (is_own(t, d, r))
			o->rows[o->n_rows++] = r;
}

static void note_most(const struct host *h, struct own *o)
{
	bool is_all = o->n_rows == h->n; // rows are in order: the sum is the same
	double sum = is_all ? h->sum : 0;
	for (size_t i = 0; i < o->n_rows && !is_all; i++) {
		double share = o->rows[i] < h->n ? h->cores[o->rows[i]].share : NAN;
		sum += isnan(share) ? 0 : share;
	}
	o->most = fmax(o->most, rint(sum));
}

static void sample(void *state, const struct analysis_sample *s)
{
	struct host *h = state;
	if (!is_sampled(s))
		return;
	const struct domain *d = s->inputs[0]->domain;
	if (d->n > h->n) {
		h->cores = memory_resize(h->cores, d->n, sizeof(*h->cores));
		memset(h->cores + h->n, 0, (d->n - h->n) * sizeof(*h->cores));
		h->n = d->n;
	}
	for (size_t i = 0; i < s->n_tasks; i++) {
		struct own *o = analysis_own(s, i);
		if (o->is_open && !o->is_closed && s->now_ns > task_window_end(s->tasks[i]))
			close_own(h, o);
	}
	bool has_step = all_have_a_step(s);
	if (has_step)
		count_step(h, s);
	for (size_t i = 0; i < s->n_tasks; i++) {
		struct own *o = analysis_own(s, i);
		if (o->is_open && !o->is_closed && has_step) {
			find_rows(o, s->tasks[i], d);
			note_most(h, o);
		}
		if (o->is_open || s->now_ns < s->tasks[i]->begin_ns ||
			s->now_ns > task_window_end(s->tasks[i]))
			continue;
		o->before = copy_cores(h);
		o->n_before = h->n;
		o->steps_before = h->steps;
		o->is_open = true;
	}
}

// u64 steps, double most, u64 n, n times {text core, double duty cycle}; nothing without samples.
static void write(void *state, const struct analysis_end *e, struct strbuf *to)
{
	struct own *o = e->own;
	if (!o->is_open)
		return;
	if (!o->is_closed)
		close_own(state, o);
	const struct domain *d = e->inputs[0]->domain;
	CLEANUP(strbuf_release) struct strbuf duties = {0};
	uint64_t n = 0;
	for (uint32_t r = 0; r < o->n_after; r++) {
		struct core before = r < o->n_before ? o->before[r] : (struct core){0};
		int64_t total = o->after[r].total_ns - before.total_ns;
		if (total <= 0 || !is_own(e->task, d, r))
			continue;
		partial_put_text(&duties, d->names[r]);
		partial_put_double(
			&duties, (double)(o->after[r].busy_ns - before.busy_ns) / (double)total);
		n++;
	}
	partial_put_u64(to, o->steps_after - o->steps_before);
	partial_put_double(to, o->most);
	partial_put_u64(to, n);
	strbuf_add(to, strbuf_text(&duties), duties.len);
}

struct duties { // of all cores of all hosts
	size_t n, n_idle, n_half;
	double least_used, most_used;
};

static void count_duty(struct duties *d, double duty)
{
	d->n++;
	d->n_half += duty < BUSY;
	d->n_idle += duty < NEVER;
	if (duty < NEVER)
		return;
	d->least_used = fmin(d->least_used, duty);
	d->most_used = fmax(d->most_used, duty);
}

static const char *category(const struct duties *d)
{
	size_t used = d->n - d->n_idle;
	if (d->n_half == 0)
		return "GOOD";
	if (used == 0)
		return "LOW";
	if (used > 1 ? d->most_used - d->least_used < ALIKE : d->most_used >= BUSY)
		return "PINNED";
	return "UNPINNED";
}

static void put_error(const struct analysis_merge *m, const char *path, int error)
{
	doc_put_int(doc_at(m->root, m->arena, path), m->arena, "error", error);
}

static void merge(const struct analysis_merge *m)
{
	struct duties all = {.least_used = INFINITY, .most_used = -INFINITY};
	struct doc *cycles = doc_object(m->arena);
	double most = 0;
	bool is_short = false;
	for (size_t i = 0; i < m->n; i++) {
		struct partial_reader *r = &m->readers[i];
		if (r->bytes.len == 0)
			continue;
		struct doc *node = doc_object(m->arena);
		is_short |= partial_u64(r) < LEAST_STEPS;
		most += partial_double(r);
		for (uint64_t n = partial_u64(r); n && !r->is_bad; n--) {
			const char *core = doc_key(m->arena, partial_text(r));
			double duty = partial_double(r);
			doc_put_double(node, m->arena, core, duty);
			count_duty(&all, duty);
		}
		doc_put(cycles, m->arena, doc_key(m->arena, m->job->hosts.hosts[i]), node);
	}
	if (all.n == 0 || is_short) {
		put_error(m, "cpucategories", ERROR_FEW);
		return;
	}
	struct doc *d = doc_at(m->root, m->arena, "cpucategories");
	doc_put_text(d, m->arena, "category", category(&all));
	doc_put(d, m->arena, "dutycycles", cycles);
	doc_put_double(d, m->arena, "maxcores", most);
}

const struct analysis analysis_cpu_categories = {
	.name = "cpucategories",
	.inputs = inputs,
	.n_inputs = ARRAY_LEN(inputs),
	.open = open_host,
	.close = close_host,
	.own_size = sizeof(struct own),
	.release = release_own,
	.sample = sample,
	.write = write,
	.merge = merge,
};
