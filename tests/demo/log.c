// SPDX-License-Identifier: Apache-2.0
// A node's log: days of archives, sampled on the clock and at the begin and end of each job. A
// crash tears the archive; what follows is a new archive of a machine whose counters start anew.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/str.h"
#include "tests/demo/archive.h"
#include "tests/demo/node.h"

#define TICK_S      60
#define PROLOG_S    0.31 // a job's first sample comes this long after its start,
#define EPILOG_S    0.17 // and its last after its end
#define MAX_EVENTS  8192
#define ALL_SAMPLES (GROUP_STANDARD | GROUP_PERCPU | GROUP_SLOW)

static const struct {
	int ticks;
	unsigned group;
} intervals[] = {{2, GROUP_STANDARD}, {6, GROUP_PERCPU}, {12, GROUP_SLOW}};

struct event { // of a job on this node
	double at_s;
	bool is_end;
	const struct demo_job *job;
	int position;
};

struct log {
	struct node node;
	const char *root;
	struct truth *truth; // by job and node
	struct event events[MAX_EVENTS];
	size_t n_events, next;
	double now_s;
	struct archive *archive;
};

static int event_compare(const void *a, const void *b)
{
	const struct event *x = a;
	const struct event *y = b;

	if (x->at_s != y->at_s)
		return x->at_s < y->at_s ? -1 : 1;
	if (x->is_end != y->is_end)
		return x->is_end ? -1 : 1;
	return x->job < y->job ? -1 : x->job > y->job;
}

static bool dies_with(const struct site *s, const struct demo_job *j, int node)
{
	for (size_t i = 0; i < s->n_outages; i++)
		if (s->outages[i].node == node && s->outages[i].from_s == j->stop_s)
			return j->end == END_NODE_FAIL;
	return false;
}

static void list_events(struct log *l, const struct site *s, int node)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct demo_job *j = &s->jobs[i];

		for (int p = 0; p < j->n_nodes; p++) {
			double end = (double)(j->end_s ? j->end_s : j->stop_s) + EPILOG_S;

			if (j->nodes[p] != node || end < (double)s->archives_begin_s ||
				l->n_events + 2 > MAX_EVENTS)
				continue;
			l->events[l->n_events++] =
				(struct event){(double)j->start_s + PROLOG_S, false, j, p};
			if (!dies_with(s, j, node))
				l->events[l->n_events++] = (struct event){end, true, j, p};
		}
	}
	qsort(l->events, l->n_events, sizeof(l->events[0]), event_compare);
}

static void advance(struct log *l, double to_s)
{
	if (to_s > l->now_s) {
		node_advance(&l->node, l->now_s, to_s);
		l->now_s = to_s;
	}
}

static bool sample(struct log *l, unsigned groups, char why[256])
{
	node_gauges(&l->node, l->now_s);
	return !l->archive || archive_record(l->archive, &l->node, groups, l->now_s, why);
}

// Jobs that begin and end until to_s. A job's own begin and end are samples of everything.
static bool pass_events(struct log *l, double to_s, char why[256])
{
	while (l->next < l->n_events && l->events[l->next].at_s < to_s) {
		const struct event *e = &l->events[l->next++];
		const struct site *s = l->node.site;
		struct truth *t =
			&l->truth[(size_t)(e->job - s->jobs) * NODES + e->job->nodes[e->position]];

		advance(l, e->at_s);
		if (e->is_end) {
			if (!sample(l, ALL_SAMPLES, why))
				return false;
			node_end(&l->node, e->job);
		} else {
			node_begin(&l->node, e->job, e->position, t);
			if (!sample(l, ALL_SAMPLES, why))
				return false;
		}
	}
	return true;
}

// ROOT/<host>/<yyyy>/<mm>/<dd>/<yyyymmdd.hh.mm>
static bool archive_base(const struct log *l, double from_s, char base[512], char why[256])
{
	time_t t = (time_t)from_s;
	char below[64];
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(below, sizeof(below), "%Y/%m/%d/%Y%m%d.%H.%M", &tm);
	if (!str_format(base, 512, "%s/%s/%s", l->root, node_name(l->node.number), below)) {
		str_format(why, 256, "%s: name too long", l->root);
		return false;
	}
	for (char *end = strchr(base + strlen(l->root) + 1, '/'); end; end = strchr(end + 1, '/')) {
		*end = '\0';
		if (mkdir(base, 0755) < 0 && errno != EEXIST) {
			str_format(why, 256, "%s: %s", base, strerror(errno));
			return false;
		}
		*end = '/';
	}
	return true;
}

static bool run_ticks(struct log *l, double from_s, double until_s, char why[256])
{
	if (!sample(l, GROUP_MARK | GROUP_STATIC | ALL_SAMPLES, why))
		return false;
	for (int tick = 1; from_s + tick * TICK_S < until_s; tick++) {
		double jitter = 0.0009 * random_unit(&l->node.random);
		unsigned groups = 0;

		for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++)
			if (tick % intervals[i].ticks == 0)
				groups |= intervals[i].group;
		if (groups == 0)
			continue;
		if (!pass_events(l, from_s + tick * TICK_S, why))
			return false;
		advance(l, from_s + tick * TICK_S + jitter);
		if (!sample(l, groups, why))
			return false;
	}
	return pass_events(l, until_s, why);
}

// One archive; from_s is when its pmlogger starts.
static bool write_archive(struct log *l, double from_s, double until_s, bool torn, char why[256])
{
	char base[512];

	if (!pass_events(l, from_s, why))
		return false;
	advance(l, from_s);
	if (!archive_base(l, from_s, base, why) ||
		!archive_open(base, l->node.number < CPU_NODES ? 2 : 3, &l->node, &l->archive, why))
		return false;
	bool done = run_ticks(l, from_s, until_s, why);
	advance(l, until_s);
	if (done && !torn)
		done = sample(l, GROUP_MARK, why);
	done = archive_close(l->archive, torn, why) && done;
	l->archive = NULL;
	return done;
}

static const struct outage *next_outage(const struct site *s, int node, double from_s)
{
	const struct outage *found = NULL;

	for (size_t i = 0; i < s->n_outages; i++) {
		const struct outage *o = &s->outages[i];

		if (o->node == node && (double)o->from_s >= from_s &&
			(!found || o->from_s < found->from_s))
			found = o;
	}
	return found;
}

static bool write_days(struct log *l, const struct site *s, int number, char why[256])
{
	double from = (double)s->archives_begin_s + 0.2 + 0.05 * number;
	double end = (double)s->end_s;

	for (size_t i = 0; i < s->n_outages; i++) // the record may begin with a dead node
		if (s->outages[i].node == number && (double)s->outages[i].from_s < from &&
			(double)s->outages[i].until_s > from)
			from = (double)s->outages[i].until_s + 3.3;
	while (from < end) {
		const struct outage *o = next_outage(s, number, from);
		double midnight = floor(from / DAY + 1) * DAY + 0.2 + 0.05 * number;
		double until = fmin(end, midnight);
		bool torn = o && (double)o->from_s < until;

		if (torn)
			until = (double)o->from_s + 0.6;
		if (!write_archive(l, from, until, torn, why))
			return false;
		from = until;
		if (torn) { // jobs are gone with the node
			node_boot(&l->node, s, number, 0);
			from = (double)o->until_s + 3.3;
			l->now_s = (double)o->until_s;
		}
	}
	return true;
}

bool node_write(
	const struct site *s, int number, const char *root, struct truth *truth, char why[256])
{
	struct log *l = calloc(1, sizeof(*l));
	struct random r = random_stream(s->seed, 7, (uint64_t)number);
	bool done = false;

	if (!l) {
		snprintf(why, 256, "no memory");
		return false;
	}
	l->root = root;
	l->truth = truth;
	node_boot(&l->node, s, number, random_between(&r, 3, 30) * DAY);
	l->now_s = (double)s->archives_begin_s;
	list_events(l, s, number);
	// jobs that began before the record does
	while (l->next < l->n_events && l->events[l->next].at_s < l->now_s) {
		const struct event *e = &l->events[l->next++];

		if (!e->is_end)
			node_begin(&l->node, e->job, e->position,
				&truth[(size_t)(e->job - s->jobs) * NODES + (size_t)number]);
	}
	done = write_days(l, s, number, why);
	free(l);
	return done;
}
