// SPDX-License-Identifier: Apache-2.0
// Second link: whether each node of the job has samples from its begin to its end. It looks into the
// folders of the job's hosts; into the whole tree only when there is none of a host.
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/hostlist.h"
#include "common/map.h"
#include "common/memory.h"
#include "common/str.h"
#include "keeper/why.h"
#include "summarizer/archive/archive.h"
#include "summarizer/archive/tree.h"

enum { EDGE_S = 120, GAP_S = 300 }; // less is how sampling works

enum defect { DEFECT_MISSING, DEFECT_LATE, DEFECT_EARLY, DEFECT_GAP, DEFECT_DAMAGED, DEFECTS };

static const enum cause causes[DEFECTS] = {
	[DEFECT_MISSING] = CAUSE_MISSING_NODE,
	[DEFECT_LATE] = CAUSE_BEGINS_LATE,
	[DEFECT_EARLY] = CAUSE_ENDS_EARLY,
	[DEFECT_GAP] = CAUSE_GAP,
	[DEFECT_DAMAGED] = CAUSE_DAMAGED,
};

struct survey {
	struct why *why;
	struct archive_tree tree; // of the whole root, once that was needed
	bool has_tree, is_unreadable;
	const char **hosts[DEFECTS];
	size_t n[DEFECTS];
	const char *worst[DEFECTS]; // in words, of the worst host
	int64_t worst_s[DEFECTS];
};

struct samples { // of one host in the time of the job
	int64_t first_s, last_s;
	int64_t gap_s, gap_at_s;
	int64_t *times;
	size_t n, room;
	const char *damage;
};

static void survey_close(struct survey *s)
{
	archive_tree_release(&s->tree);
	for (int d = 0; d < DEFECTS; d++)
		free(s->hosts[d]);
}

static void close_archive(struct archive **x)
{
	archive_close(*x);
}

static void bad_of_host(void *context, const struct error *why)
{
	struct survey *s = context;

	if (!s->worst[DEFECT_DAMAGED])
		s->worst[DEFECT_DAMAGED] = arena_strdup(s->why->arena, why->text);
}

static struct archive_tree_request request(struct survey *s, const char *root)
{
	return (struct archive_tree_request){.root = root,
		.since_s = s->why->job.start_s,
		.until_s = s->why->job.end_s,
		.bad = bad_of_host,
		.context = s};
}

// The archives of a host, looked for in its folder, which is called as the host is.
static int find_in_folder(
	struct survey *s, const char *host, struct archive_tree *t, const struct archive_host **ret)
{
	const char *root = arena_printf(s->why->arena, "%s/%s", s->why->cluster->archives, host);
	struct archive_tree_request q = request(s, root);
	struct stat st;

	if (strchr(host, '/') || stat(root, &st) < 0 ||
		archive_tree_scan(t, &q, s->why->arena, NULL) < 0)
		return 0;
	*ret = archive_tree_host(t, host);
	return *ret != NULL;
}

static int find_anywhere(struct survey *s, const char *host, const struct archive_host **ret)
{
	struct archive_tree_request q = request(s, s->why->cluster->archives);
	struct error err = {0};

	if (!s->has_tree) {
		s->has_tree = true;
		if (archive_tree_scan(&s->tree, &q, s->why->arena, &err) < 0) {
			s->is_unreadable = true;
			why_add(s->why, CAUSE_NO_TREE, err.text);
		}
	}
	*ret = archive_tree_host(&s->tree, host);
	return *ret != NULL;
}

static void take_time(struct samples *t, int64_t s)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		t->times = memory_resize(t->times, t->room, sizeof(*t->times));
	}
	t->times[t->n++] = s;
}

static void read_times(struct survey *s, const char *base, struct samples *t)
{
	CLEANUP(close_archive) struct archive *x = NULL;
	const struct job *j = &s->why->job;
	struct archive_record r;
	struct error why = {0};

	if (archive_open(base, &x, &why) < 0) {
		t->damage = arena_strdup(s->why->arena, why.text);
		return;
	}
	archive_seek(x, (j->start_s - EDGE_S) * NS_PER_S);
	while (archive_next(x, &r) > 0 && r.time_ns <= (j->end_s + EDGE_S) * NS_PER_S)
		if (r.n_sets > 0 && r.time_ns >= (j->start_s - EDGE_S) * NS_PER_S)
			take_time(t, r.time_ns / NS_PER_S);
	if (archive_damage(x)->code)
		t->damage = arena_strdup(s->why->arena, archive_damage(x)->text);
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void find_gap(struct samples *t)
{
	if (t->n == 0)
		return;
	qsort(t->times, t->n, sizeof(*t->times), by_time);
	t->first_s = t->times[0];
	t->last_s = t->times[t->n - 1];
	for (size_t i = 1; i < t->n; i++)
		if (t->times[i] - t->times[i - 1] > t->gap_s) {
			t->gap_s = t->times[i] - t->times[i - 1];
			t->gap_at_s = t->times[i - 1];
		}
}

static void note(
	struct survey *s, enum defect d, const char *host, int64_t how_much, const char *text)
{
	if (!s->hosts[d])
		s->hosts[d] = memory_alloc(s->why->job.hosts.n, sizeof(*s->hosts[d]));
	s->hosts[d][s->n[d]++] = host;
	if (how_much >= s->worst_s[d]) {
		s->worst_s[d] = how_much;
		s->worst[d] = text;
	}
}

static void judge(struct survey *s, const char *host, const struct samples *t)
{
	struct arena *a = s->why->arena;
	const struct job *j = &s->why->job;
	char at[TIME_TEXT_SIZE];
	size_t before = s->n[DEFECT_LATE] + s->n[DEFECT_EARLY] + s->n[DEFECT_GAP];

	if (t->damage)
		note(s, DEFECT_DAMAGED, host, 0, t->damage);
	if (t->n == 0) {
		note(s, DEFECT_MISSING, host, 0, NULL);
		return;
	}
	if (t->first_s > j->start_s + EDGE_S)
		note(s, DEFECT_LATE, host, t->first_s - j->start_s,
			arena_printf(a, "by up to %s", why_span(a, t->first_s - j->start_s)));
	if (t->last_s < j->end_s - EDGE_S)
		note(s, DEFECT_EARLY, host, j->end_s - t->last_s,
			arena_printf(a, "by up to %s", why_span(a, j->end_s - t->last_s)));
	if (t->gap_s > GAP_S)
		note(s, DEFECT_GAP, host, t->gap_s,
			arena_printf(a, "up to %s, from %s on", why_span(a, t->gap_s),
				format_time(t->gap_at_s, at)));
	if (before == s->n[DEFECT_LATE] + s->n[DEFECT_EARLY] + s->n[DEFECT_GAP] && !t->damage)
		s->why->hosts_whole++;
}

static void survey_host(struct survey *s, const char *name)
{
	const char *suffix = s->why->cluster->host_suffix ? s->why->cluster->host_suffix : "";
	const char *host = arena_printf(s->why->arena, "%s%s", name, suffix);
	const struct archive_host *h = NULL;
	CLEANUP(archive_tree_release) struct archive_tree own = {0};
	struct samples t = {0};

	if (find_in_folder(s, host, &own, &h) || find_anywhere(s, host, &h))
		for (size_t i = 0; i < h->n; i++)
			read_times(s, h->places[i].base, &t);
	find_gap(&t);
	judge(s, name, &t);
	free(t.times);
}

static void conclude(struct survey *s)
{
	struct why *w = s->why;
	size_t n = w->job.hosts.n;

	w->texts[LINK_ARCHIVES] = arena_printf(
		w->arena, "%zu of %zu nodes have samples of the whole job", w->hosts_whole, n);
	if (s->is_unreadable)
		return;
	if (s->n[DEFECT_MISSING] == n) {
		why_add(w, str_eq(why_state(w), "done") ? CAUSE_MOVED : CAUSE_NO_ARCHIVES,
			s->worst[DEFECT_DAMAGED]);
		return;
	}
	for (int d = 0; d < DEFECTS; d++) {
		if (s->n[d] == 0)
			continue;
		const char *hosts = hostlist_compress(s->hosts[d], s->n[d], w->arena);
		why_add(w, causes[d],
			s->worst[d] ? arena_printf(w->arena, "%s, %s", hosts, s->worst[d]) : hosts);
	}
}

void link_archives(struct why *w)
{
	CLEANUP(survey_close) struct survey s = {.why = w};

	if (w->job.start_s == 0 || w->job.hosts.n == 0 ||
		why_verdict(w, LINK_ACCOUNTING) == VERDICT_WAIT)
		return;
	for (size_t i = 0; i < w->job.hosts.n; i++)
		survey_host(&s, w->job.hosts.hosts[i]);
	conclude(&s);
}
