// SPDX-License-Identifier: Apache-2.0
// Sweeping one host: which archives, in what order, and the jobs' coming and going.
#include "summarizer/reduce/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "summarizer/reduce/boundary.h"
#include "summarizer/reduce/lane.h"
#include "summarizer/reduce/result.h"

struct host {
	const struct host_request *request;
	struct sweep sweep;
	struct lane *lanes; // one for each archive that could be opened, by start
	size_t n_lanes;
	struct task **active;
	size_t n_active;
	size_t next; // of the request's tasks, not active yet
	struct strbuf partial;
};

static int by_begin(const void *a, const void *b)
{
	const struct task *x = a;
	const struct task *y = b;
	if (x->begin_ns != y->begin_ns)
		return x->begin_ns < y->begin_ns ? -1 : 1;
	return (x->job_index > y->job_index) - (x->job_index < y->job_index);
}

static void open_lanes(struct host *h)
{
	const struct host_request *q = h->request;
	h->lanes = memory_alloc(q->n_places + 1, sizeof(*h->lanes));
	for (size_t i = 0; i < q->n_places; i++) {
		struct error why;
		struct lane *l = &h->lanes[h->n_lanes];
		if (archive_open(q->places[i].base, &l->archive, &why) < 0) {
			q->bad(q->context, &why);
			continue;
		}
		l->start_ns = archive_meta(l->archive)->label.start_ns;
		l->end_ns = archive_end_ns(l->archive);
		h->n_lanes++;
	}
}

// Sample times in place of accounting's, before the jobs are put in order.
static void find_edges(struct host *h)
{
	CLEANUP(boundaries_release) struct boundaries b = {0};
	for (size_t i = 0; i < h->n_lanes; i++)
		if (boundary_archive(h->lanes[i].archive))
			boundaries_read(&b, h->lanes[i].archive);
	boundaries_sort(&b);
	for (size_t i = 0; i < h->request->n_tasks; i++)
		boundaries_apply(&b, &h->request->tasks[i]);
}

// Also a job that begins or ends between archives that follow closely needs both.
static bool overlaps(const struct task *t, int64_t start_ns, int64_t end_ns)
{
	return t->begin_ns <= end_ns + HOST_JOIN_S * NS_PER_S &&
	       t->end_ns >= start_ns - HOST_JOIN_S * NS_PER_S;
}

// The archives of the job's time; to has room for all.
static size_t archives_of(const struct host *h, const struct task *t, struct archive **to)
{
	size_t n = 0;
	for (size_t i = 0; i < h->n_lanes; i++)
		if (h->lanes[i].start_ns <= t->end_ns && h->lanes[i].end_ns >= t->begin_ns)
			to[n++] = h->lanes[i].archive;
	return n;
}

// Which sources any job will take its values from: what others say need not be worked out.
static void find_wanted(struct host *h, bool *wanted)
{
	AUTO_FREE struct archive **last = memory_alloc(h->n_lanes + 1, sizeof(struct archive *));
	size_t n_last = SIZE_MAX;
	for (size_t i = 0; i < h->request->n_tasks; i++) {
		struct task *t = &h->request->tasks[i];
		AUTO_FREE struct archive **archives =
			memory_alloc(h->n_lanes + 1, sizeof(struct archive *));
		size_t n = archives_of(h, t, archives);
		if (n == n_last && memcmp(archives, last, n * sizeof(struct archive *)) == 0)
			continue;
		struct result_request r = {
			.plan = h->request->plan, .archives = archives, .n_archives = n};
		result_want(&r, wanted);
		memcpy(last, archives, n * sizeof(struct archive *));
		n_last = n;
	}
}

// Up to where there are records. A damaged archive says more than it has: a relay, say, still brings
// bytes in the middle of it.
static int64_t end_of(const struct lane *l)
{
	return archive_damage(l->archive)->code && l->last_ns < l->end_ns ? l->last_ns : l->end_ns;
}

static int finish(struct host *h, struct task *t, struct error *err)
{
	struct result_request r = {.plan = h->request->plan,
		.steppers = h->sweep.steppers,
		.tracks = h->sweep.tracks,
		.analyses = &h->sweep.analyses};
	AUTO_FREE struct archive **archives =
		memory_alloc(h->n_lanes + 1, sizeof(struct archive *));
	for (size_t i = 0; i < h->n_lanes; i++)
		r.reaches_end |= end_of(&h->lanes[i]) >= t->end_ns &&
		                 overlaps(t, h->lanes[i].start_ns, h->lanes[i].end_ns);
	r.n_archives = archives_of(h, t, archives);
	r.archives = archives;
	strbuf_clear(&h->partial);
	result_write(&r, t, &h->partial);
	task_release(t, h->request->plan);
	return h->request->done(h->request->context,
		(struct bytes){(const uint8_t *)h->partial.text, h->partial.len}, err);
}

// All samples that the job needs have been.
static bool is_over(const struct task *t, int64_t now_ns)
{
	return now_ns - HOST_MARGIN_S * NS_PER_S > t->end_ns;
}

// Jobs that have begun come in, those whose samples are all here go.
static int turn_over(struct host *h, int64_t now_ns, struct error *err)
{
	size_t kept = 0;
	int rc = 0;
	for (size_t i = 0; i < h->n_active; i++)
		if (is_over(h->active[i], now_ns)) {
			sweep_settle(&h->sweep);
			break;
		}
	for (size_t i = 0; i < h->n_active; i++) {
		struct task *t = h->active[i];
		if (rc == 0 && is_over(t, now_ns))
			rc = finish(h, t, err);
		else
			h->active[kept++] = t;
	}
	h->sweep.tasks.turn += kept != h->n_active;
	h->n_active = kept;
	for (; h->next < h->request->n_tasks; h->next++) {
		struct task *t = &h->request->tasks[h->next];
		if (t->begin_ns > now_ns)
			break;
		task_open(t, h->request->plan);
		h->sweep.tasks.turn++;
		h->active[h->n_active++] = t;
	}
	return rc;
}

static bool is_needed(const struct host *h, int64_t start_ns, int64_t end_ns)
{
	const struct host_request *q = h->request;
	for (size_t i = 0; i < q->n_tasks; i++)
		if (overlaps(&q->tasks[i], start_ns, end_ns))
			return true;
	return false;
}

// The last moment that any job of this time needs.
static int64_t last_needed(const struct host *h, int64_t start_ns, int64_t end_ns)
{
	const struct host_request *q = h->request;
	int64_t last = start_ns;
	for (size_t i = 0; i < q->n_tasks; i++) {
		const struct task *t = &q->tasks[i];
		if (overlaps(t, start_ns, end_ns) && t->end_ns > last)
			last = t->end_ns;
	}
	return last + HOST_MARGIN_S * NS_PER_S;
}

// The first moment that any job of this time needs, with what is learned before it.
static int64_t first_needed(const struct host *h, int64_t start_ns, int64_t end_ns)
{
	const struct host_request *q = h->request;
	int64_t first = INT64_MAX;
	for (size_t i = 0; i < q->n_tasks; i++) {
		const struct task *t = &q->tasks[i];
		if (overlaps(t, start_ns, end_ns) && t->begin_ns < first)
			first = t->begin_ns;
	}
	return first - HOST_LEAD_S * NS_PER_S;
}

// Reads archives that overlap, record by record in the order of time.
static int read_together(struct host *h, struct lane *lanes, size_t n, int64_t from_ns,
	int64_t until_ns, struct error *err)
{
	int64_t first_ns = INT64_MAX;
	for (size_t i = 0; i < n; i++) {
		lane_begin(&lanes[i], &h->sweep, from_ns);
		if (lanes[i].has_record && lanes[i].record.time_ns < first_ns)
			first_ns = lanes[i].record.time_ns;
	}
	h->sweep.epoch.part++;
	if (first_ns > h->sweep.last_ns + HOST_JOIN_S * NS_PER_S)
		sweep_break(&h->sweep);
	for (;;) {
		struct lane *l = NULL;
		for (size_t i = 0; i < n; i++)
			if (lanes[i].has_record &&
				(l == NULL || lanes[i].record.time_ns < l->record.time_ns))
				l = &lanes[i];
		if (l == NULL || l->record.time_ns > until_ns)
			break;
		TRY(turn_over(h, l->record.time_ns, err));
		h->sweep.tasks.items = h->active;
		h->sweep.tasks.n = h->n_active;
		lane_take(l, &h->sweep);
		lane_next(l);
	}
	for (size_t i = 0; i < n; i++) {
		lane_end(&lanes[i]);
		if (archive_damage(lanes[i].archive)->code)
			h->request->bad(h->request->context, archive_damage(lanes[i].archive));
	}
	return 0;
}

static int read_all(struct host *h, struct error *err)
{
	size_t i = 0;
	while (i < h->n_lanes) {
		int64_t start = h->lanes[i].start_ns;
		int64_t end = h->lanes[i].end_ns;
		size_t n = 1;
		for (; i + n < h->n_lanes && h->lanes[i + n].start_ns <= end; n++)
			if (h->lanes[i + n].end_ns > end)
				end = h->lanes[i + n].end_ns;
		if (is_needed(h, start, end))
			TRY(read_together(h, h->lanes + i, n, first_needed(h, start, end),
				last_needed(h, start, end), err));
		i += n;
	}
	TRY(turn_over(h, INT64_MAX, err)); // those that begin after the last record
	sweep_settle(&h->sweep);
	for (size_t k = 0; k < h->n_active; k++)
		TRY(finish(h, h->active[k], err));
	h->n_active = 0;
	return 0;
}

static void host_close(struct host *h)
{
	for (size_t i = 0; i < h->n_active; i++)
		task_release(h->active[i], h->request->plan);
	for (size_t i = 0; i < h->n_lanes; i++) {
		lane_end(&h->lanes[i]);
		archive_close(h->lanes[i].archive);
	}
	sweep_close(&h->sweep);
	strbuf_release(&h->partial);
	free(h->lanes);
	free(h->active);
}

int host_sweep(const struct host_request *q, struct error *err)
{
	CLEANUP(host_close) struct host h = {.request = q};
	open_lanes(&h);
	find_edges(&h);
	if (q->n_tasks)
		qsort(q->tasks, q->n_tasks, sizeof(*q->tasks), by_begin);
	h.active = memory_alloc(q->n_tasks + 1, sizeof(struct task *));
	AUTO_FREE bool *wanted = memory_alloc(q->plan->n_sources + 1, sizeof(*wanted));
	find_wanted(&h, wanted);
	sweep_open(&h.sweep, q->plan, wanted);
	return read_all(&h, err);
}
