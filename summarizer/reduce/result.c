// SPDX-License-Identifier: Apache-2.0
// Evaluates every output of the catalogue for one job on one host.
#include "summarizer/reduce/result.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "summarizer/reduce/fold.h"
#include "summarizer/reduce/partial.h"

struct whole { // one source over the whole job
	const struct stepper *stepper;
	struct expression_frame frame;
	double *tables[6]; // values first last lowest highest, and values between samples
	int64_t covered_ns, whole_ns;
	bool has_samples, has_resets;
};

static bool has_metric(const struct result_request *q, const char *name)
{
	for (size_t i = 0; i < q->n_archives; i++)
		if (archive_find(q->archives[i], name))
			return true;
	return false;
}

// In an archive a metric exists when it has a descriptor; in Prometheus when there are samples in the
// job's time, whatever else was asked for.
static bool has_input(
	const struct result_request *q, const struct task *t, const struct plan_source *s, size_t i)
{
	if (q->plan->kind == SOURCE_PROMETHEUS) {
		const struct task_track *own = &t->tracks[s->tracks[i]];
		return own->samples || own->covered_ns;
	}
	return has_metric(q, s->source->inputs[i].metric);
}

// The first source whose inputs all exist; -1: none.
static int choose(const struct result_request *q, const struct task *t, const struct plan_metric *m)
{
	for (size_t s = 0; s < m->n_sources; s++) {
		const struct source *x = q->plan->sources[m->first_source + s].source;
		bool all = true;
		for (size_t i = 0; i < x->n_inputs && all; i++)
			all = x->inputs[i].is_optional ||
			      has_input(q, t, &q->plan->sources[m->first_source + s], i);
		if (all)
			return (int)s;
	}
	return -1;
}

void result_want(const struct result_request *q, bool *wanted)
{
	for (size_t i = 0; i < q->plan->n_metrics; i++) {
		const struct plan_metric *m = &q->plan->metrics[i];
		int nth = q->plan->kind == SOURCE_PCP ? choose(q, NULL, m) : -1;
		for (size_t s = 0; s < m->n_sources; s++)
			wanted[m->first_source + s] |= q->plan->kind != SOURCE_PCP || (int)s == nth;
	}
}

// A value that was logged before the job and not since still stands.
static bool held_value(const struct track *x, const struct task *t, uint32_t row, double *ret)
{
	if (!track_is_held(x) || x->epoch.run == 0 || x->time_ns > t->begin_ns ||
		row >= x->n_cells || x->cells[row].sample != x->sample)
		return false;
	*ret = x->cells[row].value;
	return true;
}

static void put(struct whole *w, size_t at, double value, const struct task_cell *c, double scale)
{
	w->tables[0][at] = value * scale;
	w->tables[1][at] = (c ? c->first : value) * scale;
	w->tables[2][at] = (c ? c->last : value) * scale;
	w->tables[3][at] = (c ? c->lowest : value) * scale;
	w->tables[4][at] = (c ? c->highest : value) * scale;
	w->tables[5][at] = w->tables[0][at];
}

// Up to the edges, and between samples alone.
static void put_counter(struct whole *w, size_t at, const struct task_cell *c, double scale)
{
	double whole = (double)c->sum + c->whole;
	if (c->steps || c->cuts)
		put(w, at, whole + c->part, NULL, scale);
	w->tables[5][at] = c->steps || c->tails ? (whole + c->tail) * scale : NAN;
}

static void fill_cell(struct whole *w, const struct task *t, const struct track *x, size_t place,
	uint32_t row, size_t at)
{
	const struct task_track *own = &t->tracks[place];
	const struct task_cell *c = row < own->n ? &own->cells[row] : NULL;
	double scale = w->stepper->plan->source->scale;
	double held = NAN;
	if (x->is_counter) {
		if (c)
			put_counter(w, at, c, scale);
	} else if (c && c->samples) {
		put(w, at, c->seconds > 0 ? c->integral / c->seconds : c->last, c, scale);
	} else if (held_value(x, t, row, &held)) {
		put(w, at, held, NULL, scale);
		w->has_samples = true;
	}
}

// Row r of the frame in the rows of an input.
static uint32_t row_of_input(const struct domain *frame, const struct track *x, uint32_t r)
{
	if (x->domain == NULL)
		return NO_ROW;
	if (x->domain->number == ARCHIVE_NO_INDOM)
		return 0;
	if (frame == NULL) // no step was ever made: there are no rows
		return NO_ROW;
	if (x->domain == frame)
		return r;
	return domain_find(x->domain, frame->names[r]);
}

static void whole_open(struct whole *w, const struct result_request *q, const struct stepper *s,
	const struct task *t)
{
	size_t n = s->plan->source->n_inputs;
	size_t rows = s->domain ? s->domain->n : 1;
	*w = (struct whole){.stepper = s, .covered_ns = INT64_MAX, .whole_ns = INT64_MAX};
	for (size_t k = 0; k < ARRAY_LEN(w->tables); k++) {
		w->tables[k] = memory_alloc(rows * n + 1, sizeof(double));
		for (size_t i = 0; i < rows * n; i++)
			w->tables[k][i] = NAN;
	}
	for (size_t i = 0; i < n; i++) {
		size_t place = s->plan->tracks[i];
		const struct track *x = &q->tracks[place];
		const struct task_track *own = &t->tracks[place];
		bool required = !s->plan->source->inputs[i].is_optional;
		if (required && !track_is_held(x) && own->covered_ns < w->covered_ns)
			w->covered_ns = own->covered_ns;
		if (required && !track_is_held(x) && own->whole_ns < w->whole_ns)
			w->whole_ns = own->whole_ns;
		w->has_samples |= own->samples || own->covered_ns;
		w->has_resets |= own->resets;
		for (uint32_t r = 0; r < rows; r++)
			fill_cell(w, t, x, place, row_of_input(s->domain, x, r), r * n + i);
	}
	if (w->covered_ns == INT64_MAX) // all inputs are logged once: they hold the whole time
		w->covered_ns = w->whole_ns = w->has_samples ? t->end_ns - t->begin_ns : 0;
	w->frame = (struct expression_frame){
		.n_inputs = n,
		.n_instances = rows,
		.values = w->tables[0],
		.first = w->tables[1],
		.last = w->tables[2],
		.lowest = w->tables[3],
		.highest = w->tables[4],
	};
}

static void whole_close(struct whole *w)
{
	for (size_t k = 0; k < ARRAY_LEN(w->tables); k++)
		free(w->tables[k]);
}

static unsigned count_cores(const struct result_request *q, const struct task *t)
{
	const struct task_track *cpu = &t->tracks[q->plan->core_track];
	const struct task_track *hinv = &t->tracks[q->plan->ncpu_track];
	unsigned n = 0;
	for (size_t i = 0; i < cpu->n; i++)
		n += cpu->cells[i].steps > 0 || cpu->cells[i].cuts > 0;
	if (n)
		return n;
	double v = NAN;
	if (hinv->n && hinv->cells[0].samples)
		v = hinv->cells[0].last;
	else if (!held_value(&q->tracks[q->plan->ncpu_track], t, 0, &v))
		return 0;
	return v > 0 && v <= CORES_MAX ? (unsigned)v : 0;
}

// Whether a row counts for an output; NULL domain: the one value of the node.
static bool is_wanted(const struct domain *d, uint32_t row, enum scope over, const struct task *t)
{
	if (d == NULL)
		return true;
	if (over == SCOPE_JOB_CORE && t->cores.n)
		return core_set_has(&t->cores, core_number(d->names[row], row));
	if (over == SCOPE_JOB_GPU)
		return task_has_gpu(t, d->names[row]);
	if (over == SCOPE_CGROUP)
		return cgroup_is_job_itself(d->names[row], t->job->key.raw_id, t->sluid);
	return true;
}

struct values {
	struct strbuf text; // {device, value} each
	uint64_t n;
};

static void add_value(struct values *v, const char *name, double value)
{
	if (isnan(value))
		return;
	partial_put_text(&v->text, name);
	partial_put_double(&v->text, value);
	v->n++;
}

// The frame that an output is evaluated over.
static struct expression_frame frame_of(const struct output *o, const struct whole *w)
{
	struct expression_frame f = w->frame;
	if (!o->is_by_samples)
		return f;
	f.values = w->tables[5];
	f.builtin[BUILTIN_SECONDS] = w->whole_ns ? (double)w->whole_ns / (double)NS_PER_S : NAN;
	return f;
}

static void gather_values(struct values *v, const struct output *o, const struct whole *w,
	const struct task *t, const struct task_item *item)
{
	const struct expression *e = o->value[w->stepper->plan->nth];
	const struct domain *d = w->stepper->domain;
	bool is_whole = o->time == TIME_WHOLE;
	struct expression_frame f = frame_of(o, w);
	bool is_core_sum = o->over == SCOPE_JOB_CORE && d == NULL;
	if (is_core_sum && t->cores.n && t->cores.n != w->frame.builtin[BUILTIN_CORES])
		return; // the sum of all cores says nothing of the job's
	if (expression_is_folded(e) || d == NULL || o->over == SCOPE_NODE) {
		add_value(
			v, "", is_whole ? expression_value(e, &f) : fold_result(item, o->time, 0));
		return;
	}
	AUTO_FREE double *result = memory_alloc(d->n + 1, sizeof(*result));
	if (is_whole)
		expression_values(e, &f, result);
	bool named = o->over == SCOPE_DEVICE || o->over == SCOPE_JOB_GPU;
	for (uint32_t r = 0; r < d->n; r++)
		if (is_wanted(d, r, o->over, t))
			add_value(v, named ? d->names[r] : "",
				is_whole ? result[r] : fold_result(item, o->time, r));
}

static int guard_error(const struct output *o, const struct whole *w, const struct task *t)
{
	const struct domain *d = w->stepper->domain;
	for (size_t g = 0; g < o->n_guards; g++) {
		const struct expression *e = o->guards[g].when[w->stepper->plan->nth];
		if (e == NULL)
			continue;
		struct expression_frame f = frame_of(o, w);
		for (f.instance = 0; f.instance < f.n_instances; f.instance++) {
			double v = is_wanted(d, (uint32_t)f.instance, o->over, t)
			                   ? expression_value(e, &f)
			                   : NAN;
			if (!isnan(v) && v == 0)
				return o->guards[g].error;
		}
	}
	return 0;
}

static const struct plan_item *plan_item_of(
	const struct plan_source *s, const struct output *o, const struct series *series)
{
	for (size_t i = 0; i < s->n_items; i++)
		if ((o && s->items[i].output == o) || (series && s->items[i].series == series))
			return &s->items[i];
	return NULL;
}

static const struct task_item *item_of(const struct plan_source *s, const struct task *t,
	const struct output *o, const struct series *series)
{
	const struct plan_item *item = plan_item_of(s, o, series);
	return item ? &t->items[s->first_item + (size_t)(item - s->items)] : NULL;
}

static void write_output(
	const struct output *o, const struct whole *w, const struct task *t, struct strbuf *to)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct values v = {0};
	uint64_t failure = 0;
	int guard = 0;
	if (w == NULL || o->value[w->stepper->plan->nth] == NULL) {
		failure = FAILURE_NONE + 1;
	} else {
		gather_values(&v, o, w, t, item_of(w->stepper->plan, t, o, NULL));
		guard = guard_error(o, w, t);
		if (v.n == 0)
			failure = 1 + (w->has_resets ? FAILURE_RESET : FAILURE_SHORT);
	}
	text = v.text;
	partial_put_u64(to, failure);
	partial_put_u64(to, (uint64_t)guard);
	partial_put_u64(to, v.n);
	strbuf_add(to, strbuf_text(&text), text.len);
}

static double bin_mean(const struct series_line *l, size_t i)
{
	return l->bins && l->bins[i].seconds > 0 ? l->bins[i].sum / l->bins[i].seconds : NAN;
}

// Of the bins from a first one on, n of them.
static void write_lines(const struct task_item *x, const struct domain *d, const struct task *t,
	enum scope over, size_t first, size_t n_bins, struct strbuf *to)
{
	CLEANUP(strbuf_release) struct strbuf lines = {0};
	AUTO_FREE double *means = memory_alloc(n_bins + 1, sizeof(*means));
	uint64_t n = 0;
	for (uint32_t r = 0; d && r < x->lines.n; r++) {
		if (!is_wanted(d, r, over, t) || !series_lines_has(&x->lines, &x->grid, r))
			continue;
		partial_put_text(&lines, d->names[r]);
		series_lines_means(&x->lines, first, n_bins, r, means);
		partial_put_doubles(&lines, means, n_bins);
		n++;
	}
	partial_put_u64(to, n);
	strbuf_add(to, strbuf_text(&lines), lines.len);
}

// The value, the least and the most. The last one also tells the peaks of what came after it.
static void put_point(const struct picks *p, size_t i, bool is_rate, struct strbuf *to)
{
	const struct pick *k = &p->items[i];
	const struct pick *rest = i + 1 == p->n ? &p->items[p->n] : k;
	double lowest = k->has_any ? k->lowest : NAN;
	double highest = k->has_any ? k->highest : NAN;
	double v[] = {is_rate ? pick_mean(k) : k->value,
		rest->has_any ? fmin(lowest, rest->lowest) : lowest,
		rest->has_any ? fmax(highest, rest->highest) : highest};
	partial_put_doubles(to, v, ARRAY_LEN(v));
}

// A rate's first point is where its first interval begins.
static void write_picks(const struct plan_item *item, const struct task_item *x,
	const struct whole *w, const struct task *t, struct strbuf *to)
{
	const struct picks *p = &x->picks;
	size_t first = item->is_rate ? 1 : 0;
	if (p->n <= first) {
		partial_put_u64(to, 0);
		partial_put_u64(to, 0);
		return;
	}
	partial_put_u64(to, p->n - first);
	for (size_t i = first; i < p->n; i++)
		partial_put_u64(to, (uint64_t)p->items[i].at_ns);
	for (size_t i = first; i < p->n; i++)
		put_point(p, i, item->is_rate, to);
	for (size_t i = first; i < p->n; i++)
		partial_put_double(to, item->is_rate ? NAN : pick_mean(&p->items[i]));
	write_lines(x, w->stepper->domain, t, item->series->over, first, p->n - first, to);
}

static void write_series(
	const struct series *series, const struct whole *w, const struct task *t, struct strbuf *to)
{
	const struct task_item *x = w ? item_of(w->stepper->plan, t, NULL, series) : NULL;
	if (x && series->is_picked) {
		write_picks(plan_item_of(w->stepper->plan, NULL, series), x, w, t, to);
		return;
	}
	if (x == NULL || x->node.bins == NULL) {
		partial_put_u64(to, 0);
		partial_put_u64(to, 0);
		return;
	}
	partial_put_u64(to, x->grid.n);
	for (size_t i = 0; i < x->grid.n; i++) {
		const struct series_bin *b = &x->node.bins[i];
		double v[] = {bin_mean(&x->node, i), b->seconds > 0 ? b->lowest : NAN,
			b->seconds > 0 ? b->highest : NAN};
		partial_put_doubles(to, v, ARRAY_LEN(v));
	}
	write_lines(x, w->stepper->domain, t, series->over, 0, x->grid.n, to);
}

struct parts {
	struct strbuf metrics, outputs, series, analyses;
};

static void release_parts(struct parts *p)
{
	strbuf_release(&p->metrics);
	strbuf_release(&p->outputs);
	strbuf_release(&p->series);
	strbuf_release(&p->analyses);
}

static void write_metric(const struct result_request *q, struct task *t,
	const struct plan_metric *m, unsigned cores, struct parts *to)
{
	struct whole w = {0}; // filled where a source was chosen
	int nth = choose(q, t, m);
	if (nth >= 0) {
		whole_open(&w, q, &q->steppers[m->first_source + (size_t)nth], t);
		w.frame.builtin[BUILTIN_CORES] = cores ? cores : NAN;
		w.frame.builtin[BUILTIN_JOB_CORES] =
			t->cores.n ? t->cores.n : w.frame.builtin[BUILTIN_CORES];
		w.frame.builtin[BUILTIN_SECONDS] =
			w.covered_ns ? (double)w.covered_ns / (double)NS_PER_S : NAN;
		w.frame.builtin[BUILTIN_WALL] =
			(double)(t->end_ns - t->begin_ns) / (double)NS_PER_S;
		w.frame.builtin[BUILTIN_NODES] = t->job->nodes;
	}
	partial_put_u64(&to->metrics, (uint64_t)nth + 1);
	partial_put_u64(&to->metrics, nth < 0 ? 0 : (uint64_t)w.covered_ns);
	for (size_t i = 0; i < m->metric->n_outputs; i++)
		write_output(&m->metric->outputs[i], nth < 0 ? NULL : &w, t, &to->outputs);
	if (m->series != SIZE_MAX)
		write_series(m->metric->series, nth < 0 ? NULL : &w, t, &to->series);
	if (nth >= 0)
		whole_close(&w);
}

void result_write(const struct result_request *q, struct task *t, struct strbuf *to)
{
	CLEANUP(release_parts) struct parts parts = {0};
	task_open(t, q->plan);
	task_settle(t, q->plan, q->tracks);
	unsigned cores = count_cores(q, t);
	for (size_t i = 0; i < q->plan->n_metrics; i++)
		write_metric(q, t, &q->plan->metrics[i], cores, &parts);
	analysis_run_write(q->analyses, t, &parts.analyses);
	const char *damage = "";
	for (size_t i = 0; i < q->n_archives && damage[0] == '\0'; i++)
		if (archive_damage(q->archives[i])->code)
			damage = archive_damage(q->archives[i])->text;
	struct partial_head h = {
		.job_index = t->job_index,
		.node_index = t->node_index,
		.n_archives = q->n_archives,
		.reaches_end = q->reaches_end,
		.n_cores = cores,
		.n_bound = t->cores.n,
		.gaps = t->gaps,
		.resets = t->resets,
		.wall_ns = (uint64_t)(t->end_ns - t->begin_ns),
		.has_begin = t->has_begin,
		.has_end = t->has_end,
		.size = sizeof(h) + sizeof(uint64_t) + strlen(damage) + 1 + parts.metrics.len +
	                parts.outputs.len + parts.series.len + parts.analyses.len,
	};
	strbuf_add(to, &h, sizeof(h));
	partial_put_text(to, damage);
	strbuf_add(to, strbuf_text(&parts.metrics), parts.metrics.len);
	strbuf_add(to, strbuf_text(&parts.outputs), parts.outputs.len);
	strbuf_add(to, strbuf_text(&parts.series), parts.series.len);
	strbuf_add(to, strbuf_text(&parts.analyses), parts.analyses.len);
}
