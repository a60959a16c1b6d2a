// SPDX-License-Identifier: Apache-2.0
// One archive of a host: finding the wanted metrics in it, and its instance domains over time.
#include "summarizer/reduce/lane.h"

#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"
#include "summarizer/reduce/boundary.h"
#include "summarizer/reduce/feed.h"

static size_t hash(const struct lane *l, uint32_t pmid)
{
	return (pmid * UINT32_C(2654435761) >> 7) & (l->table_size - 1);
}

// Slot + 1 of a metric; 0: nobody wants it.
static uint32_t find_slot(const struct lane *l, uint32_t pmid)
{
	size_t at = hash(l, pmid);
	while (l->table[at] && l->slots[l->table[at] - 1].pmid != pmid)
		at = (at + 1) & (l->table_size - 1);
	return l->table[at];
}

static struct id_map *id_map_of(struct lane *l, uint32_t number)
{
	for (size_t i = 0; i < l->n_ids; i++)
		if (l->ids[i]->number == number)
			return l->ids[i];
	l->ids = memory_resize(l->ids, l->n_ids + 1, sizeof(void *));
	struct id_map *m = memory_alloc(1, sizeof(*m));
	m->number = number;
	l->ids[l->n_ids++] = m;
	return m;
}

static struct domain *domain_of(struct sweep *w, uint32_t number)
{
	if (number == ARCHIVE_NO_INDOM)
		return &w->single;
	for (size_t i = 0; i < w->n_domains; i++)
		if (w->domains[i]->number == number)
			return w->domains[i];
	w->domains = memory_resize(w->domains, w->n_domains + 1, sizeof(void *));
	struct domain *d = memory_alloc(1, sizeof(*d));
	domain_init(d, number);
	w->domains[w->n_domains++] = d;
	return d;
}

static struct lane_slot *add_slot(struct lane *l, const struct archive_metric *m)
{
	if (l->n_slots == l->slot_room) {
		l->slot_room = l->slot_room ? 2 * l->slot_room : 64;
		l->slots = memory_resize(l->slots, l->slot_room, sizeof(*l->slots));
	}
	struct lane_slot *s = &l->slots[l->n_slots++];
	*s = (struct lane_slot){.pmid = m->pmid};
	return s;
}

static bool is_number(uint32_t type)
{
	return type <= ARCHIVE_TYPE_DOUBLE;
}

// A later archive may call a metric's instance domain by another number: it keeps its rows.
static void want_track(struct lane *l, struct sweep *w, size_t place)
{
	struct track *t = &w->tracks[place];
	const struct archive_metric *m = archive_find(l->archive, w->plan->tracks[place].metric);
	if (m == NULL || !is_number(m->type))
		return;
	struct id_map *ids = id_map_of(l, m->indom);
	if (ids->domain == NULL)
		ids->domain = t->domain ? t->domain : domain_of(w, m->indom);
	if (t->domain == NULL)
		t->domain = ids->domain;
	bool is_single = m->indom == ARCHIVE_NO_INDOM;
	if (t->domain != ids->domain || is_single != (t->domain == &w->single))
		return; // became another thing; its values are not comparable
	struct lane_slot *s = add_slot(l, m);
	s->place = place;
	s->track = (struct track_slot){.track = t,
		.ids = ids,
		.type = m->type,
		.semantics = m->semantics,
		.is_odd = boundary_archive(l->archive)};
}

static void want_text(struct lane *l, struct sweep *w, const struct binding_metric *b)
{
	const struct archive_metric *m = archive_find(l->archive, b->name);
	if (m == NULL || m->type != ARCHIVE_TYPE_STRING || m->indom == ARCHIVE_NO_INDOM)
		return;
	struct id_map *ids = id_map_of(l, m->indom);
	if (ids->domain == NULL)
		ids->domain = domain_of(w, m->indom);
	struct lane_slot *s = add_slot(l, m);
	s->is_text = true;
	s->kind = b->kind;
	s->track.ids = ids;
}

static void make_table(struct lane *l)
{
	l->table_size = 64;
	while (l->table_size < 4 * l->n_slots)
		l->table_size *= 2;
	l->table = memory_alloc(l->table_size, sizeof(*l->table));
	for (size_t i = 0; i < l->n_slots; i++) {
		uint32_t first = find_slot(l, l->slots[i].pmid);
		size_t at = hash(l, l->slots[i].pmid);
		while (l->table[at] && l->table[at] != first)
			at = (at + 1) & (l->table_size - 1);
		l->slots[i].next = first;
		l->table[at] = (uint32_t)i + 1;
	}
}

#define ONCE_S 120        // after the start of an archive all that is logged once is in it
#define SKIP_S (2 * 3600) // less is not worth a jump

void lane_begin(struct lane *l, struct sweep *w, int64_t from_ns)
{
	for (size_t i = 0; i < w->plan->n_tracks; i++)
		if (w->is_wanted[i])
			want_track(l, w, i);
	for (size_t i = 0; i < n_binding_metrics; i++)
		want_text(l, w, &binding_metrics[i]);
	make_table(l);
	l->next_indom = 0;
	archive_rewind(l->archive);
	l->skip_ns = l->start_ns + ONCE_S * NS_PER_S;
	l->skip_until_ns = from_ns - l->skip_ns > SKIP_S * NS_PER_S ? from_ns : l->skip_ns;
	lane_next(l);
}

static void read_next(struct lane *l)
{
	l->has_record = archive_next(l->archive, &l->record) > 0;
}

// Where the index leads far beyond the place, it may be wrong.
static void skip(struct lane *l)
{
	archive_seek(l->archive, l->skip_until_ns);
	l->has_skipped = true;
	read_next(l);
	if (!l->has_record || l->record.time_ns > l->skip_until_ns + SKIP_S * NS_PER_S) {
		archive_rewind(l->archive);
		read_next(l);
	}
	while (l->has_record && l->record.time_ns < l->skip_until_ns)
		read_next(l);
}

void lane_next(struct lane *l)
{
	read_next(l);
	if (l->has_record && l->record.time_ns > l->skip_ns && l->record.time_ns < l->skip_until_ns)
		skip(l);
	if (l->has_record && l->record.n_sets > 0) // no mark
		l->last_ns = l->record.time_ns;
}

void lane_end(struct lane *l)
{
	for (size_t i = 0; i < l->n_ids; i++) {
		id_map_release(l->ids[i]);
		free(l->ids[i]);
	}
	for (size_t i = 0; i < l->n_slots; i++)
		free(l->slots[i].track.guesses);
	free(l->ids);
	free(l->slots);
	free(l->table);
	*l = (struct lane){.archive = l->archive,
		.start_ns = l->start_ns,
		.end_ns = l->end_ns,
		.last_ns = l->last_ns};
	archive_rewind(l->archive); // gives the mapped volume back
}

// Instance domains as they stand at the record's time.
static void follow_instances(struct lane *l, struct sweep *w)
{
	const struct archive_meta *m = archive_meta(l->archive);
	for (; l->next_indom < m->n_indoms; l->next_indom++) {
		const struct archive_indom *d = &m->indoms[l->next_indom];
		if (d->time_ns > l->record.time_ns)
			return;
		for (size_t i = 0; i < l->n_ids; i++)
			if (l->ids[i]->number == d->indom)
				id_map_apply(l->ids[i], d, &w->arena);
	}
}

static void take_set(struct lane *l, struct sweep *w, const struct archive_set *set,
	struct binding_record *texts)
{
	for (size_t at = find_slot(l, set->pmid); at; at = l->slots[at - 1].next) {
		struct lane_slot *s = &l->slots[at - 1];
		if (s->is_text) {
			texts->sets[s->kind] = *set;
			texts->ids[s->kind] = s->track.ids;
			texts->has[s->kind] = set->n > 0;
		} else if (track_sample(&s->track, &l->record, set, w->epoch)) {
			w->touched[w->n_touched++] = s->place;
		}
	}
}

static void count_breaks(struct sweep *w, int64_t now_ns)
{
	for (size_t i = 0; w->is_broken && w->last_ns && i < w->tasks.n; i++) {
		struct task *t = w->tasks.items[i];
		t->gaps += t->begin_ns <= w->last_ns && t->end_ns >= now_ns;
	}
	w->is_broken = false;
	w->last_ns = now_ns;
}

// A record counts once, however many of its metrics show the gap or the reset.
static void count_oddities(struct sweep *w, int64_t now_ns)
{
	int64_t gap_ns = INT64_MAX;
	int64_t reset_ns = INT64_MAX;
	for (size_t i = 0; i < w->n_touched; i++) {
		const struct track *x = &w->tracks[w->touched[i]];
		if (x->is_gap && x->before_ns < gap_ns)
			gap_ns = x->before_ns;
		if (x->is_reset && x->before_ns < reset_ns)
			reset_ns = x->before_ns;
	}
	for (size_t i = 0; i < w->tasks.n; i++) {
		struct task *t = w->tasks.items[i];
		t->gaps += gap_ns < t->end_ns && now_ns > t->begin_ns;
		t->resets += reset_ns < t->end_ns && now_ns > t->begin_ns;
	}
}

// Series of the cores that are the job's begin when those become known.
static void begin_anew(void *context, struct task *t)
{
	struct sweep *w = context;
	const struct plan *p = w->plan;
	sweep_settle(w);
	for (size_t k = 0; k < p->n_sources; k++) {
		const struct plan_source *s = &p->sources[k];
		for (size_t n = 0; n < s->n_items; n++) {
			struct task_item *x = &t->items[s->first_item + n];
			x->n_own = 0;
			if (s->items[n].series && s->items[n].series->over == SCOPE_JOB_CORE)
				series_line_release(&x->node);
		}
	}
}

static double cores_of(const struct sweep *w)
{
	const struct track *cpu = &w->tracks[w->plan->core_track];
	const struct track *hinv = &w->tracks[w->plan->ncpu_track];
	if (cpu->epoch.run)
		return (double)cpu->n_present;
	return hinv->epoch.run && hinv->n_present ? hinv->cells[hinv->present[0]].value : NAN;
}

// Its first device is known: what was put down of all of them goes, unless it has the whole node.
static void begin_gpus(void *context, struct task *t)
{
	struct sweep *w = context;
	const struct plan *p = w->plan;
	double cores = cores_of(w);
	double own = t->cores.n      ? t->cores.n
	             : t->job->nodes ? (double)t->job->cpus / t->job->nodes
	                             : 0;
	sweep_settle(w);
	if (t->n_gpus == 1)
		t->shares_gpus = !(own >= cores);
	for (size_t k = 0; k < p->n_sources; k++) {
		const struct plan_source *s = &p->sources[k];
		for (size_t n = 0; n < s->n_items; n++) {
			struct task_item *x = &t->items[s->first_item + n];
			if (!s->items[n].series || s->items[n].series->over != SCOPE_JOB_GPU)
				continue;
			x->n_own = 0;
			if (t->n_gpus > 1 || !t->shares_gpus)
				continue;
			series_line_release(&x->node);
			series_lines_release(&x->lines);
			picks_release(&x->picks);
		}
	}
}

// The last sample of a track to the jobs. Most are in the middle of both and need not be touched.
static void feed_track(struct sweep *w, size_t place)
{
	const struct track *x = &w->tracks[place];
	struct quiet *q = &w->quiet[place];
	if (q->turn == w->tasks.turn && q->kinds == x->kinds && q->from_ns <= x->time_ns &&
		x->time_ns <= q->until_ns)
		return;
	*q = (struct quiet){x->time_ns, INT64_MAX, w->tasks.turn, x->kinds};
	for (size_t k = 0; k < w->tasks.n; k++) {
		if (k + 2 < w->tasks.n) // what jobs keep of a track lies far apart
			__builtin_prefetch(&w->tasks.items[k + 2]->tracks[place]);
		task_feed(w->tasks.items[k], place, x);
		if (!task_is_quiet(w->tasks.items[k], place, x, &q->until_ns))
			q->until_ns = INT64_MIN;
	}
}

static void feed(struct sweep *w, int64_t now_ns)
{
	for (size_t i = 0; i < w->n_touched; i++) {
		size_t place = w->touched[i];
		feed_track(w, place);
		for (size_t k = 0; k < w->n_uses[place]; k++) {
			struct stepper *s = &w->steppers[w->uses[place][k].stepper];
			if (s->plan->n_items)
				stepper_gather(s, w->uses[place][k].input);
			else
				stepper_note_rows(s);
		}
	}
	analysis_run_feed(&w->analyses, w->touched, w->n_touched, now_ns, &w->tasks);
	double cores = cores_of(w);
	for (size_t i = 0; i < w->n_live; i++)
		stepper_close(&w->steppers[w->live[i]], now_ns, w->epoch, cores, &w->tasks);
}

static void take_texts(
	struct sweep *w, const struct binding_record *texts, const struct archive_record *r)
{
	struct process_table *processes = process_look(&w->processes, texts, r);
	if (processes) {
		analysis_run_processes(&w->analyses, processes, r->time_ns, &w->tasks);
		process_accept(processes);
	}
	if (processes || texts->has[BINDING_CPUSET])
		binding_learn(texts, r, processes, w->tasks.items, w->tasks.n, begin_anew, w);
	devices_learn(&w->devices, texts, r, w->tasks.items, w->tasks.n, begin_gpus, w);
}

void lane_take(struct lane *l, struct sweep *w)
{
	struct binding_record texts = {0};
	struct archive_set set;
	struct archive_record *r = &l->record;
	if (l->has_skipped || r->n_sets == 0)
		sweep_break(w);
	l->has_skipped = false;
	if (r->n_sets == 0)
		return;
	follow_instances(l, w);
	count_breaks(w, r->time_ns);
	w->n_touched = 0;
	struct archive_record whole = *r;
	// A set that reaches beyond its record ends the record, what was before it counts.
	while (archive_set_next(r, &set) > 0)
		take_set(l, w, &set, &texts);
	take_texts(w, &texts, &whole);
	count_oddities(w, r->time_ns);
	feed(w, r->time_ns);
}

static void add_use(struct sweep *w, size_t track, struct use u)
{
	w->uses[track] = memory_resize(w->uses[track], w->n_uses[track] + 1, sizeof(**w->uses));
	w->uses[track][w->n_uses[track]++] = u;
	w->is_wanted[track] = true;
}

static void open_steppers(struct sweep *w, const bool *is_wanted)
{
	const struct plan *p = w->plan;
	for (size_t i = 0; i < p->n_sources; i++) {
		const struct plan_source *s = &p->sources[i];
		if (!is_wanted[i])
			continue;
		stepper_open(&w->steppers[i], p, s, w->tracks);
		if (s->n_items)
			w->live[w->n_live++] = i;
		for (size_t k = 0; k < s->source->n_inputs; k++)
			add_use(w, s->tracks[k], (struct use){i, k});
	}
}

void sweep_open(struct sweep *w, const struct plan *p, const bool *is_wanted)
{
	*w = (struct sweep){.plan = p, .tasks = {.turn = 1}};
	domain_init(&w->single, ARCHIVE_NO_INDOM);
	w->tracks = memory_alloc(p->n_tracks + 1, sizeof(*w->tracks));
	for (size_t i = 0; i < p->n_tracks; i++)
		w->tracks[i].plan = &p->tracks[i];
	w->quiet = memory_alloc(p->n_tracks + 1, sizeof(*w->quiet));
	w->steppers = memory_alloc(p->n_sources + 1, sizeof(*w->steppers));
	w->live = memory_alloc(p->n_sources + 1, sizeof(*w->live));
	w->uses = memory_alloc(p->n_tracks + 1, sizeof(void *));
	w->n_uses = memory_alloc(p->n_tracks + 1, sizeof(*w->n_uses));
	w->touched = memory_alloc(p->n_tracks + 1, sizeof(*w->touched));
	w->is_wanted = memory_alloc(p->n_tracks + 1, sizeof(*w->is_wanted));
	analysis_run_open(&w->analyses, p, w->tracks);
	for (size_t k = 0; k < n_analyses; k++)
		for (size_t i = 0; i < analyses[k]->n_inputs; i++)
			w->is_wanted[p->analysis_tracks[k][i]] = true;
	w->is_wanted[p->core_track] = w->is_wanted[p->ncpu_track] = true;
	open_steppers(w, is_wanted);
}

void sweep_close(struct sweep *w)
{
	if (w->plan == NULL)
		return;
	analysis_run_close(&w->analyses);
	for (size_t i = 0; i < w->plan->n_tracks; i++) {
		track_release(&w->tracks[i]);
		free(w->uses[i]);
	}
	for (size_t i = 0; i < w->plan->n_sources; i++)
		stepper_release(&w->steppers[i]);
	for (size_t i = 0; i < w->n_domains; i++) {
		domain_release(w->domains[i]);
		free(w->domains[i]);
	}
	process_tables_release(&w->processes);
	devices_release(&w->devices);
	domain_release(&w->single);
	free(w->domains);
	free(w->tracks);
	free(w->steppers);
	free(w->uses);
	free(w->n_uses);
	free(w->touched);
	free(w->quiet);
	free(w->live);
	free(w->is_wanted);
	arena_release(&w->arena);
}

void sweep_settle(struct sweep *w)
{
	for (size_t i = 0; i < w->n_live; i++)
		feed_backlog(&w->steppers[w->live[i]], &w->tasks);
}

void sweep_break(struct sweep *w)
{
	w->epoch.run++;
	w->is_broken = true;
}
