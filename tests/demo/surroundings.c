// SPDX-License-Identifier: Apache-2.0
// What else the importer finds at the demo site, beside its jobs: nodes and their outages in Slurm's
// words, people, projects, and what the agents on the login node have measured.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/macro.h"
#include "tests/demo/site.h"

enum {
	SLOT_S = 600, // idle time of nodes is looked for in steps of
	REST_MIN = 4 * 3600,
	ROUND = 20 * DAY, // in which each node is serviced once, when it has nothing to do
};

// Slurm's numbers of states
#define STATE_DOWN  2049  // DOWN+NO_RESPOND
#define STATE_DRAIN 514   // IDLE+DRAIN
#define STATE_MAINT 32770 // IDLE+MAINT

static void write_nodes(FILE *f, const struct site *s)
{
	(void)s;
	for (int node = 0; node < NODES; node++)
		fprintf(f,
			"NodeName=%s CPUs=%d Sockets=%d CoresPerSocket=%d ThreadsPerCore=1 RealMemory=%d%s\n",
			node_name(node), CORES, PACKAGES, CORES / PACKAGES, MEMORY_MB,
			node >= CPU_NODES ? " Gres=gpu:4" : "");
	for (int p = 0; p < PARTITIONS; p++)
		fprintf(f, "PartitionName=%s Nodes=%cn[01-%02d] MaxTime=1-00:00:00\n",
			partition_name(p), p == PARTITION_GPU ? 'g' : 'c',
			p == PARTITION_GPU ? GPU_NODES : CPU_NODES);
}

static void put_event(
	FILE *f, int node, int64_t from_s, int64_t until_s, int state, const char *why)
{
	fprintf(f, "%s|%s|", CLUSTER, node_name(node));
	slurm_time_write(f, from_s);
	putc('|', f);
	slurm_time_write(f, until_s);
	fprintf(f, "|%d|root(0)|cpu=%d,mem=%dM|%s\n", state, CORES, MEMORY_MB, why);
}

static void mark(char *busy, const struct site *s, int64_t from_s, int64_t until_s)
{
	int64_t n = (s->end_s - s->begin_s) / SLOT_S;

	for (int64_t i = (from_s - s->begin_s) / SLOT_S; i * SLOT_S + s->begin_s < until_s && i < n;
		i++)
		if (i >= 0)
			busy[i] = 1;
}

static void mark_all(char *busy, const struct site *s, int node)
{
	for (size_t i = 0; i < s->n_jobs; i++) {
		const struct demo_job *j = &s->jobs[i];

		for (int k = 0; k < j->n_nodes; k++)
			if (j->nodes[k] == node && j->start_s)
				mark(busy, s, j->start_s, j->end_s ? j->end_s : s->end_s);
	}
	for (size_t i = 0; i < s->n_outages; i++)
		if (s->outages[i].node == node)
			mark(busy, s, s->outages[i].from_s, s->outages[i].until_s);
}

// The longest time from one slot to another in which a node has nothing to do.
static void longest_rest(
	const char *busy, int64_t from, int64_t until, int64_t *ret_from, int64_t *ret_n)
{
	int64_t n = 0;

	*ret_n = 0;
	for (int64_t i = from; i < until; i++) {
		n = busy[i] ? 0 : n + 1;
		if (n > *ret_n) {
			*ret_n = n;
			*ret_from = i + 1 - n;
		}
	}
}

static void put_services(FILE *f, const struct site *s, int node, const char *busy)
{
	static const char *const reasons[] = {"firmware update", "replace DIMM A3",
		"kernel update | reboot", "cable of the fabric"};
	int64_t n = (s->end_s - s->begin_s) / SLOT_S;
	int64_t step = ROUND / SLOT_S;

	for (int64_t at = 0; at < n; at += step) {
		struct random r = random_stream(s->seed, 90 + (uint64_t)node, (uint64_t)at);
		int reason = random_int(&r, 0, ARRAY_LEN(reasons) - 1);
		int64_t from = 0;
		int64_t rest;

		longest_rest(busy, at, at + step < n ? at + step : n, &from, &rest);
		if (rest * SLOT_S < REST_MIN)
			continue;
		put_event(f, node, s->begin_s + (from + rest / 4) * SLOT_S,
			s->begin_s + (from + rest * 3 / 4) * SLOT_S,
			reason % 2 ? STATE_DRAIN : STATE_MAINT, reasons[reason]);
	}
}

static void write_events(FILE *f, const struct site *s)
{
	size_t slots = (size_t)((s->end_s - s->begin_s) / SLOT_S);

	fputs("Cluster|NodeName|TimeStart|TimeEnd|StateRaw|User|TRES|Reason\n", f);
	for (int node = 0; node < NODES; node++) {
		char *busy = calloc(slots + 1, 1);

		if (!busy)
			abort();
		mark_all(busy, s, node);
		put_services(f, s, node, busy);
		free(busy);
	}
	for (size_t i = 0; i < s->n_outages; i++)
		put_event(f, s->outages[i].node, s->outages[i].from_s, s->outages[i].until_s,
			STATE_DOWN, "Not responding");
}

static void write_people(FILE *f, const struct site *s)
{
	(void)s;
	for (int user = 0; user < USERS; user++) {
		const char *name = user_name(user);

		fprintf(f, "%s:x:%d:%d:%c. %c%s:/home/%s:/bin/bash\n", name, FIRST_UID + user,
			group_id(user), name[0] - 'a' + 'A', name[1] - 'a' + 'A', name + 2, name);
	}
}

static void write_projects(FILE *f, const struct site *s)
{
	static const char *const domains[] = {"[LIFE] Life sciences", "[EARTH] Earth and space",
		"[ENG] Engineering", "[MATTER] Matter"};
	static const char *const of[ACCOUNTS] = {"Alloys and glasses", "Regional climate",
		"Genomes of grasses", "Flow around blades", "Galaxies", "Catalysis",
		"Language models", "Plasmas"};
	static const int domain[ACCOUNTS] = {3, 1, 0, 2, 1, 3, 2, 3};

	(void)s;
	for (int account = 0; account < ACCOUNTS; account++)
		for (int part = 1; part <= PROJECTS_EACH; part++)
			fprintf(f, "%s%d;%s, part %d;%s\n", account_name(account), part,
				of[account], part, domains[domain[account]]);
}

static void write_business(FILE *f, const struct site *s)
{
	(void)s;
	for (int b = 0; b < BUSINESSES; b++)
		fprintf(f, "%s;%s\n", business_name(b), business_text(b));
}

static void write_filesystems(FILE *f, const struct site *s)
{
	static const struct {
		const char *mount;
		double size, from, growth,
			swing; // TB; shares of it: at first, more in a year, a week's
	} rows[] = {{"/home", 80, 0.52, 0.6, 0.01}, {"/project", 600, 0.61, 0.7, 0.005},
		{"/scratch", 1200, 0.58, 0.1, 0.12}};

	for (int64_t t = s->begin_s; t < s->end_s; t += DAY)
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			struct random r = random_stream(s->seed, 110 + i, (uint64_t)(t / DAY));
			double share = rows[i].from +
			               rows[i].growth * (double)(t - s->begin_s) / DAY / 365 +
			               rows[i].swing * (double)(t / DAY % 7) / 7 +
			               rows[i].swing * random_between(&r, -0.2, 0.2);
			double bytes = rows[i].size * 1e12;
			double files = rows[i].size * 1e6;

			fprintf(f, "%s,", rows[i].mount);
			slurm_time_write(f, t + 4 * 3600);
			fprintf(f, "Z,%.2f,%.2f,%.0f,%.0f,%.0f,%.0f\n", 100 * share, 70 * share,
				bytes * share, bytes, files * share * 0.7, files);
		}
}

static void write_quotas(FILE *f, const struct site *s)
{
	const int64_t limit_kib = INT64_C(1) << 30;

	for (int64_t t = s->begin_s; t < s->end_s; t += 7 * DAY)
		for (int user = 0; user < USERS; user++) {
			struct random r = random_stream(s->seed, 120, (uint64_t)user);
			double share = random_log(&r, 0.02, 0.9) +
			               random_between(&r, 0, 0.2) * (double)(t - s->begin_s) /
			                       (60.0 * DAY);
			int64_t kib = (int64_t)(share * (double)limit_kib);

			slurm_time_write(f, t + 5 * 3600);
			fprintf(f,
				"Z,%s,/home,USR,%" PRId64 ",%" PRId64 ",%" PRId64 ",0,%s,%" PRId64
				",0,0,0,none\n",
				user_name(user), kib, limit_kib * 9 / 10, limit_kib,
				kib > limit_kib * 9 / 10 ? "6 days" : "none", kib / 200);
		}
}

static void put_probe(FILE *f, struct random *r)
{
	double luck = random_unit(r);

	if (luck < 0.006)
		fputs("unreachable,,,,login1: Connection timed out\n", f);
	else if (luck < 0.02)
		fprintf(f, "late,%d,,,PENDING: Resources\n", random_int(r, 10000, 90000));
	else if (luck < 0.025)
		fprintf(f, "failed,%d,%d,2,/scratch: Input/output error\n",
			random_int(r, 10000, 90000), random_int(r, 2, 40));
	else
		fprintf(f, "ok,%d,%.0f,%d,\n", random_int(r, 10000, 90000), random_log(r, 1, 240),
			random_int(r, 1, 4));
}

static void write_probes(FILE *f, const struct site *s)
{
	for (int64_t t = s->begin_s; t < s->end_s; t += 3600) {
		struct random r = random_stream(s->seed, 130, (uint64_t)t);

		fprintf(f, "%s,", CLUSTER);
		slurm_time_write(f, t + 300);
		fputs("Z,", f);
		put_probe(f, &r);
	}
}

bool surroundings_write(const struct site *s, const char *directory)
{
	static const struct {
		const char *name;
		void (*write)(FILE *f, const struct site *s);
	} files[] = {{"nodes.conf", write_nodes}, {"events.txt", write_events},
		{"passwd", write_people}, {"projects.csv", write_projects},
		{"business.csv", write_business}, {"filesystems.csv", write_filesystems},
		{"quotas.csv", write_quotas}, {"probes.csv", write_probes}};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[512];
		FILE *f;
		bool is_bad;

		if (snprintf(path, sizeof(path), "%s/%s", directory, files[i].name) >=
			(int)sizeof(path))
			return false;
		f = fopen(path, "w");
		if (!f)
			return false;
		files[i].write(f, s);
		is_bad = ferror(f) != 0;
		if (fclose(f) != 0 || is_bad)
			return false;
	}
	return true;
}
