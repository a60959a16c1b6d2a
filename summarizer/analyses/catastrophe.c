// SPDX-License-Identifier: Apache-2.0
// Whether a job fell over: the least ratio of what the cores did after a moment to what they did
// before, over all moments and hosts. Done is what the first level of caches had to fetch. 1 is steady
// work, near 0 work that stopped. SUPReMM: Catastrophe, TaccCatastrophe.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "summarizer/analyses/history.h"
#include "summarizer/analyses/rows.h"

#define SKIP        2 // samples left out at either end: start-up and clean-up
#define ERROR_NONE  1 // SUPReMM: raw counter unavailable
#define ERROR_SHORT 2 // SUPReMM: job too short
#define ERROR_FELL  6 // SUPReMM: PMDA restarted

// The first of these that a host has; the last two say whether the counters before ran.
static const char *const inputs[] = {
	"perfevent.hwcounters.MEM_LOAD_RETIRED_L1D_HIT.value",
	"perfevent.hwcounters.L1D_REPLACEMENT.value",
	"perfevent.hwcounters.L1D_REPL.value",
	"perfevent.hwcounters.DATA_CACHE_MISSES_DC_MISS_STREAMING_STORE.value",
	"taccstats_perfevent.hwcounters.MEM_LOAD_RETIRED_L1D_HIT.value",
	"taccstats_perfevent.hwcounters.L1D_REPLACEMENT.value",
	"taccstats_perfevent.hwcounters.L1D_REPL.value",
	"taccstats_perfevent.hwcounters.DATA_CACHE_MISSES_DC_MISS_STREAMING_STORE.value",
	"pmu.l1.misses",
	"perfevent.active",
};
#define N_COUNTERS (ARRAY_LEN(inputs) - 1)
#define N_GATED    4 // counters that perfevent.active is about
#define ACTIVE     (ARRAY_LEN(inputs) - 1)

struct host {
	struct history counters[N_COUNTERS];
	int64_t *idle_ns; // when perfevent was not active
	size_t n_idle, room;
};

static void *open_host(void)
{
	return memory_alloc(1, sizeof(struct host));
}

static void close_host(void *state)
{
	struct host *h = state;
	for (size_t i = 0; i < N_COUNTERS; i++)
		history_release(&h->counters[i]);
	free(h->idle_ns);
	free(h);
}

static void note_idle(struct host *h, const struct track *active)
{
	if (active->n_present == 0 || active->cells[active->present[0]].value != 0)
		return;
	if (h->n_idle == h->room) {
		h->room = h->room ? 2 * h->room : 64;
		h->idle_ns = memory_resize(h->idle_ns, h->room, sizeof(*h->idle_ns));
	}
	h->idle_ns[h->n_idle++] = active->time_ns;
}

static void sample(void *state, const struct analysis_sample *s)
{
	struct host *h = state;
	for (size_t i = 0; i < N_COUNTERS; i++)
		if (s->inputs[i]->epoch.run && s->inputs[i]->time_ns == s->now_ns)
			history_add(&h->counters[i], s->inputs[i]);
	if (s->inputs[ACTIVE]->epoch.run && s->inputs[ACTIVE]->time_ns == s->now_ns)
		note_idle(h, s->inputs[ACTIVE]);
}

static bool was_idle(const struct host *h, const struct task *t)
{
	for (size_t i = 0; i < h->n_idle; i++)
		if (h->idle_ns[i] >= t->begin_ns && h->idle_ns[i] <= task_window_end(t))
			return true;
	return false;
}

static double rate(const struct history_point *from, const struct history_point *to)
{
	return (to->total - from->total) /
	       ((double)(to->time_ns - from->time_ns) / (double)NS_PER_S);
}

// 0 and the least ratio; or an error.
static int least_ratio(const struct history_point *p, size_t n, double *ret)
{
	*ret = NAN;
	if (n < 2 * SKIP + 3)
		return ERROR_SHORT;
	const struct history_point *start = &p[SKIP];
	const struct history_point *end = &p[n - SKIP];
	for (size_t i = 1; i < n; i++)
		if (!p[i].is_joined)
			return ERROR_FELL;
	for (const struct history_point *at = start + 1; at <= end - 2; at++) {
		double before = rate(start, at);
		if (before > 0)
			*ret = fmin(isnan(*ret) ? INFINITY : *ret, rate(at, end) / before);
	}
	return isnan(*ret) ? ERROR_NONE : 0;
}

// u64 error, double ratio; nothing when the host has no such counter.
static void write(void *state, const struct analysis_end *e, struct strbuf *to)
{
	struct host *h = state;
	for (size_t i = 0; i < N_COUNTERS; i++) {
		size_t n = 0;
		double ratio = NAN;
		const struct history_point *p = history_of(&h->counters[i], e->task, &n);
		if (n == 0)
			continue;
		int error = least_ratio(p, n, &ratio);
		if (i < N_GATED && was_idle(h, e->task))
			error = ERROR_NONE;
		partial_put_u64(to, (uint64_t)error);
		partial_put_double(to, ratio);
		return;
	}
}

static void merge(const struct analysis_merge *m)
{
	double least = INFINITY;
	uint64_t error = 0;
	for (size_t i = 0; i < m->n; i++) {
		if (m->readers[i].bytes.len == 0)
			continue;
		uint64_t e = partial_u64(&m->readers[i]);
		double ratio = partial_double(&m->readers[i]);
		error = error ? error : e;
		least = e ? least : fmin(least, ratio);
	}
	struct doc *d = doc_at(m->root, m->arena, "catastrophe");
	if (error == 0 && isfinite(least))
		doc_put_double(d, m->arena, "value", least);
	else
		doc_put_int(d, m->arena, "error", error ? (int64_t)error : ERROR_NONE);
}

const struct analysis analysis_catastrophe = {
	.name = "catastrophe",
	.inputs = inputs,
	.n_inputs = ARRAY_LEN(inputs),
	.open = open_host,
	.close = close_host,
	.sample = sample,
	.write = write,
	.merge = merge,
};
