// SPDX-License-Identifier: Apache-2.0
// Compiles the catalogue's sources of one kind into tracks, sources and items.
#include "summarizer/reduce/plan.h"

#include <string.h>

#include "common/str.h"
#include "summarizer/analyses/analysis.h"

static size_t track_of(struct plan *p, const struct input *in, int64_t every_s)
{
	for (size_t i = 0; i < p->n_tracks; i++) {
		struct plan_track *c = &p->tracks[i];
		if (str_eq(c->metric, in->metric) && c->bits == in->bits) {
			c->every_s = every_s > c->every_s ? every_s : c->every_s;
			return i;
		}
	}
	p->tracks[p->n_tracks] =
		(struct plan_track){.metric = in->metric, .bits = in->bits, .every_s = every_s};
	return p->n_tracks++;
}

static bool needs_job(const struct expression *e)
{
	return expression_uses_builtin(e, BUILTIN_WALL) ||
	       expression_uses_builtin(e, BUILTIN_NODES) ||
	       expression_uses_builtin(e, BUILTIN_JOB_CORES);
}

static void add_items(
	struct plan *p, const struct plan_metric *m, struct plan_source *s, struct arena *a)
{
	const struct metric *x = m->metric;
	s->items = arena_array(a, x->n_outputs + 1, sizeof(*s->items));
	s->first_item = p->n_items;
	for (size_t i = 0; i < x->n_outputs; i++) {
		const struct output *o = &x->outputs[i];
		if (o->time == TIME_WHOLE || o->value[s->nth] == NULL)
			continue;
		s->items[s->n_items++] = (struct plan_item){.value = o->value[s->nth],
			.output = o,
			.place = m->first_output + i,
			.is_by_samples = o->is_by_samples,
			.needs_job = needs_job(o->value[s->nth])};
	}
	if (x->series && x->series->value[s->nth]) {
		const struct expression *each = x->series->each ? x->series->each[s->nth] : NULL;
		s->items[s->n_items++] = (struct plan_item){.value = x->series->value[s->nth],
			.series = x->series,
			.each = x->series->by_instance ? each : NULL,
			.place = m->series,
			.is_by_samples = x->series->is_picked,
			.is_rate =
				expression_uses_builtin(x->series->value[s->nth], BUILTIN_SECONDS),
			.needs_job =
				needs_job(x->series->value[s->nth]) || (each && needs_job(each))};
	}
	p->n_items += s->n_items;
}

// Whether an input counts for the job as a whole.
static bool is_summed(const struct metric *x, size_t nth, size_t input)
{
	for (size_t i = 0; i < x->n_outputs; i++) {
		const struct output *o = &x->outputs[i];
		const struct expression *e = o->value[nth];
		if (e && o->time == TIME_WHOLE && expression_uses(e, input))
			return true;
		for (size_t g = 0; g < o->n_guards; g++)
			if (o->guards[g].when[nth] &&
				expression_uses(o->guards[g].when[nth], input))
				return true;
	}
	return false;
}

// Whether its instances are jobs, as control groups are.
static bool is_of_jobs(const struct metric *x)
{
	for (size_t i = 0; i < x->n_outputs; i++)
		if (x->outputs[i].over == SCOPE_CGROUP)
			return true;
	return x->series && x->series->over == SCOPE_CGROUP;
}

static void add_source(struct plan *p, const struct plan_metric *m, size_t nth, struct arena *a)
{
	const struct source *x = &m->metric->sources[nth];
	struct plan_source *s = &p->sources[p->n_sources++];
	*s = (struct plan_source){.metric = m->metric, .source = x, .nth = nth};
	s->tracks = arena_array(a, x->n_inputs, sizeof(*s->tracks));
	for (size_t i = 0; i < x->n_inputs; i++) {
		s->tracks[i] = track_of(p, &x->inputs[i], m->metric->every_s);
		p->tracks[s->tracks[i]].is_summed |= is_summed(m->metric, nth, i);
		p->tracks[s->tracks[i]].is_of_jobs |= is_of_jobs(m->metric);
	}
	add_items(p, m, s, a);
}

#define ANALYSIS_EVERY_S 30 // interval for which their inputs are asked to be logged

static size_t count_analysis_inputs(void)
{
	size_t n = 0;
	for (size_t k = 0; k < n_analyses; k++)
		n += analyses[k]->n_inputs;
	return n;
}

static void add_analyses(struct plan *p, struct arena *a)
{
	for (size_t k = 0; k < n_analyses; k++) {
		const struct analysis *x = analyses[k];
		p->analysis_tracks[k] = arena_array(a, x->n_inputs, sizeof(size_t));
		for (size_t i = 0; i < x->n_inputs; i++)
			p->analysis_tracks[k][i] = track_of(
				p, &(struct input){.metric = x->inputs[i]}, ANALYSIS_EVERY_S);
	}
}

// Where the number of cores comes from: what cpu.user counts user time by, for PCP as it is named
// there even if the site has other stanzas.
static size_t core_track(struct plan *p)
{
	for (size_t i = 0; p->kind != SOURCE_PCP && i < p->n_sources; i++)
		if (str_eq(p->sources[i].metric->name, "cpu.user"))
			return p->sources[i].tracks[0];
	return track_of(p, &(struct input){.metric = "kernel.percpu.cpu.user"}, 0);
}

void plan_make(const struct catalogue *c, unsigned series_points, struct arena *a, struct plan *ret)
{
	plan_make_of(c, SOURCE_PCP, series_points, a, ret);
}

void plan_make_of(const struct catalogue *c, enum source_kind kind, unsigned series_points,
	struct arena *a, struct plan *ret)
{
	size_t n_sources = 0;
	size_t n_inputs = count_analysis_inputs();
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->metrics[i].n_sources; k++) {
			n_sources++;
			n_inputs += c->metrics[i].sources[k].n_inputs;
		}
	*ret = (struct plan){.catalogue = c,
		.kind = kind,
		.series_points = series_points,
		.n_metrics = c->n,
		.metrics = arena_array(a, c->n + 1, sizeof(*ret->metrics)),
		.sources = arena_array(a, n_sources + 1, sizeof(*ret->sources)),
		.tracks = arena_array(a, n_inputs + 2, sizeof(*ret->tracks))};
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *x = &c->metrics[i];
		struct plan_metric *m = &ret->metrics[i];
		*m = (struct plan_metric){.metric = x,
			.first_source = ret->n_sources,
			.first_output = ret->n_outputs,
			.series = x->series ? ret->n_series++ : SIZE_MAX};
		ret->n_outputs += x->n_outputs;
		for (size_t k = 0; k < x->n_sources; k++)
			if (x->sources[k].kind == kind)
				add_source(ret, m, k, a);
		m->n_sources = ret->n_sources - m->first_source;
	}
	add_analyses(ret, a);
	ret->core_track = core_track(ret);
	ret->ncpu_track = track_of(ret, &(struct input){.metric = "hinv.ncpu"}, 0);
	ret->tracks[ret->core_track].is_summed = true;
	ret->tracks[ret->ncpu_track].is_summed = true;
}
