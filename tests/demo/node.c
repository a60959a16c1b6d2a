// SPDX-License-Identifier: Apache-2.0
// What a node's counters do while time passes under its jobs. Between two calls of node_advance()
// the set of jobs does not change, so that a job's counters are exact between its begin and its
// end sample, and so is the truth that is added up beside them.
#include "tests/demo/node.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define BASE_MEMORY   (3.2 * 1024 * 1024 * 1024) // bytes of kernel and services
#define SLAB          (0.9 * 1024 * 1024 * 1024)
#define MAX_CACHE     (60.0 * 1024 * 1024 * 1024)
#define TSC_HZ        (TSC_KHZ * 1000.0)
#define PACKAGE_WATTS 62.0
#define CORE_WATTS    3.6
#define DRAM_WATTS    9.0
#define MB            1e6
#define MIB           (1024.0 * 1024.0)
#define CORES_IN(p)   (UINT64_C(0xffffffff) << (32 * (p)))
#define TURN          6.283185307179586

struct activity {      // what a job does on a node at an instant
	uint64_t busy; // its busy cores
	double user, system, wait;
	double read, write, fabric; // bytes a second
	double memory;
	double gpu_active, gpu_memory;
};

struct shares { // of each core's time
	double user[CORES], system[CORES], wait[CORES];
};

static double job_jitter(const struct demo_job *j, uint64_t what, double low, double high)
{
	struct random r = random_stream(j->seed, what, 0);

	return random_between(&r, low, high);
}

static void apply_shape(struct activity *a, const struct running *r, double at, double share)
{
	const struct demo_job *j = r->job;
	double turn = sin(TURN * at / job_jitter(j, 5, 700, 1500));

	switch (kind_rows[j->kind].shape) {
	case SHAPE_PHASES:
		a->user *= 0.975 + 0.025 * turn;
		a->fabric *= 1 - 0.5 * turn;
		break;
	case SHAPE_RAMP:
		a->memory *= fmin(1, 0.04 + 0.96 * share);
		break;
	case SHAPE_BURSTS:
		a->read *= turn > 0 ? 1.6 : 0.05;
		a->write *= turn > 0 ? 0.05 : 1.6;
		break;
	case SHAPE_HANG:
		if (share > job_jitter(j, 6, 0.35, 0.6)) {
			a->user = 0.001;
			a->fabric = a->read = a->write = 0;
		}
		break;
	case SHAPE_FIRST_NODE:
		if (r->position > 0) {
			a->user = a->system = 0.002;
			a->fabric = 0;
			a->memory *= 0.02;
		}
		break;
	case SHAPE_ONE_CORE:
		a->busy &= -a->busy;
		break;
	case SHAPE_STEADY:
		break;
	}
}

static struct activity activity_at(const struct running *r, double now_s)
{
	const struct demo_job *j = r->job;
	const struct kind_row *k = &kind_rows[j->kind];
	double at = now_s - (double)j->start_s;
	double share = at / fmax(1, (double)(j->stop_s - j->start_s));
	double speed = job_jitter(j, 1, 0.8, 1.2);
	double good = job_jitter(j, 2, 0.96, 1.0);
	struct activity a = {.busy = j->cores[r->position],
		.user = k->user * good,
		.system = k->system,
		.wait = k->wait,
		.read = k->read * MB * speed,
		.write = k->write * MB * speed,
		.fabric = j->n_nodes > 1 ? k->fabric * MB * speed : 0,
		.memory = k->memory * job_jitter(j, 3, 0.9, 1.0) * j->memory_mb * MIB,
		.gpu_active = k->gpu_active * good,
		.gpu_memory = k->gpu_memory};

	if (k->shape == SHAPE_RAMP)
		a.memory = k->memory * j->memory_mb * MIB;
	else
		a.memory *= fmin(1, at / 60);
	if (j->het_offset == 1) {
		a.gpu_active = 78 * good;
		a.gpu_memory = 0.6;
	}
	apply_shape(&a, r, at, share);
	if (now_s > (double)j->stop_s) // the others wait for a dead node
		a.fabric = a.read = a.write = 0;
	return a;
}

static void add_shares(struct shares *s, const struct activity *a, struct random *random)
{
	for (int c = 0; c < CORES; c++) {
		double noise = 1 - 0.03 * random_unit(random);

		if (!(a->busy >> c & 1))
			continue;
		s->user[c] += a->user * noise;
		s->system[c] += a->system * (2 - noise);
		s->wait[c] += a->wait * noise;
	}
}

static void pass_cores(struct node *n, const struct shares *s, double dt)
{
	double busy_all = 0;

	for (int c = 0; c < CORES; c++)
		busy_all += s->user[c] + s->system[c];
	for (int c = 0; c < CORES; c++) {
		double ms = dt * 1000;
		double soft = 0.001;
		double busy = s->user[c] + s->system[c];
		double idle = fmax(0, 1 - busy - s->wait[c] - soft);
		const double parts[][2] = {{M_CPU_USER, s->user[c]}, {M_CPU_SYS, s->system[c]},
			{M_CPU_WAIT, s->wait[c]}, {M_CPU_SOFT, soft}, {M_CPU_IDLE, idle}};
		static const int all[] = {
			M_ALL_USER, M_ALL_SYS, M_ALL_WAIT, M_ALL_SOFT, M_ALL_IDLE};

		for (int i = 0; i < 5; i++) {
			n->value[(int)parts[i][0]][c] += parts[i][1] * ms;
			n->value[all[i]][0] += parts[i][1] * ms;
		}
		n->value[M_MSR_MPERF][c] += dt * busy * TSC_HZ;
		n->value[M_MSR_APERF][c] += dt * busy * TSC_HZ * (1.45 - 0.35 * busy_all / CORES);
	}
	for (int i = 0; i < 3; i++) {
		static const double minutes[] = {1, 5, 15};
		double *load = &n->value[M_LOAD][i];

		*load += (busy_all - *load) * (1 - exp(-dt / (60 * minutes[i])));
	}
}

static void pass_energy(struct node *n, const struct shares *s, double dt)
{
	for (int p = 0; p < PACKAGES; p++) {
		double busy = 0;

		for (int c = 32 * p; c < 32 * (p + 1); c++)
			busy += s->user[c] + s->system[c];
		n->value[M_MSR_PACKAGE][p] += dt * 1e6 * (PACKAGE_WATTS + CORE_WATTS * busy);
		n->value[M_MSR_DRAM][p] += dt * 1e6 * (DRAM_WATTS + 0.35 * busy);
	}
}

static void pass_disk(struct node *n, double read, double write, double dt)
{
	n->value[M_DISK_READ_BYTES][0] += read * dt / 1024;
	n->value[M_DISK_WRITE_BYTES][0] += write * dt / 1024;
	n->value[M_DISK_READ][0] += read * dt / 131072;
	n->value[M_DISK_WRITE][0] += write * dt / 131072;
	n->value[M_DISK_AVACTIVE][0] += dt * 1000 * fmin(1, (read + write) / (900 * MB));
	n->page_cache = fmin(MAX_CACHE, n->page_cache + (read + write) * dt);
}

static void pass_network(struct node *n, double fabric, double other, double dt)
{
	double eth = 18e3 + 0.02 * other;

	n->value[M_NET_IN_BYTES][1] += eth * dt;
	n->value[M_NET_OUT_BYTES][1] += 0.6 * eth * dt;
	n->value[M_NET_IN_PACKETS][1] += eth * dt / 900;
	n->value[M_NET_OUT_PACKETS][1] += 0.6 * eth * dt / 900;
	for (int m = M_NET_IN_BYTES; m <= M_NET_OUT_PACKETS; m++)
		n->value[m][0] += m == M_NET_IN_BYTES || m == M_NET_OUT_BYTES ? 900 * dt : 6 * dt;
	n->value[M_IB_IN_BYTES][0] += (fabric + 240) * dt;
	n->value[M_IB_OUT_BYTES][0] += (fabric * 0.98 + 240) * dt;
	n->value[M_IB_IN_PACKETS][0] += (fabric / 3900 + 2) * dt;
	n->value[M_IB_OUT_PACKETS][0] += (fabric * 0.98 / 3900 + 2) * dt;
}

// What processors counted while a job ran on them, and its own control group.
static void pass_job(struct node *n, struct running *r, const struct shares *s, double dt)
{
	const struct demo_job *j = r->job;
	double ipc = job_jitter(j, 8, 0.6, 2.4);
	double flops = job_jitter(j, 9, 0.05, 3);

	for (int c = 0; c < CORES; c++) {
		if (!(j->cores[r->position] >> c & 1))
			continue;
		r->user_us += s->user[c] * dt * 1e6;
		r->system_us += s->system[c] * dt * 1e6;
		n->value[M_PMU_INSTRUCTIONS][c] += s->user[c] * dt * TSC_HZ * ipc;
		n->value[M_PMU_FLOPS][c] += s->user[c] * dt * TSC_HZ * flops;
	}
}

static void pass_pressure(struct node *n, const struct shares *s, double dt)
{
	double busy = 0;
	double wait = 0;

	for (int c = 0; c < CORES; c++) {
		double core = s->user[c] + s->system[c];

		busy += core;
		wait += s->wait[c];
		n->value[M_PMU_CYCLES][c] += core * dt * TSC_HZ;
		n->value[M_PMU_INSTRUCTIONS][c] += s->system[c] * dt * TSC_HZ * 0.8;
	}
	n->value[M_PRESSURE_CPU][0] += dt * 1e6 * 0.03 * busy / CORES;
	n->value[M_PRESSURE_MEMORY][0] += dt * 1e6 * 0.0004 * busy / CORES;
	n->value[M_PRESSURE_IO][0] += dt * 1e6 * fmin(0.95, 1.5 * wait / CORES);
	n->value[M_IPMI_POWER][0] =
		round(120 + PACKAGES * (PACKAGE_WATTS + DRAM_WATTS) + (CORE_WATTS + 0.35) * busy);
}

static void add_truth(struct node *n, const struct running *r, const struct activity *a,
	const double before[METRICS], double dt)
{
	struct truth *t = r->truth;
	uint64_t cores = r->job->cores[r->position];

	if (!t)
		return;
	t->covered_s += dt;
	t->core_ms += __builtin_popcountll(cores) * dt * 1000;
	t->package_uj +=
		n->value[M_MSR_PACKAGE][0] + n->value[M_MSR_PACKAGE][1] - before[M_MSR_PACKAGE];
	t->dram_uj += n->value[M_MSR_DRAM][0] + n->value[M_MSR_DRAM][1] - before[M_MSR_DRAM];
	t->disk_read_kb += n->value[M_DISK_READ_BYTES][0] - before[M_DISK_READ_BYTES];
	t->disk_write_kb += n->value[M_DISK_WRITE_BYTES][0] - before[M_DISK_WRITE_BYTES];
	t->fabric_in += n->value[M_IB_IN_BYTES][0] - before[M_IB_IN_BYTES];
	t->fabric_out += n->value[M_IB_OUT_BYTES][0] - before[M_IB_OUT_BYTES];
	t->gpu_active_s += a->gpu_active * dt * __builtin_popcount(r->job->gpus[r->position]);
	t->memory_peak = fmax(t->memory_peak, a->memory);
}

static void add_user_truth(const struct running *r, const struct shares *s, double dt)
{
	for (int c = 0; r->truth && c < CORES; c++)
		if (r->job->cores[r->position] >> c & 1)
			r->truth->user_ms += s->user[c] * dt * 1000;
}

void node_advance(struct node *n, double from_s, double to_s)
{
	struct activity a[MAX_RUNNING];
	struct shares s;
	double before[METRICS];
	double dt = to_s - from_s;
	double read = 2e3;
	double write = 30e3;
	double fabric = 0;

	for (int c = 0; c < CORES; c++) {
		s.user[c] = s.system[c] = 0.0015 * random_unit(&n->random);
		s.wait[c] = 0;
	}
	for (int m = 0; m < METRICS; m++)
		before[m] = n->value[m][0] +
		            (m == M_MSR_PACKAGE || m == M_MSR_DRAM ? n->value[m][1] : 0);
	for (int i = 0; i < n->n_running; i++) {
		a[i] = activity_at(&n->running[i], from_s + dt / 2);
		add_shares(&s, &a[i], &n->random);
		read += a[i].read;
		write += a[i].write;
		fabric += a[i].fabric;
		for (int g = 0; g < GPUS; g++)
			if (n->running[i].job->gpus[n->running[i].position] >> g & 1)
				n->value[M_GPU_ENERGY][g] += a[i].gpu_active * 3450 * dt;
	}
	for (int g = 0; g < GPUS; g++)
		n->value[M_GPU_ENERGY][g] += 55e3 * dt; // mJ
	pass_cores(n, &s, dt);
	pass_energy(n, &s, dt);
	pass_disk(n, read, write, dt);
	pass_network(n, fabric, read + write, dt);
	pass_pressure(n, &s, dt);
	for (int i = 0; i < n->n_running; i++) {
		pass_job(n, &n->running[i], &s, dt);
		add_truth(n, &n->running[i], &a[i], before, dt);
		add_user_truth(&n->running[i], &s, dt);
	}
}

static void gauge_gpu(struct node *n, int g, double active, double memory)
{
	n->value[M_GPU_ACTIVE][g] = round(active);
	n->value[M_GPU_MEMACTIVE][g] = round(active * 0.6);
	n->value[M_GPU_MEMUSED][g] = floor(4e6 + memory * (double)GPU_MEMORY);
	n->value[M_GPU_MEMTOTAL][g] = (double)GPU_MEMORY;
	n->value[M_GPU_TEMPERATURE][g] = round(31 + 0.4 * active);
	n->value[M_GPU_POWER][g] = 55e3 + active * 3450; // mW
}

static void gauge_memory(struct node *n, const double jobs[PACKAGES])
{
	double total = (double)NODE_MEMORY;
	double held = BASE_MEMORY + SLAB + jobs[0] + jobs[1];
	double cache = n->page_cache = fmin(n->page_cache, fmax(2e8, total - held - 1e9));
	double used = fmin(total - 2e8, held + cache);

	n->value[M_PHYSMEM][0] = total / 1024;
	n->value[M_MEM_USED][0] = used / 1024;
	n->value[M_MEM_FREE][0] = n->value[M_FREEMEM][0] = (total - used) / 1024;
	n->value[M_MEM_CACHED][0] = cache / 1024;
	n->value[M_MEM_SLAB][0] = SLAB / 1024;
	for (int p = 0; p < PACKAGES; p++) {
		double here = (held - jobs[0] - jobs[1] + cache) / 2 + jobs[p];

		// what does not fit goes to the other node
		here = fmin(fmax(here, used - total / 2 + 5e7), total / 2 - 5e7);
		n->value[M_NUMA_USED][p] = here / 1024;
		n->value[M_NUMA_FREE][p] = (total / 2 - here) / 1024;
		n->value[M_NUMA_FILE][p] = cache / 2048;
		n->value[M_NUMA_SLAB][p] = SLAB / 2048;
	}
}

static void gauge_job(struct node *n, int i, double memory, double now_s)
{
	struct running *r = &n->running[i];
	const struct demo_job *j = r->job;

	r->peak = fmax(r->peak, memory);
	n->value[M_JOB_USER][i] = floor(r->user_us);
	n->value[M_JOB_SYSTEM][i] = floor(r->system_us);
	n->value[M_JOB_CPU][i] = floor(r->user_us + r->system_us);
	n->value[M_JOB_BOUND][i] = __builtin_popcountll(j->cores[r->position]);
	n->value[M_JOB_USED][i] = floor(memory);
	n->value[M_JOB_PEAK][i] = floor(r->peak);
	n->value[M_JOB_LIMIT][i] = j->memory_mb * MIB;
	n->value[M_JOB_KILLED][i] = j->end == END_OUT_OF_MEMORY && now_s >= (double)j->stop_s;
}

void node_gauges(struct node *n, double now_s)
{
	double jobs[PACKAGES] = {0};

	for (int g = 0; g < GPUS; g++)
		gauge_gpu(n, g, 0, 0);
	for (int i = 0; i < n->n_running; i++) {
		const struct running *r = &n->running[i];
		struct activity a = activity_at(r, now_s);
		uint64_t cores = r->job->cores[r->position];
		double all = __builtin_popcountll(cores);

		for (int p = 0; p < PACKAGES; p++)
			jobs[p] += a.memory * __builtin_popcountll(cores & CORES_IN(p)) / all;
		for (int g = 0; g < GPUS; g++)
			if (r->job->gpus[r->position] >> g & 1)
				gauge_gpu(n, g, a.gpu_active, a.gpu_memory);
		gauge_job(n, i, a.memory, now_s);
		for (int k = 0; k < 2; k++) { // the job's cgroup and its step's
			n->value[M_CG_USAGE][1 + 2 * i + k] = floor(a.memory);
			n->value[M_CG_LIMIT][1 + 2 * i + k] = r->job->memory_mb * MIB;
		}
	}
	n->value[M_CG_USAGE][0] = BASE_MEMORY + jobs[0] + jobs[1];
	n->value[M_CG_LIMIT][0] = 9223372036854771712.0;
	gauge_memory(n, jobs);
}
