// SPDX-License-Identifier: Apache-2.0
// make_site STORE-URL CATALOGUE-DIR: fills a document store with jobs for the portal's tests. What a
// document holds follows from the catalogue; the numbers follow from the job's number. Special
// jobs (see the table) have what a test looks for.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/catalogue/catalogue.h"
#include "common/document/document.h"
#include "common/store/store.h"
#include "common/str.h"

#define FIRST_END  INT64_C(1794960000) // 2026-11-18 00:00 UTC
#define CLUSTER    "alpha"
#define POINTS     100
#define PLAIN_JOBS 180

struct made { // one job of the site
	uint64_t raw_id;
	const char *id, *name, *user, *account, *partition, *state;
	unsigned nodes, cores, gpus;
	int64_t submit, wait, wall, limit;
	bool is_running, has_gap, has_errors;
};

static const struct made special[] = {
	{1001, "1001", "relax", "alice", "physics", "cpu", "COMPLETED", 4, 64, 0, FIRST_END - 12000,
		722, 11422, 86400, false, true, true},
	{1002, "1002", "<script>alert(1)</script>", "bob", "chemistry", "cpu", "FAILED", 1, 16, 0,
		FIRST_END - 9000, 31, 4000, 7200, false, false, false},
	{1003, "1003", "requeued", "alice", "physics", "cpu", "NODE_FAIL", 2, 32, 0,
		FIRST_END - 50000, 60, 3600, 36000, false, false, false},
	{1003, "1003", "requeued", "alice", "physics", "cpu", "COMPLETED", 2, 32, 0,
		FIRST_END - 46000, 400, 30000, 36000, false, false, false},
	{1004, "1004", "still-going", "alice", "physics", "gpu", "RUNNING", 1, 32, 4,
		FIRST_END - 5000, 10, 7000, 86400, true, false, false},
	{1005, "1005", "wide", "carol", "climate", "cpu", "TIMEOUT", 100, 1600, 0,
		FIRST_END - 30000, 3600, 14400, 14400, false, false, false},
	{1006, "1000_7", "array \"task\" & co", "bob", "chemistry", "cpu", "OUT_OF_MEMORY", 1, 8, 0,
		FIRST_END - 8000, 1, 1800, 3600, false, false, false},
	{1007, "1007", "train", "carol", "climate", "gpu", "COMPLETED", 2, 128, 8,
		FIRST_END - 20000, 900, 15000, 28800, false, false, false},
	{1008, "1008", "=cmd|' /C calc'!A0", "alice", "physics", "cpu", "CANCELLED", 1, 4, 0,
		FIRST_END - 3000, 5, 40, 3600, false, false, true},
};

static double noise(uint64_t seed) // [0, 1), the same for the same seed
{
	seed = (seed ^ (seed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	seed = (seed ^ (seed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (double)((seed ^ (seed >> 31)) >> 11) * 0x1p-53;
}

static double scale_of_unit(const char *unit)
{
	static const struct {
		const char *unit;
		double scale;
	} units[] = {{"ratio", 1}, {"B", 8e9}, {"KiB", 8e6}, {"J", 4e6}, {"W", 350}, {"%", 100},
		{"CPU %", 100}, {"GPU %", 100}, {"GHz", 3}, {"GB", 64}, {"MB/s", 900}, {"GB/s", 2}};
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eq(units[i].unit, unit))
			return units[i].scale;
	return 1000;
}

static struct doc *parent_of(struct doc *root, struct arena *a, const char *path, const char **leaf)
{
	const char *dot = strrchr(path, '.');
	*leaf = dot ? dot + 1 : path;
	return doc_at(root, a, dot ? arena_strndup(a, path, (size_t)(dot - path)) : "");
}

static double value_of(const struct made *j, const struct metric *m)
{
	if (j->raw_id == 1001 && str_eq(m->name, "cpu.user"))
		return 0.4321234;
	double share = 0.15 + 0.8 * noise(j->raw_id * 31 + (uint64_t)m->line);
	return share * scale_of_unit(m->unit);
}

static void put_metric(
	const struct made *j, const struct metric *m, struct doc *root, struct arena *a)
{
	if (!m->column || (str_starts(m->name, "gpu.") && j->gpus == 0))
		return;
	const char *leaf;
	struct doc *at = parent_of(root, a, m->column->from[0], &leaf);
	if (j->has_errors && str_starts(m->name, "energy.")) {
		doc_put_int(at, a, "error", 2);
		return;
	}
	double v = value_of(j, m);
	doc_put_double(at, a, leaf, v);
	if (!str_eq(leaf, "avg"))
		return;
	double top = str_eq(m->unit, "ratio") ? fmin(1, v * 1.4) : v * 1.4;
	doc_put_double(at, a, "min", v * 0.6);
	doc_put_double(at, a, "max", top);
	doc_put_double(at, a, "std", v * 0.1);
	doc_put_double(
		doc_at(root, a, arena_printf(a, "jobsight.coverage.%s", m->name)), a, "time", 0.98);
}

static double point_of(const struct made *j, const struct metric *m, unsigned host, unsigned i)
{
	uint64_t seed = j->raw_id * 7919 + host * 104729 + (uint64_t)m->line;
	double phase = 6 * noise(seed);
	double wave = 0.55 + 0.25 * sin(i / 9.0 + phase) + 0.12 * noise(seed + i * 31);
	return wave * scale_of_unit(m->series->unit);
}

static void put_line(const struct made *j, const struct metric *m, unsigned host, struct doc *hosts,
	struct arena *a)
{
	struct doc *line = doc_at(hosts, a, arena_printf(a, "%u", host));
	struct doc *all = doc_array(a);
	doc_put(line, a, "all", all);
	for (unsigned i = 0; i < POINTS; i++) {
		bool is_gap = j->has_gap && host == 2 && i >= 40 && i < 50;
		if (is_gap) {
			struct doc *nothing = arena_alloc(a, sizeof(*nothing));
			nothing->kind = DOC_NULL;
			doc_put(all, a, NULL, nothing);
		} else {
			doc_put_double(all, a, NULL, point_of(j, m, host, i));
		}
	}
}

static struct doc *make_series(
	const struct made *j, const struct catalogue *c, const char *id, struct arena *a)
{
	struct doc *root = doc_object(a);
	doc_put_text(root, a, "_id", id);
	struct doc *hosts = doc_at(root, a, "hosts");
	for (unsigned i = 0; i < j->nodes; i++)
		doc_put_text(hosts, a, arena_printf(a, "%u", i), arena_printf(a, "cn%03u", i + 1));
	doc_put_int(root, a, "version", 4);
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		if (!m->series || (str_starts(m->name, "gpu.") && j->gpus == 0))
			continue;
		struct doc *times = doc_array(a);
		for (unsigned k = 0; k < POINTS; k++)
			doc_put_int(
				times, a, NULL, j->submit + j->wait + (k + 1) * j->wall / POINTS);
		doc_put(doc_at(root, a, m->series->document), a, "times", times);
		struct doc *lines = doc_at(doc_at(root, a, m->series->document), a, "hosts");
		for (unsigned k = 0; k < j->nodes; k++)
			put_line(j, m, k, lines, a);
	}
	return root;
}

static void put_accounting(const struct made *j, struct doc *root, struct arena *a)
{
	struct doc *acct = doc_at(root, a, "acct");
	doc_put_text(acct, a, "id", j->id);
	doc_put_text(acct, a, "local_job_id", j->id);
	doc_put_text(acct, a, "user", j->user);
	doc_put_text(acct, a, "account", j->account);
	doc_put_text(acct, a, "partition", j->partition);
	doc_put_text(acct, a, "qos", "normal");
	doc_put_text(acct, a, "jobname", j->name);
	doc_put_text(acct, a, "exit_status", j->state);
	doc_put_text(acct, a, "exit_code", str_eq(j->state, "FAILED") ? "1:0" : "0:0");
	doc_put_int(acct, a, "nodes", j->nodes);
	doc_put_int(acct, a, "ncpus", j->cores);
	doc_put_int(acct, a, "reqcpus", j->cores);
	doc_put_int(acct, a, "gpus", j->gpus);
	doc_put_int(acct, a, "submit", j->submit);
	doc_put_int(acct, a, "eligible", j->submit);
	doc_put_int(acct, a, "start_time", j->submit + j->wait);
	if (!j->is_running)
		doc_put_int(acct, a, "end_time", j->submit + j->wait + j->wall);
	doc_put_int(acct, a, "timelimit", j->limit);
	doc_put_int(acct, a, "requested_memory_bytes", (int64_t)j->cores << 32);
	struct doc *hosts = doc_array(a);
	for (unsigned i = 0; i < j->nodes; i++)
		doc_put_text(hosts, a, NULL, arena_printf(a, "cn%03u", i + 1));
	doc_put(acct, a, "host_list", hosts);
}

static struct doc *make_summary(
	const struct made *j, const struct catalogue *c, const char *id, struct arena *a)
{
	struct doc *root = doc_object(a);
	doc_put_text(root, a, "_id", id);
	put_accounting(j, root, a);
	struct doc *ours = doc_at(root, a, "jobsight");
	doc_put_int(ours, a, "schema", 1);
	doc_put_text(ours, a, "catalogue", c->hash);
	doc_put_text(ours, a, "cluster", CLUSTER);
	doc_put_int(ours, a, "raw_id", (int64_t)j->raw_id);
	doc_put_int(ours, a, "submit", j->submit);
	doc_put_text(ours, a, "state", j->is_running ? "running" : "done");
	doc_put_int(ours, a, "gaps", j->has_gap);
	doc_put_int(ours, a, "resets", 0);
	for (size_t i = 0; i < c->n; i++)
		put_metric(j, &c->metrics[i], root, a);
	return root;
}

static int put_job(
	struct store *s, const struct made *j, const struct catalogue *c, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	int64_t end = j->submit + j->wait + j->wall;
	const char *id = arena_printf(&a, "%" PRIu64 "-%" PRId64, j->raw_id, end);
	struct store_item item = {.key = {CLUSTER, j->raw_id, j->submit},
		.resource = CLUSTER,
		.job_id = j->id,
		.end_s = j->is_running ? JOB_RUNNING : end};
	TRY(doc_to_bson(make_summary(j, c, id, &a), &a, &item.summary, err));
	TRY(doc_to_bson(make_series(j, c, id, &a), &a, &item.series, err));
	return store_put(s, &item, 1, err);
}

static int put_plain(struct store *s, const struct catalogue *c, struct error *err)
{
	static const char *const users[] = {"alice", "bob", "carol"};
	static const char *const accounts[] = {"physics", "chemistry", "climate"};
	static const char *const states[] = {"COMPLETED", "COMPLETED", "COMPLETED", "FAILED",
		"TIMEOUT", "COMPLETED", "CANCELLED"};
	static const char *const names[] = {
		"md-run", "preprocess", "cfd", "vasp-relax", "ensemble"};
	for (unsigned i = 0; i < PLAIN_JOBS; i++) {
		char id[16];
		(void)str_format(id, sizeof(id), "%u", 2000 + i);
		struct made j = {.raw_id = 2000 + i,
			.id = id,
			.name = names[i % 5],
			.user = users[i % 3],
			.account = accounts[i % 3],
			.partition = i % 4 ? "cpu" : "gpu",
			.state = states[i % 7],
			.nodes = 1 + i % 3,
			.cores = 16 * (1 + i % 3),
			.gpus = i % 4 ? 0 : 2,
			.submit = FIRST_END - 86400 - 3000 * (int64_t)i,
			.wait = (int64_t)(7200 * noise(i)),
			.wall = 60 + (int64_t)(20000 * noise(i + 9)),
			.limit = 28800};
		TRY(put_job(s, &j, c, err));
	}
	return 0;
}

static int fill(const char *url, const char *catalogue, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct catalogue c = {0};
	struct store *s;
	TRY(catalogue_load(&catalogue, 1, NULL, &a, &c, err));
	TRY(store_open(url, NULL, false, &s, err));
	int code = 0;
	for (size_t i = 0; i < ARRAY_LEN(special) && code >= 0; i++)
		code = put_job(s, &special[i], &c, err);
	if (code >= 0)
		code = put_plain(s, &c, err);
	store_close(s);
	return code;
}

int main(int argc, char **argv)
{
	struct error err = {0};
	if (argc != 3) {
		fprintf(stderr, "usage: make_site STORE-URL CATALOGUE-DIR\n");
		return 2;
	}
	if (fill(argv[1], argv[2], &err) < 0) {
		fprintf(stderr, "make_site: %s\n", err.text);
		return 1;
	}
	return 0;
}
