// SPDX-License-Identifier: Apache-2.0
// Writes the synthetic day by libpcp_import's pmiPutResult, the fastest of its ways.
#include "node_day.h"

#include <pcp/pmapi.h>
// after pmapi.h, whose types it uses
#include <pcp/import.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "common/memory.h"
#include "common/str.h"

enum place { CPU, NUMA, DISK, NIC, IB, GPU, CGROUP, PROCESS, PLACES, ONE = PLACES };

static const struct place_row {
	const char *stem;
	int n;
} places[PLACES] = {
	[CPU] = {"cpu", 64},
	[NUMA] = {"node", 8},
	[DISK] = {"nvme", 4},
	[NIC] = {"eth", 4},
	[IB] = {"mlx5_", 2},
	[GPU] = {"gpu", 4},
	[CGROUP] = {"/slurm/uid_1000/job_", 12},
	[PROCESS] = {"", 64},
};

static const struct group {
	const char *prefix, *leaves;
	enum place place;
	int type, semantics;
} groups[] = {
	{"kernel.percpu.cpu", "user sys nice idle wait.total intr irq.soft irq.hard", CPU,
		PM_TYPE_U64, PM_SEM_COUNTER},
	{"perfevent.hwcounters",
		"cycles.value ref.value instructions.value llc.value sse.value avx.value "
		"avx512.value scalar.value",
		CPU, PM_TYPE_U64, PM_SEM_COUNTER},
	{"perfevent.hwcounters",
		"cycles.dutycycle ref.dutycycle instructions.dutycycle llc.dutycycle sse.dutycycle "
		"avx.dutycycle avx512.dutycycle scalar.dutycycle",
		CPU, PM_TYPE_DOUBLE, PM_SEM_INSTANT},
	{"kernel.all.cpu", "user sys nice idle wait.total intr irq.soft irq.hard", ONE, PM_TYPE_U64,
		PM_SEM_COUNTER},
	{"mem.util", "used free shared bufmem cached other swapCached active inactive", ONE,
		PM_TYPE_U64, PM_SEM_INSTANT},
	{"mem.numa.util",
		"used free filePages slab active inactive dirty writeback mapped anonpages "
		"active_anon inactive_anon active_file inactive_file pageTables bounce "
		"NFS_Unstable hugepagesTotal hugepagesFree",
		NUMA, PM_TYPE_U64, PM_SEM_INSTANT},
	{"mem.numa.alloc", "hit miss foreign interleave_hit local_node other_node", NUMA,
		PM_TYPE_U64, PM_SEM_COUNTER},
	{"disk.dev",
		"read write read_bytes write_bytes total read_merge write_merge avactive aveq "
		"read_rawactive write_rawactive",
		DISK, PM_TYPE_U64, PM_SEM_COUNTER},
	{"network.interface",
		"in.bytes in.packets in.errors in.drops in.fifo in.frame in.mcasts in.compressed "
		"out.bytes out.packets out.errors out.drops out.fifo out.carrier out.compressed "
		"collisions total.bytes total.packets total.errors total.drops total.mcasts",
		NIC, PM_TYPE_U64, PM_SEM_COUNTER},
	{"infiniband.port",
		"switch.in.bytes switch.in.packets switch.out.bytes switch.out.packets "
		"switch.total.bytes switch.total.packets in.errors.drop in.errors.filter "
		"in.errors.local in.errors.remote out.errors.drop out.errors.filter",
		IB, PM_TYPE_U64, PM_SEM_COUNTER},
	{"nvidia", "gpuactive memactive temp fanspeed perfstate powerused", GPU, PM_TYPE_U32,
		PM_SEM_INSTANT},
	{"nvidia", "memused memtotal", GPU, PM_TYPE_U64, PM_SEM_INSTANT},
	{"cgroup.memory", "usage limit rss swap mapped_file cache", CGROUP, PM_TYPE_U64,
		PM_SEM_INSTANT},
	{"cgroup.cpuset", "cpus", CGROUP, PM_TYPE_STRING, PM_SEM_DISCRETE},
	{"hotproc.psinfo", "utime stime vctxsw nvctxsw delayacct_blkio_time", PROCESS, PM_TYPE_U64,
		PM_SEM_COUNTER},
	{"hotproc.psinfo", "rss vsize threads processor pid ppid pgrp session", PROCESS,
		PM_TYPE_U32, PM_SEM_INSTANT},
	{"hotproc.psinfo", "cgroups cpusallowed cmd psargs", PROCESS, PM_TYPE_STRING,
		PM_SEM_DISCRETE},
	{"hotproc.io", "read_bytes write_bytes", PROCESS, PM_TYPE_U64, PM_SEM_COUNTER},
	{"hotproc.id", "uid_nm", PROCESS, PM_TYPE_STRING, PM_SEM_DISCRETE},
};

struct metric {
	const struct group *group;
	pmID pmid;
};

struct day {
	struct metric metrics[256];
	int n_metrics;
	int pids[64];
	int next_pid;
	uint64_t seed;
	uint64_t *counters; // one for each value
	pmValueBlock **blocks;
	pmResult *result;
	uint64_t n_values;
};

static uint64_t noise(struct day *d)
{
	d->seed = d->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return d->seed >> 20;
}

static void check(int sts, const char *what)
{
	if (sts >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, pmiErrStr(sts));
	exit(1);
}

static int instances(const struct group *g)
{
	return g->place == ONE ? 1 : places[g->place].n;
}

static void add_process(struct day *d, int at)
{
	char name[64];
	d->pids[at] = d->next_pid++;
	(void)str_format(name, sizeof(name), "%06d solver --rank %d", d->pids[at], at);
	check(pmiAddInstance(pmiInDom(60, PROCESS + 1), name, d->pids[at]), name);
}

static void declare(struct day *d)
{
	char name[128];
	for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
		size_t len = 0;
		for (const char *leaf = groups[g].leaves; *leaf;
			leaf += len + strspn(leaf + len, " ")) {
			struct metric *m = &d->metrics[d->n_metrics];
			*m = (struct metric){&groups[g], pmiID(60, (int)g, d->n_metrics)};
			len = strcspn(leaf, " ");
			(void)str_format(
				name, sizeof(name), "%s.%.*s", groups[g].prefix, (int)len, leaf);
			pmInDom in = groups[g].place == ONE
			                     ? PM_INDOM_NULL
			                     : pmiInDom(60, (int)groups[g].place + 1);
			check(pmiAddMetric(name, m->pmid, groups[g].type, in, groups[g].semantics,
				      pmiUnits(0, 0, 0, 0, 0, 0)),
				name);
			d->n_metrics++;
		}
	}
	for (int p = 0; p < PLACES; p++)
		for (int i = 0; i < places[p].n; i++) {
			(void)str_format(name, sizeof(name), "%s%d", places[p].stem, i);
			if (p == PROCESS)
				add_process(d, i);
			else
				check(pmiAddInstance(pmiInDom(60, p + 1), name, i), name);
		}
}

static void allocate(struct day *d)
{
	size_t n = 0;
	d->result =
		memory_alloc(1, sizeof(*d->result) + (size_t)d->n_metrics * sizeof(pmValueSet *));
	d->result->numpmid = d->n_metrics;
	for (int m = 0; m < d->n_metrics; m++) {
		const struct group *g = d->metrics[m].group;
		size_t k = (size_t)instances(g);
		pmValueSet *vs = memory_alloc(1, sizeof(*vs) + k * sizeof(pmValue));
		*vs = (pmValueSet){.pmid = d->metrics[m].pmid,
			.numval = (int)k,
			.valfmt = g->type == PM_TYPE_U32 ? PM_VAL_INSITU : PM_VAL_DPTR};
		d->result->vset[m] = vs;
		n += k;
	}
	d->counters = memory_alloc(n, sizeof(*d->counters));
	d->blocks = memory_alloc(n, sizeof(pmValueBlock *));
	for (size_t i = 0; i < n; i++) {
		d->counters[i] = noise(d);
		d->blocks[i] = memory_alloc(1, 128);
	}
}

static void set_value(struct day *d, const struct group *g, pmValue *v, size_t at, int i)
{
	pmValueBlock *b = d->blocks[at];
	uint64_t *x = &d->counters[at];
	double share = 1 - (double)(noise(d) & 0xff) / 4096;
	*x = g->semantics == PM_SEM_COUNTER ? *x + (noise(d) & 0xfffff) : noise(d) & 0xffffffff;
	v->inst = g->place == ONE ? (int)PM_IN_NULL : g->place == PROCESS ? d->pids[i] : i;
	if (g->type == PM_TYPE_U32) {
		v->value.lval = (int)(*x & 0xffff);
		return;
	}
	b->vlen = PM_VAL_HDR_SIZE + 8;
	if (g->type == PM_TYPE_STRING) {
		(void)str_format(b->vbuf, 100, "/slurm/uid_1000/job_%d/step_0/task_%d", v->inst, i);
		b->vlen = PM_VAL_HDR_SIZE + (unsigned)strlen(b->vbuf) + 1;
	} else {
		memcpy(b->vbuf, g->type == PM_TYPE_DOUBLE ? (const void *)&share : x, 8);
	}
	b->vtype = (unsigned)g->type & 0xff;
	v->value.pval = b;
}

static void write_sample(struct day *d, int64_t s)
{
	size_t at = 0;
	for (int m = 0; m < d->n_metrics; m++)
		for (int i = 0; i < d->result->vset[m]->numval; i++, at++)
			set_value(d, d->metrics[m].group, &d->result->vset[m]->vlist[i], at, i);
	d->result->timestamp.tv_sec = s;
	d->result->timestamp.tv_usec = 123456;
	check(pmiPutResult(d->result), "pmiPutResult");
	d->n_values += at;
}

uint64_t node_day_write(const struct node_day *x)
{
	struct day *d = memory_alloc(1, sizeof(*d));
	d->next_pid = 20000;
	d->seed = 1;
	check(pmiStart(x->base, 0), x->base);
	check(pmiSetVersion(x->version), "pmiSetVersion");
	check(pmiSetHostname("node0001"), "pmiSetHostname");
	check(pmiSetTimezone("UTC"), "pmiSetTimezone");
	declare(d);
	allocate(d);
	for (int t = 0; t < x->samples; t++) {
		for (int k = 0; k < 4 && t % 20 == 10; k++)
			add_process(d, (int)(noise(d) % 64));
		write_sample(d, x->start_s + (int64_t)t * x->step_s);
	}
	check(pmiEnd(), "pmiEnd");
	uint64_t n = d->n_values;
	for (size_t i = 0; i < n / (uint64_t)x->samples; i++)
		free(d->blocks[i]);
	for (int m = 0; m < d->n_metrics; m++)
		free(d->result->vset[m]);
	free(d->result);
	free(d->blocks);
	free(d->counters);
	free(d);
	return n;
}
