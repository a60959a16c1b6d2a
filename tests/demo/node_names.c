// SPDX-License-Identifier: Apache-2.0
// Instances of a node, those that stay (cores, devices) and those that come and go with jobs
// (control groups, processes), and what a node looks like just after boot.
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "tests/demo/node.h"

#define PROCESSES 8 // of a job on a node, at most

static const struct {
	enum indom indom;
	int count;
	int first_id;
	const char *format; // of the number from 0; or one fixed name
} fixed[] = {
	{INDOM_ONE, 1, -1, ""},
	{INDOM_CPU, CORES, 0, "cpu%d"},
	{INDOM_MSRCPU, CORES, 0, "cpu%d"},
	{INDOM_PMUCPU, CORES, 0, "cpu%d"},
	{INDOM_PACKAGE, PACKAGES, 0, "package%d"},
	{INDOM_NUMA, PACKAGES, 0, "node%d"},
	{INDOM_DISK, 1, 0, "nvme0n1"},
	{INDOM_IB, 1, 0, "mlx5_0:1"},
	{INDOM_GPU, GPUS, 0, "gpu%d"},
};

static void add_instance(struct instances *s, int id, const char *name)
{
	if (s->n == MAX_INSTANCES)
		return;
	s->id[s->n] = id;
	snprintf(s->name[s->n], TEXT_SIZE, "%s", name);
	s->n++;
}

static void name_fixed(struct node *n)
{
	static const char *const minutes[] = {"1 minute", "5 minute", "15 minute"};
	static const int minute[] = {1, 5, 15};
	char name[TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
		n->indoms[fixed[i].indom].n = 0;
		for (int k = 0; k < fixed[i].count; k++) {
			if (strchr(fixed[i].format, '%'))
				// every format of the table has one %d
				snprintf(name, sizeof(name), "%.*s%d", // NOLINT
					(int)strcspn(fixed[i].format, "%"), fixed[i].format, k);
			else
				snprintf(name, sizeof(name), "%s", fixed[i].format);
			add_instance(&n->indoms[fixed[i].indom], fixed[i].first_id + k, name);
		}
	}
	n->indoms[INDOM_LOAD].n = n->indoms[INDOM_NET].n = 0;
	for (int i = 0; i < 3; i++)
		add_instance(&n->indoms[INDOM_LOAD], minute[i], minutes[i]);
	add_instance(&n->indoms[INDOM_NET], 0, "lo");
	add_instance(&n->indoms[INDOM_NET], 1, "eth0");
	if (n->number < CPU_NODES)
		n->indoms[INDOM_GPU].n = 0;
}

static void cpu_list(uint64_t cores, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (int c = 0, last; c < CORES && len < size; c = last + 1) {
		last = c;
		if (!(cores >> c & 1))
			continue;
		while (last + 1 < CORES && cores >> (last + 1) & 1)
			last++;
		len += (size_t)snprintf(buf + len, size - len, "%s%d", len ? "," : "", c);
		if (last > c && len < size)
			len += (size_t)snprintf(buf + len, size - len, "-%d", last);
	}
}

static void add_cgroups(struct node *n, const struct running *r, int i)
{
	char name[TEXT_SIZE];
	char cpus[TEXT_SIZE];

	cpu_list(r->job->cores[r->position], cpus, sizeof(cpus));
	for (int k = 0; k < 2; k++) {
		int id = (int)(r->job->raw_id * 2 + (unsigned)k);
		int at = 1 + 2 * i + k;

		snprintf(name, sizeof(name), "/slurm/uid_%d/job_%u%s", FIRST_UID + r->job->user,
			r->job->raw_id, k ? "/step_0" : "");
		add_instance(&n->indoms[INDOM_CPUSET], id, name);
		add_instance(&n->indoms[INDOM_CGMEM], id, name);
		snprintf(n->text_room[0][at], TEXT_SIZE, "%s", cpus);
		n->text[M_CG_CPUS][at] = n->text_room[0][at];
	}
}

static const char *const gpu_addresses[GPUS] = {
	"0000:17:00.0", "0000:65:00.0", "0000:ca:00.0", "0000:e3:00.0"};

static void add_job(struct node *n, const struct running *r, int i)
{
	char name[TEXT_SIZE];
	size_t len = 0;

	snprintf(name, sizeof(name), "%u", r->job->raw_id);
	add_instance(&n->indoms[INDOM_JOB], (int)r->job->raw_id, name);
	n->text_room[3][i][0] = '\0';
	for (int g = 0; g < GPUS; g++)
		if (r->job->gpus[r->position] >> g & 1)
			len += (size_t)snprintf(n->text_room[3][i] + len, TEXT_SIZE - len, "%s%s",
				len ? " " : "", gpu_addresses[g]);
	n->text[M_JOB_GPUS][i] = n->text_room[3][i];
}

static void add_processes(struct node *n, const struct running *r)
{
	const struct demo_job *j = r->job;
	const char *program = kind_rows[j->kind].program;
	struct instances *s = &n->indoms[INDOM_HOTPROC];
	int ranks = __builtin_popcountll(j->cores[r->position]);
	char name[TEXT_SIZE];

	if (ranks > PROCESSES)
		ranks = PROCESSES;
	for (int k = 0; k < ranks && s->n < MAX_INSTANCES; k++) {
		int at = s->n;
		int pid = 4000 + (int)((j->raw_id * PROCESSES + (unsigned)k) % 4000000);

		snprintf(name, sizeof(name), "%06d %s", pid, program);
		add_instance(s, pid, name);
		snprintf(n->text_room[1][at], TEXT_SIZE,
			"name=systemd:/system.slice/slurmd.service;memory:/slurm/uid_%d/job_%u/step_0;"
			"cpuset:/slurm/uid_%d/job_%u/step_0",
			FIRST_UID + j->user, j->raw_id, FIRST_UID + j->user, j->raw_id);
		cpu_list(j->cores[r->position], n->text_room[2][at], TEXT_SIZE);
		n->text[M_PROC_CGROUPS][at] = n->text_room[1][at];
		n->text[M_PROC_CPUS][at] = n->text_room[2][at];
		n->text[M_PROC_USER][at] = user_name(j->user);
		n->text[M_PROC_ARGS][at] = program;
	}
}

static void name_running(struct node *n)
{
	n->indoms[INDOM_CPUSET].n = n->indoms[INDOM_CGMEM].n = n->indoms[INDOM_HOTPROC].n = 0;
	n->indoms[INDOM_JOB].n = 0;
	add_instance(&n->indoms[INDOM_CPUSET], 0, "/");
	add_instance(&n->indoms[INDOM_CGMEM], 0, "/");
	n->text[M_CG_CPUS][0] = "0-63";
	for (int i = 0; i < n->n_running; i++) {
		add_cgroups(n, &n->running[i], i);
		add_job(n, &n->running[i], i);
		add_processes(n, &n->running[i]);
	}
}

void node_begin(struct node *n, const struct demo_job *j, int position, struct truth *t)
{
	if (n->n_running < MAX_RUNNING)
		n->running[n->n_running++] =
			(struct running){.job = j, .position = position, .truth = t};
	name_running(n);
}

void node_end(struct node *n, const struct demo_job *j)
{
	int kept = 0;

	for (int i = 0; i < n->n_running; i++)
		if (n->running[i].job != j)
			n->running[kept++] = n->running[i];
	n->n_running = kept;
	name_running(n);
}

static void set_static(struct node *n)
{
	n->value[M_NCPU][0] = CORES;
	n->value[M_NNODE][0] = PACKAGES;
	n->value[M_NDISK][0] = 1;
	n->value[M_HINV_PHYSMEM][0] = (double)(NODE_MEMORY >> 20);
	n->value[M_PAGESIZE][0] = 4096;
	n->text[M_MACHINE][0] = "x86_64";
	n->text[M_NODENAME][0] = node_name(n->number);
	n->text[M_RELEASE][0] = "6.1.0-41-amd64";
	n->value[M_PMU_ACTIVE][0] = 1;
	for (int g = 0; g < GPUS; g++)
		n->text[M_GPU_PCI][g] = gpu_addresses[g];
	for (int p = 0; p < PACKAGES; p++)
		n->value[M_MSR_BASE][p] = TSC_KHZ;
	for (int c = 0; c < CORES; c++) {
		n->value[M_CPU_NODE][c] = c < CORES / PACKAGES ? 0 : 1;
		n->text[M_MODEL_NAME][c] = "AMD EPYC 7543 32-Core Processor";
	}
}

// A node that has been up before the record begins has counted already.
void node_boot(struct node *n, const struct site *s, int number, double uptime_s)
{
	int boots = n->boots + 1;

	memset(n, 0, sizeof(*n));
	n->site = s;
	n->number = number;
	n->boots = boots;
	n->random = random_stream(s->seed, 100 + (uint64_t)number, (uint64_t)boots);
	n->page_cache = 6e8;
	name_fixed(n);
	set_static(n);
	name_running(n);
	while (uptime_s > 0) {
		node_advance(n, -uptime_s, -uptime_s + 3600);
		uptime_s -= 3600;
	}
}
