// SPDX-License-Identifier: Apache-2.0
// The life of the demo site: who submits what and when, where it runs, how it ends. Jobs are
// placed in the order of their submission at the earliest instant at which cores, GPUs and memory
// are free on enough nodes (conservative backfill).
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "tests/demo/site.h"

#define FIRST_RAW_ID  48211
#define MAX_ACTIVE    512
#define NOTICE_S      300 // the controller takes a node for dead after this long
#define BOOT_MINUTES  25
#define HET_GPU_CORES 16

const struct kind_row kind_rows[KINDS] = {
#define KIND(name, count, program, partition, nodes, cores, gpus, minutes, user, system, wait,    \
	memory, read, write, fabric, active, gpu_memory, shape, end, exit_code)                   \
	{#name, count, program, PARTITION_##partition, nodes, cores, gpus, minutes, user, system, \
		wait, memory, read, write, fabric, active, gpu_memory, SHAPE_##shape, END_##end,  \
		exit_code},
#include "tests/demo/kinds.def"
};

enum stream { STREAM_ARRIVAL = 1, STREAM_JOB }; // of random numbers

struct submission {
	int64_t when_s;
	enum kind kind;
	int number; // within the kind
};

struct hold { // what a job, or an outage, takes of a node
	int64_t from_s, until_s;
	uint64_t cores;
	uint8_t gpus;
	uint32_t memory_mb;
};

struct scheduler {
	struct site *site;
	struct hold holds[NODES][MAX_ACTIVE];
	size_t n_holds[NODES];
	uint32_t next_id;
};

struct request {
	enum partition partition;
	int nodes, cores, gpus; // cores and GPUs a node
	uint32_t memory_mb;
	bool exclusive;
	int64_t seconds;
	int64_t down; // of them the last: the time for which a node is dead
};

struct placement {
	int64_t start_s;
	int n_nodes;
	uint8_t nodes[NODES];
	uint64_t cores[NODES];
	uint8_t gpus[NODES];
};

// Share of a day's submissions that come before an hour: people work by day.
static double hour_of_share(double share)
{
	static const double before[] = {0, .02, .03, .04, .05, .06, .07, .09, .13, .20, .28, .36,
		.43, .50, .58, .66, .73, .79, .84, .88, .91, .94, .96, .98, 1};
	int hour = 0;

	while (hour < 23 && share >= before[hour + 1])
		hour++;
	return hour + (share - before[hour]) / (before[hour + 1] - before[hour]);
}

static int submission_compare(const void *a, const void *b)
{
	const struct submission *x = a;
	const struct submission *y = b;

	if (x->when_s != y->when_s)
		return x->when_s < y->when_s ? -1 : 1;
	return x->kind != y->kind ? (int)x->kind - (int)y->kind : x->number - y->number;
}

// Each kind is spread evenly over the whole time, so that every week has some of each.
static struct submission *arrivals(const struct site *s, size_t *ret_n)
{
	struct submission *list = calloc(MAX_JOBS, sizeof(*list));
	double days = (double)(s->end_s - s->begin_s) / DAY;
	size_t n = 0;

	if (!list)
		return NULL;
	for (int k = 0; k < KINDS; k++) {
		int count = (int)(kind_rows[k].count * s->scale + 0.999);

		for (int i = 0; i < count && n < MAX_JOBS; i++, n++) {
			struct random r = random_stream(
				s->seed, STREAM_ARRIVAL, (uint64_t)k << 32 | (uint64_t)i);
			double day = (i + random_unit(&r)) / count * days;
			double hour = hour_of_share(day - floor(day));

			list[n] = (struct submission){
				s->begin_s + (int64_t)(floor(day) * DAY + hour * 3600),
				(enum kind)k, i};
		}
	}
	qsort(list, n, sizeof(*list), submission_compare);
	*ret_n = n;
	return list;
}

static void hold(struct scheduler *c, int node, struct hold h)
{
	if (c->n_holds[node] < MAX_ACTIVE)
		c->holds[node][c->n_holds[node]++] = h;
}

static void forget_before(struct scheduler *c, int64_t when_s)
{
	for (int n = 0; n < NODES; n++) {
		size_t kept = 0;

		for (size_t i = 0; i < c->n_holds[n]; i++)
			if (c->holds[n][i].until_s > when_s)
				c->holds[n][kept++] = c->holds[n][i];
		c->n_holds[n] = kept;
	}
}

static bool node_is_in(int node, enum partition p)
{
	static const int first[PARTITIONS] = {0, 8, CPU_NODES};
	static const int end[PARTITIONS] = {8, CPU_NODES, NODES};

	return node >= first[p] && node < end[p];
}

static uint64_t lowest_bits(uint64_t free, int n)
{
	uint64_t taken = 0;

	for (; n > 0; n--) {
		taken |= free & -free;
		free &= free - 1;
	}
	return taken;
}

// Takes what r asks for on one node in [from, from + seconds) if it is free.
static bool node_fits(const struct scheduler *c, int node, const struct request *r, int64_t from_s,
	uint64_t *ret_cores, uint8_t *ret_gpus)
{
	uint64_t busy = 0;
	unsigned gpus_busy = 0;
	uint32_t memory = 0;

	for (size_t i = 0; i < c->n_holds[node]; i++) {
		const struct hold *h = &c->holds[node][i];

		if (h->from_s >= from_s + r->seconds || h->until_s <= from_s)
			continue;
		busy |= h->cores;
		gpus_busy |= h->gpus;
		memory += h->memory_mb;
	}
	if (r->exclusive && busy)
		return false;
	if (__builtin_popcountll(~busy) < r->cores || memory + r->memory_mb > MEMORY_MB ||
		GPUS - __builtin_popcount(gpus_busy) < r->gpus)
		return false;
	*ret_cores = lowest_bits(~busy, r->cores);
	*ret_gpus = (uint8_t)lowest_bits(~gpus_busy & 0xf, r->gpus);
	return true;
}

static bool fits_at(
	const struct scheduler *c, const struct request *r, int64_t from_s, struct placement *ret)
{
	ret->start_s = from_s;
	ret->n_nodes = 0;
	for (int node = 0; node < NODES && ret->n_nodes < r->nodes; node++)
		if (node_is_in(node, r->partition) &&
			node_fits(c, node, r, from_s, &ret->cores[ret->n_nodes],
				&ret->gpus[ret->n_nodes]))
			ret->nodes[ret->n_nodes++] = (uint8_t)node;
	return ret->n_nodes == r->nodes;
}

// The earliest start: now, or when something that is in the way ends.
static struct placement place(const struct scheduler *c, const struct request *r, int64_t now_s)
{
	struct placement best = {0};
	struct placement p;
	int64_t best_s = INT64_MAX;

	if (fits_at(c, r, now_s, &best))
		return best;
	for (int node = 0; node < NODES; node++) {
		if (!node_is_in(node, r->partition))
			continue;
		for (size_t i = 0; i < c->n_holds[node]; i++) {
			int64_t then = c->holds[node][i].until_s + 2;

			if (then > now_s && then < best_s && fits_at(c, r, then, &p)) {
				best = p;
				best_s = then;
			}
		}
	}
	return best;
}

static struct demo_job *new_job(
	struct scheduler *c, const struct submission *u, const struct random *r)
{
	struct site *s = c->site;
	struct demo_job *j;

	if (s->n_jobs >= MAX_JOBS)
		return NULL;
	j = &s->jobs[s->n_jobs++];
	*j = (struct demo_job){.raw_id = c->next_id++,
		.kind = u->kind,
		.array_task = -1,
		.het_offset = -1,
		.submit_s = u->when_s,
		.seed = r->state ^ (uint64_t)s->n_jobs};
	return j;
}

static int pick(struct random *r, struct range x)
{
	return random_int(r, (int)x.low, (int)x.high);
}

// People have habits: a kind is used by some of them only, and by a few of those most.
static int pick_user(struct random *r, enum kind k)
{
	double share = random_unit(r);

	return ((int)k * 7 + (int)(share * share * 12) * 3) % USERS;
}

static int limit_minutes(struct random *r, enum end end, int64_t seconds)
{
	static const int usual[] = {10, 30, 60, 120, 240, 360, 480, 720, 1440, 2880};
	int minutes = (int)(seconds / 60) + 1;

	if (end == END_TIMEOUT)
		return (int)(seconds / 60);
	minutes = (int)(minutes * random_between(r, 1.1, 3));
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (minutes <= usual[i])
			return usual[i];
	return 4320;
}

static struct request make_request(struct random *r, const struct kind_row *k)
{
	struct request q = {.partition = k->partition,
		.nodes = pick(r, k->nodes),
		.cores = pick(r, k->cores),
		.gpus = pick(r, k->gpus)};

	q.exclusive = q.cores == 0;
	if (q.exclusive)
		q.cores = CORES;
	q.seconds = (int64_t)(random_log(r, k->minutes.low, k->minutes.high) * 60);
	if (k->end == END_TIMEOUT)
		q.seconds = q.seconds / 600 * 600;
	if (k->end == END_NODE_FAIL) {
		q.down = NOTICE_S + random_int(r, 10, 10 * BOOT_MINUTES) * 60;
		q.seconds += q.down;
	}
	q.memory_mb = q.exclusive ? MEMORY_MB : (uint32_t)q.cores * (MEMORY_MB / CORES);
	if (k->shape == SHAPE_RAMP && !q.exclusive)
		q.memory_mb = (uint32_t)(random_int(r, 4, 7) * MEMORY_MB / 10);
	return q;
}

static void occupy(struct scheduler *c, const struct demo_job *j, int64_t until_s)
{
	for (int i = 0; i < j->n_nodes; i++)
		hold(c, j->nodes[i],
			(struct hold){j->start_s, until_s, j->exclusive ? ALL_CORES : j->cores[i],
				j->gpus[i], j->memory_mb});
}

static void put(struct demo_job *j, const struct request *q, const struct placement *p)
{
	j->start_s = p->start_s;
	j->stop_s = j->end_s = p->start_s + q->seconds - q->down;
	j->n_nodes = p->n_nodes;
	j->exclusive = q->exclusive;
	j->memory_mb = q->memory_mb;
	memcpy(j->nodes, p->nodes, sizeof(j->nodes));
	memcpy(j->cores, p->cores, sizeof(j->cores));
	memcpy(j->gpus, p->gpus, sizeof(j->gpus));
}

// The last of the job's nodes dies when the job would have stopped; the controller notices later.
static void kill_node(struct site *s, struct demo_job *j, int64_t down)
{
	j->end_s = j->stop_s + NOTICE_S;
	if (s->n_outages < MAX_OUTAGES)
		s->outages[s->n_outages++] =
			(struct outage){j->nodes[j->n_nodes - 1], j->stop_s, j->stop_s + down};
}

// The first record of a requeued job, and the request of the second.
static void requeue(
	struct scheduler *c, struct demo_job *first, struct request *q, struct random *r)
{
	struct demo_job *again;
	struct submission u;

	first->stop_s = first->end_s = first->start_s + q->seconds / 3 + 30;
	first->end = END_REQUEUED;
	occupy(c, first, first->end_s);
	u = (struct submission){first->end_s, first->kind, 0};
	again = new_job(c, &u, r);
	if (!again)
		return;
	c->next_id--;
	again->raw_id = first->raw_id;
	again->user = first->user;
	again->limit_minutes = first->limit_minutes;
	again->end = END_COMPLETED;
	struct placement p = place(c, q, first->end_s + 121);
	put(again, q, &p);
	occupy(c, again, again->end_s);
}

static void finish(struct scheduler *c, struct demo_job *j, struct request *q, struct random *r)
{
	const struct kind_row *k = &kind_rows[j->kind];

	j->end = k->end;
	j->exit_code =
		k->end == END_FAILED && random_unit(r) < 0.4 ? random_int(r, 2, 139) : k->exit_code;
	if (j->exit_code > 128) {
		j->exit_signal = j->exit_code - 128;
		j->exit_code = 0;
	}
	switch (k->end) {
	case END_NODE_FAIL:
		kill_node(c->site, j, q->down);
		occupy(c, j, j->stop_s + q->down);
		return;
	case END_REQUEUED:
		requeue(c, j, q, r);
		return;
	case END_NEVER: // it was cancelled before its turn
		j->end_s = j->submit_s + random_int(r, 60, 3600);
		j->start_s = j->stop_s = NEVER_STARTED;
		j->n_nodes = 0;
		return;
	default:
		break;
	}
	occupy(c, j, j->end_s);
}

static void submit_one(struct scheduler *c, const struct submission *u, struct random *r)
{
	const struct kind_row *k = &kind_rows[u->kind];
	struct request q = make_request(r, k);
	struct placement p = place(c, &q, u->when_s + random_int(r, 1, 20));
	struct demo_job *j = new_job(c, u, r);

	if (!j)
		return;
	j->user = pick_user(r, u->kind);
	j->limit_minutes = limit_minutes(r, k->end, q.seconds);
	put(j, &q, &p);
	finish(c, j, &q, r);
}

// The last task keeps the id of the array, as Slurm does it.
static void submit_array(struct scheduler *c, const struct submission *u, struct random *r)
{
	const struct kind_row *k = &kind_rows[u->kind];
	int tasks = random_int(r, 4, 18);
	int user = pick_user(r, u->kind);
	uint32_t array = c->next_id++;

	for (int t = 0; t < tasks; t++) {
		struct request q = make_request(r, k);
		struct placement p = place(c, &q, u->when_s + 3 + t);
		struct demo_job *j = new_job(c, u, r);

		if (!j)
			return;
		if (t == tasks - 1) {
			c->next_id--;
			j->raw_id = array;
		}
		j->array_job = array;
		j->array_task = t;
		j->user = user;
		j->limit_minutes = 60;
		put(j, &q, &p);
		finish(c, j, &q, r);
	}
}

// Component 0 on CPU nodes, component 1 on one GPU node, both at the same time.
static void submit_het(struct scheduler *c, const struct submission *u, struct random *r)
{
	const struct kind_row *k = &kind_rows[u->kind];
	struct request q[2] = {make_request(r, k)};
	struct placement p[2];
	int user = pick_user(r, u->kind);
	int64_t when = u->when_s + 5;
	uint32_t first = c->next_id;

	q[1] = (struct request){.partition = PARTITION_GPU,
		.nodes = 1,
		.cores = HET_GPU_CORES,
		.gpus = 1,
		.seconds = q[0].seconds,
		.memory_mb = HET_GPU_CORES * (MEMORY_MB / CORES)};
	do {
		p[0] = place(c, &q[0], when);
		p[1] = place(c, &q[1], p[0].start_s);
		when = p[1].start_s;
	} while (p[0].start_s != p[1].start_s);
	for (int i = 0; i < 2; i++) {
		struct demo_job *j = new_job(c, u, r);

		if (!j)
			return;
		j->het_job = first;
		j->het_offset = i;
		j->user = user;
		j->limit_minutes = limit_minutes(r, END_COMPLETED, q[0].seconds) / 60 * 60 + 60;
		put(j, &q[i], &p[i]);
		finish(c, j, &q[i], r);
	}
}

static int job_compare(const void *a, const void *b)
{
	const struct demo_job *x = a;
	const struct demo_job *y = b;

	if (x->raw_id != y->raw_id)
		return x->raw_id < y->raw_id ? -1 : 1;
	return x->submit_s < y->submit_s ? -1 : x->submit_s > y->submit_s;
}

// What the accounting knows at the end of the record: some jobs run, some wait still.
static void look_at_end(struct site *s)
{
	size_t known = 0;

	for (size_t i = 0; i < s->n_jobs; i++) {
		struct demo_job *j = &s->jobs[known];

		*j = s->jobs[i];
		if (j->submit_s >= s->end_s)
			continue;
		known++;
		if (j->start_s >= s->end_s || (j->end == END_NEVER && j->end_s > s->end_s)) {
			j->end = END_PENDING;
			j->start_s = j->end_s = j->stop_s = 0;
			j->n_nodes = 0;
		} else if (j->end_s > s->end_s) {
			j->end = END_RUNNING;
			j->end_s = 0;
		}
		if (j->end >= END_RUNNING)
			j->exit_code = j->exit_signal = 0;
	}
	s->n_jobs = known;
}

bool site_populate(struct site *s)
{
	struct scheduler *c = calloc(1, sizeof(*c));
	struct submission *list = NULL;
	size_t n = 0;
	bool done = false;

	s->jobs = calloc(MAX_JOBS, sizeof(*s->jobs));
	list = c && s->jobs ? arrivals(s, &n) : NULL;
	if (list) {
		c->site = s;
		c->next_id = FIRST_RAW_ID;
		for (size_t i = 0; i < n; i++) {
			struct random r = random_stream(s->seed, STREAM_JOB,
				(uint64_t)list[i].kind << 32 | (uint64_t)list[i].number);

			forget_before(c, list[i].when_s);
			if (list[i].kind == KIND_array)
				submit_array(c, &list[i], &r);
			else if (list[i].kind == KIND_heterogeneous)
				submit_het(c, &list[i], &r);
			else
				submit_one(c, &list[i], &r);
		}
		qsort(s->jobs, s->n_jobs, sizeof(*s->jobs), job_compare);
		look_at_end(s);
		done = true;
	}
	free(list);
	free(c);
	return done;
}

void site_release(struct site *s)
{
	free(s->jobs);
	s->jobs = NULL;
	s->n_jobs = 0;
}
