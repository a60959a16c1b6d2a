// SPDX-License-Identifier: Apache-2.0
// bench_archive FOLDER CATALOGUE [SAMPLES [WAY]]: CPU seconds of reading one node-day in several ways, on
// the same file: a bare decode without a check, our reader, libpcp, and the whole sweep with the
// shipped catalogue for 1 and 50 jobs. The sums of all values show that the ways agree.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcp/pmapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/str.h"
#include "node_day.h"
#include "summarizer/archive/archive.h"
#include "summarizer/reduce/binding.h"
#include "summarizer/reduce/host.h"

#define START_S     1793404800
#define MAX_METRICS 1024
#define PLACES      4096 // of metrics in a table, mostly empty

struct tally {
	uint64_t records, values, sum;
};

struct bench {
	const char *base;
	struct arena arena;
	struct plan plan;
	size_t n_jobs;
	struct tally t;
	uint32_t wanted[PLACES]; // identifiers of what the sweep decodes; 0: none
};

static double cpu_now(void)
{
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static size_t place_of(const struct bench *b, uint32_t id)
{
	size_t at = id * 2654435761U >> 20;
	while (b->wanted[at] && b->wanted[at] != id)
		at = (at + 1) % PLACES;
	return at;
}

// The floor: no check at all, every number loaded once; of all metrics, or of those that are wanted.
static void decode(struct bench *b, bool all)
{
	char path[4096];
	struct stat st;
	(void)str_format(path, sizeof(path), "%s.0", b->base);
	int fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &st) < 0)
		die(path);
	const uint8_t *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	for (const uint8_t *r = p + wire_u32(p); r < p + st.st_size; r += wire_u32(r)) {
		const uint8_t *at = r + 16;
		b->t.records++;
		for (uint32_t n = wire_u32(r + 12); n; n--) {
			uint32_t k = wire_u32(at + 4);
			uint32_t is_block = wire_u32(at + 8);
			bool is_wanted = all || b->wanted[place_of(b, wire_u32(at))];
			at += 12;
			if (!is_wanted) {
				at += 8 * (size_t)k;
				continue;
			}
			b->t.values += k;
			for (; k; k--, at += 8) {
				const uint8_t *v = r - 8 + 4 * (size_t)wire_u32(at + 4);
				if (!is_block)
					b->t.sum += wire_u32(at + 4);
				else if (v[0] != ARCHIVE_TYPE_STRING)
					b->t.sum += wire_u64(v + 4);
			}
		}
	}
	munmap((void *)(uintptr_t)p, (size_t)st.st_size);
}

static void bare(struct bench *b)
{
	decode(b, true);
}

static void bare_wanted(struct bench *b)
{
	decode(b, false);
}

static void add_set(struct tally *t, const struct archive_record *r, const struct archive_set *s)
{
	t->values += (uint64_t)s->n;
	for (int32_t i = 0; i < s->n; i++) {
		uint64_t bits = 0;
		// As the type is not looked up, each value says its own.
		uint32_t type = ARCHIVE_TYPE_U32;
		if (s->is_block)
			type = r->start[4 * (size_t)wire_u32(s->values + 8 * (size_t)i + 4) - 8];
		if (archive_value_bits(r, s, i, type, &bits))
			t->sum += bits;
	}
}

// All values, or those that are wanted: the least that a sweep can cost that reads like ours, which
// looks at every length and copies what it reads (summarizer/README.md says why it maps nothing).
static void read_checked(struct bench *b, bool all)
{
	struct archive *x = NULL;
	struct error err;
	struct archive_record r;
	struct archive_set s;
	if (archive_open(b->base, &x, &err) < 0)
		die(err.text);
	while (archive_next(x, &r) > 0) {
		struct archive_record whole = r;
		b->t.records++;
		while (archive_set_next(&r, &s) > 0)
			if (all || b->wanted[place_of(b, s.pmid)])
				add_set(&b->t, &whole, &s);
	}
	archive_close(x);
}

static void ours(struct bench *b)
{
	read_checked(b, true);
}

static void ours_wanted(struct bench *b)
{
	read_checked(b, false);
}

static void add_theirs(struct tally *t, const pmValueSet *vs)
{
	for (int i = 0; i < vs->numval; i++, t->values++) {
		uint64_t v = 0;
		if (vs->valfmt == PM_VAL_INSITU)
			v = (uint32_t)vs->vlist[i].value.lval;
		else if (vs->vlist[i].value.pval->vtype != PM_TYPE_STRING)
			memcpy(&v, vs->vlist[i].value.pval->vbuf, 8);
		t->sum += v;
	}
}

static void libpcp(struct bench *b)
{
	pmResult *r = NULL;
	int context = pmNewContext(PM_CONTEXT_ARCHIVE, b->base);
	if (context < 0)
		die(pmErrStr(context));
	while (pmFetchArchive(&r) >= 0) {
		b->t.records++;
		for (int i = 0; i < r->numpmid; i++)
			add_theirs(&b->t, r->vset[i]);
		pmFreeResult(r);
	}
	pmDestroyContext(context);
}

// The window of each job: the whole day for one, else half of it, begun one after the other.
static void window(const struct bench *b, size_t job, int64_t *ret_begin, int64_t *ret_end)
{
	*ret_begin = START_S + 300 + (int64_t)(job * 43200 / b->n_jobs);
	*ret_end = b->n_jobs == 1 ? START_S + 86000 : *ret_begin + 43200;
}

// The names of what the sweep decodes: its tracks, and the texts that tell whose cores are whose.
static int metric_names(const struct bench *b, const char **names)
{
	int n = 0;
	for (size_t i = 0; i < b->plan.n_tracks && n < MAX_METRICS; i++)
		names[n++] = b->plan.tracks[i].metric;
	for (size_t i = 0; i < n_binding_metrics && n < MAX_METRICS; i++)
		names[n++] = binding_metrics[i].name;
	return n;
}

// Their identifiers in an archive that is open.
static int metric_ids(const struct bench *b, pmID *ids)
{
	const char *names[MAX_METRICS];
	int n = 0;
	for (int i = 0, all = metric_names(b, names); i < all; i++)
		n += pmLookupName(1, &names[i], &ids[n]) == 1;
	return n;
}

static void load_wanted(struct bench *b)
{
	pmID ids[MAX_METRICS];
	int context = pmNewContext(PM_CONTEXT_ARCHIVE, b->base);
	if (context < 0)
		die(pmErrStr(context));
	for (int i = 0, n = metric_ids(b, ids); i < n; i++)
		b->wanted[place_of(b, ids[i])] = ids[i];
	pmDestroyContext(context);
}

static void fetch_one(struct bench *b, int64_t begin, int64_t end)
{
	pmID ids[MAX_METRICS];
	pmResult *r = NULL;
	int context = pmNewContext(PM_CONTEXT_ARCHIVE, b->base);
	if (context < 0)
		die(pmErrStr(context));
	int n = metric_ids(b, ids);
	struct timeval from = {.tv_sec = begin};
	if (pmSetMode(PM_MODE_FORW, &from, 0) < 0)
		die("pmSetMode");
	while (pmFetch(n, ids, &r) >= 0) {
		bool is_past = r->timestamp.tv_sec > end;
		b->t.records++;
		for (int i = 0; i < r->numpmid; i++)
			add_theirs(&b->t, r->vset[i]);
		pmFreeResult(r);
		if (is_past)
			break;
	}
	pmDestroyContext(context);
}

// As a summarizer on libpcp does at best: for each job one pass that fetches the same metrics.
static void fetch(struct bench *b)
{
	for (size_t job = 0; job < b->n_jobs; job++) {
		int64_t begin = 0;
		int64_t end = 0;
		window(b, job, &begin, &end);
		fetch_one(b, begin, end);
	}
}

static int take(void *context, struct bytes partial, struct error *err)
{
	struct bench *b = context;
	(void)err;
	b->t.sum += partial.len;
	return 0;
}

static void bad(void *context, const struct error *why)
{
	(void)context;
	die(why->text);
}

// Jobs that overlap: each runs for half of the day, begun one after the other.
static void sweep(struct bench *b)
{
	struct archive_place place = {
		.base = b->base, .host = "node0001", .start_ns = START_S * NS_PER_S};
	struct job *jobs = memory_alloc(b->n_jobs, sizeof(*jobs));
	struct task *tasks = memory_alloc(b->n_jobs, sizeof(*tasks));
	for (size_t i = 0; i < b->n_jobs; i++) {
		int64_t begin = 0;
		int64_t end = 0;
		window(b, i, &begin, &end);
		jobs[i] = (struct job){.key = {.cluster = "c", .raw_id = 1 + i},
			.user = "user",
			.nodes = 1,
			.cpus = 64,
			.start_s = begin,
			.end_s = end};
		tasks[i] = (struct task){.job = &jobs[i],
			.job_index = i,
			.series_points = 100,
			.begin_ns = begin * NS_PER_S,
			.end_ns = end * NS_PER_S};
	}
	struct host_request q = {.plan = &b->plan,
		.places = &place,
		.n_places = 1,
		.tasks = tasks,
		.n_tasks = b->n_jobs,
		.done = take,
		.bad = bad,
		.context = b};
	struct error err;
	if (host_sweep(&q, &err) < 0)
		die(err.text);
	free(tasks);
	free(jobs);
}

static void load_plan(struct bench *b, const char *folder)
{
	static struct catalogue c;
	struct catalogue_problem problem = {.bad = bad};
	struct error err;
	if (catalogue_load(&folder, 1, &problem, &b->arena, &c, &err) < 0)
		die(err.text);
	plan_make(&c, 100, &b->arena, &b->plan);
}

static const struct way {
	const char *name;
	void (*run)(struct bench *b);
	size_t n_jobs;
	int repeats;
} ways[] = {
	{"bare decode, no checks", bare, 0, 11},
	{"bare decode of the sweep's metrics", bare_wanted, 0, 11},
	{"our reader, all values", ours, 0, 11},
	{"our reader, the sweep's metrics", ours_wanted, 0, 11},
	{"pmFetchArchive, all values", libpcp, 0, 11},
	{"sweep, shipped catalogue, 1 job", sweep, 1, 11},
	{"sweep, shipped catalogue, 50 jobs", sweep, 50, 11},
	{"pmFetch of its metrics, 1 job", fetch, 1, 2},
	{"pmFetch of its metrics, 50 jobs", fetch, 50, 1},
};

int main(int argc, char **argv)
{
	struct bench b = {0};
	double floor = 0;
	if (argc < 3)
		die("usage: bench_archive FOLDER CATALOGUE [SAMPLES [WAY]]");
	(void)setenv("PCP_DERIVED_CONFIG", "/dev/null", 1);
	b.base = arena_printf(&b.arena, "%s/node_day", argv[1]);
	struct node_day day = {
		.base = b.base, .version = 2, .samples = 2880, .step_s = 30, .start_s = START_S};
	if (argc > 3)
		day.samples = (int)strtol(argv[3], NULL, 10);
	if (access(arena_printf(&b.arena, "%s.meta", b.base), R_OK) < 0)
		(void)node_day_write(&day);
	load_plan(&b, argv[2]);
	load_wanted(&b);
	printf("%-36s %8s %7s %9s %10s %s\n", "way", "CPU s", "x bare", "records", "values", "sum");
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		double best = 1e9;
		if (argc > 4 && strstr(ways[i].name, argv[4]) == NULL)
			continue;
		b.n_jobs = ways[i].n_jobs;
		for (int k = 0; k < ways[i].repeats; k++) {
			double start = cpu_now();
			b.t = (struct tally){0};
			ways[i].run(&b);
			double took = cpu_now() - start;
			best = took < best ? took : best;
		}
		floor = i == 0 ? best : floor;
		printf("%-36s %8.3f %7.1f %9" PRIu64 " %10" PRIu64 " %016" PRIx64 "\n",
			ways[i].name, best, best / floor, b.t.records, b.t.values, b.t.sum);
	}
	arena_release(&b.arena);
	return 0;
}
