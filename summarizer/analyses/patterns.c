// SPDX-License-Identifier: Apache-2.0
// When in its life a job read and wrote its file systems: the mean rate of each quarter, and the
// period if it comes and goes regularly, as checkpoints do. SUPReMM: TimeseriesPatternsGpfs.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "summarizer/analyses/history.h"
#include "summarizer/analyses/period.h"
#include "summarizer/analyses/rows.h"
#include "summarizer/reduce/statistics.h"

#define SECTIONS      4
#define LEAST_WALL_S  600
#define LEAST_SAMPLES 21
#define LATE_S        60  // most that a quarter's first sample may lie after its begin
#define POINTS        256 // of the job's whole course, for periods
#define ERROR_FEW     3   // SUPReMM: too few data points
#define ERROR_SHORT   2   // SUPReMM: job too short

// What is looked at, by our agent or, where that has nothing to say, by PCP's.
enum { QUANTITIES = 4 };
static const char *const inputs[2 * QUANTITIES] = {
	"filesystems.gpfs.read.bytes",
	"filesystems.gpfs.write.bytes",
	"filesystems.lustre.read.bytes",
	"filesystems.lustre.write.bytes",
	"gpfs.fsios.read_bytes",
	"gpfs.fsios.write_bytes",
	"lustre.llite.read_bytes.total",
	"lustre.llite.write_bytes.total",
};
// In the document, whoever counted: SUPReMM's keys are PCP's names.
static const char *const paths[QUANTITIES] = {
	"timeseries_patterns_gpfs.gpfs-fsios-read_bytes",
	"timeseries_patterns_gpfs.gpfs-fsios-write_bytes",
	"timeseries_patterns_lustre.lustre-llite-read_bytes-total",
	"timeseries_patterns_lustre.lustre-llite-write_bytes-total",
};

struct host {
	struct history counters[ARRAY_LEN(inputs)];
};

static void *open_host(void)
{
	return memory_alloc(1, sizeof(struct host));
}

static void close_host(void *state)
{
	struct host *h = state;
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++)
		history_release(&h->counters[i]);
	free(h);
}

static void sample(void *state, const struct analysis_sample *s)
{
	struct host *h = state;
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++)
		if (s->inputs[i]->epoch.run && s->inputs[i]->time_ns == s->now_ns)
			history_add(&h->counters[i], s->inputs[i]);
}

// The mean rates of the quarters; false: the samples do not tell.
static bool section_rates(
	const struct history_point *p, size_t n, const struct task *t, double ret[SECTIONS])
{
	int64_t begin = t->job->start_s * NS_PER_S;
	int64_t end = t->job->end_s * NS_PER_S;
	int64_t from_ns = begin; // the first value stands for the job's begin
	double from = p[0].total;
	size_t at = 0;
	if (n < LEAST_SAMPLES)
		return false;
	for (int k = 1; k <= SECTIONS; k++) {
		int64_t edge = begin + (end - begin) / SECTIONS * k;
		while (at + 1 < n && (k == SECTIONS || p[at].time_ns < edge))
			at++;
		if (k < SECTIONS &&
			(p[at].time_ns < edge || p[at].time_ns > edge + LATE_S * NS_PER_S))
			return false;
		int64_t to_ns = k == SECTIONS ? end : p[at].time_ns;
		if (to_ns <= from_ns)
			return false;
		ret[k - 1] = (p[at].total - from) / ((double)(to_ns - from_ns) / (double)NS_PER_S);
		from_ns = to_ns;
		from = p[at].total;
	}
	return true;
}

// The counter at a moment, between its samples linearly.
static double total_at(const struct history_point *p, size_t n, size_t *at, int64_t time_ns)
{
	while (*at + 1 < n && p[*at + 1].time_ns <= time_ns)
		++*at;
	if (*at + 1 == n || time_ns <= p[*at].time_ns)
		return p[*at].total;
	double part =
		(double)(time_ns - p[*at].time_ns) / (double)(p[*at + 1].time_ns - p[*at].time_ns);
	return p[*at].total + part * (p[*at + 1].total - p[*at].total);
}

static void write_one(
	const struct history_point *p, size_t n, const struct task *t, struct strbuf *to)
{
	int64_t begin = t->job->start_s * NS_PER_S;
	int64_t end = t->job->end_s * NS_PER_S;
	double rates[SECTIONS] = {0};
	size_t at = 0;
	partial_put_u64(to, section_rates(p, n, t, rates));
	for (int k = 0; k < SECTIONS; k++)
		partial_put_double(to, rates[k]);
	double before = total_at(p, n, &at, begin);
	for (int k = 1; k <= POINTS; k++) {
		double now = total_at(p, n, &at, begin + (end - begin) / POINTS * k);
		partial_put_double(to, now - before);
		before = now;
	}
}

// For each quantity u64 samples; if there are any, u64 whether sections follow, 4 rates, and the
// course: increases over POINTS equal parts of the job.
static void write(void *state, const struct analysis_end *e, struct strbuf *to)
{
	struct host *h = state;
	const struct history_point *points[QUANTITIES];
	size_t n[QUANTITIES];
	size_t any = 0;
	for (size_t i = 0; i < QUANTITIES; i++) {
		points[i] = history_of(&h->counters[i], e->task, &n[i]);
		if (n[i] == 0)
			points[i] = history_of(&h->counters[QUANTITIES + i], e->task, &n[i]);
		any += n[i];
	}
	for (size_t i = 0; any && i < QUANTITIES; i++) {
		partial_put_u64(to, n[i]);
		if (n[i])
			write_one(points[i], n[i], e->task, to);
	}
}

struct input_merge {
	double *rates[SECTIONS]; // of each host
	size_t n, nodes;         // hosts with sections; hosts with the metric
	double course[POINTS];
};

static void read_input(struct partial_reader *r, struct input_merge *x)
{
	if (partial_u64(r) == 0)
		return;
	bool is_good = partial_u64(r) != 0;
	x->nodes++;
	for (int k = 0; k < SECTIONS; k++)
		x->rates[k][x->n] = partial_double(r);
	for (int k = 0; k < POINTS; k++) {
		double v = partial_double(r);
		x->course[k] += is_good ? v : 0;
	}
	x->n += is_good;
}

// What was moved between two points of the job's course.
static double area(const double *course, double from, double to)
{
	double sum = 0;
	for (size_t i = (size_t)from; i < POINTS && (double)i < to; i++) {
		double low = fmax((double)i, from);
		double high = fmin((double)i + 1, to);
		sum += course[i] * (high - low);
	}
	return sum;
}

// The bytes of each block of that length, one a period: their statistics and sum.
static double put_blocks(const struct analysis_merge *m, const struct input_merge *x, double shift,
	double length, double period, struct doc *to)
{
	double areas[POINTS];
	double sum = 0;
	size_t n = 0;
	for (int k = -1; n < POINTS && shift + k * period < POINTS; k++) {
		double from = fmax(shift + k * period, 0);
		double end = fmin(shift + k * period + length, POINTS);
		if (end <= from)
			continue;
		areas[n] = area(x->course, from, end);
		sum += areas[n++];
	}
	struct statistics s = statistics_of(areas, n);
	statistics_put(&s, STATISTIC_ALL, to, m->arena);
	doc_put_double(to, m->arena, "sum", sum);
	return sum;
}

static void put_period(const struct analysis_merge *m, const struct input_merge *x, struct doc *to)
{
	double width = (double)(m->job->end_s - m->job->start_s) / POINTS;
	struct period p;
	if (!period_find(x->course, POINTS, &p)) {
		struct doc *none = arena_alloc(m->arena, sizeof(*none));
		none->kind = DOC_NULL;
		doc_put(to, m->arena, "autoperiod", none);
		return;
	}
	struct doc *d = doc_at(to, m->arena, "autoperiod");
	doc_put_double(d, m->arena, "period", p.length * width);
	doc_put_double(d, m->arena, "phase_shift_guess", p.shift * width);
	double on = put_blocks(m, x, p.shift, p.on, p.length, doc_at(d, m->arena, "on_period"));
	double off = put_blocks(
		m, x, p.shift + p.on, p.length - p.on, p.length, doc_at(d, m->arena, "off_period"));
	doc_put_double(d, m->arena, "normalized_score", (on - off) / (on + off));
	doc_put_double(d, m->arena, "on_seconds", p.on * width);
}

static void put_sections(const struct analysis_merge *m, struct input_merge *x, struct doc *to)
{
	struct doc *sections = doc_array(m->arena);
	struct doc *times = doc_array(m->arena);
	for (int k = 0; k < SECTIONS; k++) {
		struct statistics s = statistics_of(x->rates[k], x->n);
		struct doc *d = doc_object(m->arena);
		statistics_put(&s, STATISTIC_ALL, d, m->arena);
		doc_put(sections, m->arena, NULL, d);
		doc_put_int(times, m->arena, NULL,
			m->job->start_s + (m->job->end_s - m->job->start_s) * k / SECTIONS);
	}
	doc_put(to, m->arena, "sections", sections);
	doc_put(to, m->arena, "section_start_timestamps", times);
	doc_put_int(to, m->arena, "nodes_used", (int64_t)x->n);
	put_period(m, x, to);
}

static void merge(const struct analysis_merge *m)
{
	struct input_merge all[QUANTITIES] = {0};
	int64_t wall_s = m->job->end_s - m->job->start_s;
	for (size_t i = 0; i < QUANTITIES; i++)
		for (int k = 0; k < SECTIONS; k++)
			all[i].rates[k] = arena_array(m->arena, m->n + 1, sizeof(double));
	for (size_t h = 0; h < m->n; h++)
		for (size_t i = 0; m->readers[h].bytes.len && i < QUANTITIES; i++)
			read_input(&m->readers[h], &all[i]);
	for (size_t i = 0; i < QUANTITIES; i++) {
		if (all[i].nodes == 0)
			continue;
		struct doc *d = doc_at(m->root, m->arena, paths[i]);
		if (wall_s < LEAST_WALL_S)
			doc_put_int(d, m->arena, "error", ERROR_SHORT);
		else if (all[i].n == 0)
			doc_put_int(d, m->arena, "error", ERROR_FEW);
		else
			put_sections(m, &all[i], d);
	}
}

const struct analysis analysis_patterns = {
	.name = "patterns",
	.inputs = inputs,
	.n_inputs = ARRAY_LEN(inputs),
	.open = open_host,
	.close = close_host,
	.sample = sample,
	.write = write,
	.merge = merge,
};
