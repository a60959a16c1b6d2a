// SPDX-License-Identifier: Apache-2.0
// Real control groups and the real kernel: two jobs on this machine, whose software events and CPU time
// add up to those of the group around them, and agree with what the kernel accounts for each.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pmdas/frame/parse.h"
#include "pmdas/pmu/pmu.h"

#define PAGE 4096

static const char *hierarchy(void)
{
	static const char *const candidates[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};

	for (size_t i = 0; i < 2; i++) {
		char path[80];

		pmsprintf(path, sizeof(path), "%s/cgroup.controllers", candidates[i]);
		if (access(path, F_OK) == 0)
			return candidates[i];
	}
	return NULL;
}

struct place {
	char around[200];
	char uid[220];
	char jobs[2][240];
};

static bool name_place(struct place *p)
{
	const char *top = hierarchy();

	if (top == NULL)
		return false;
	pmsprintf(p->around, sizeof(p->around), "%s/slurm_jobsight%d", top, (int)getpid());
	pmsprintf(p->uid, sizeof(p->uid), "%s/uid_0", p->around);
	for (int i = 0; i < 2; i++)
		pmsprintf(p->jobs[i], sizeof(p->jobs[i]), "%s/job_%d", p->uid,
			(int)getpid() * 10 + i);
	return true;
}

static bool make_place(struct place *p)
{
	return name_place(p) && mkdir(p->around, 0755) == 0 && mkdir(p->uid, 0755) == 0 &&
	       mkdir(p->jobs[0], 0755) == 0 && mkdir(p->jobs[1], 0755) == 0;
}

static void remove_place(void)
{
	struct place p;

	if (!name_place(&p))
		return;
	for (int i = 0; i < 2; i++)
		(void)rmdir(p.jobs[i]);
	(void)rmdir(p.uid);
	(void)rmdir(p.around);
}

static uint64_t cpu_microseconds(const char *group)
{
	char path[300];
	char text[2000];
	const char *s;

	pmsprintf(path, sizeof(path), "%s/cpu.stat", group + 1);
	cr_assert(gt(int, (int)frame_read_file(frame_open_root(""), path, text, sizeof(text)), 0));
	s = strstr(text, "usage_usec ");
	cr_assert(s != NULL);
	return strtoull(s + 11, NULL, 10);
}

// The same events around both jobs, straight from the kernel.
struct around {
	intptr_t handles[2][64];
	unsigned cpus[64];
	unsigned n;
	int fd;
};

static const uint64_t configs[2] = {PERF_COUNT_SW_TASK_CLOCK, PERF_COUNT_SW_PAGE_FAULTS};

static bool open_around(struct around *a, const char *folder)
{
	struct pmu_online *online = calloc(1, sizeof(*online));

	cr_assert(gt(int, pmu_read_online(frame_open_root(""), online), 0));
	a->fd = open(folder, O_RDONLY | O_DIRECTORY);
	for (unsigned cpu = 0; cpu < PMU_CPUS_MAX && a->n < 64; cpu++) {
		if (!online->is[cpu])
			continue;
		for (int i = 0; i < 2; i++) {
			struct pmu_open what = {
				.encoding = {.type = PERF_TYPE_SOFTWARE, .config = {configs[i]}},
				.cpu = cpu,
				.cgroup = "",
				.cgroup_fd = a->fd,
			};

			if (pmu_linux.open(NULL, &what, &a->handles[i][a->n]) < 0)
				return false;
			pmu_linux.start(a->handles[i][a->n]);
		}
		a->n++;
	}
	free(online);
	return true;
}

static uint64_t read_around(const struct around *a, int event)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < a->n; i++) {
		struct pmu_sample s;

		cr_assert(eq(int, pmu_linux.read(a->handles[event][i], &s), 0));
		sum += s.values[0];
	}
	return sum;
}

// Without the sanitizer's own memory, which would be touched as well.
__attribute__((no_sanitize_address)) static void touch(volatile char *memory, int pages)
{
	for (int i = 0; i < pages; i++)
		memory[(size_t)i * PAGE] = 1;
}

// Joins the group, says so, waits to be let go, touches pages and burns time.
static pid_t start_job(
	const char *group, int pages, int milliseconds, const int ready[2], const int go[2])
{
	pid_t pid = fork();
	char path[300];
	char c = 'x';
	char *memory;
	struct timespec t = {0};
	int fd;

	if (pid != 0)
		return pid;
	close(go[1]);
	pmsprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1 || write(ready[1], &c, 1) != 1 ||
		read(go[0], &c, 1) < 0)
		_exit(1);
	memory = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)madvise(memory, (size_t)pages * PAGE, MADV_NOHUGEPAGE);
	touch(memory, pages);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < milliseconds)
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	_exit(0);
}

static const struct pmu_values *job_values(struct frame *f, const char *name)
{
	const struct frame_indom *d = &f->indoms[PMU_INDOM_job];

	for (unsigned i = 0; i < d->n; i++) {
		if (strcmp(d->set[i].name, name) == 0)
			return d->set[i].record;
	}
	return NULL;
}

// A fetch of everything about jobs and CPUs; the lock is held afterwards.
static void fetch(struct frame *f)
{
	frame_crew_refresh(f->crew, UINT64_MAX);
	f->pmda->refresh(f, f->state);
}

// Fetches until both jobs are there and counted; then their values, without the lock.
static bool read_jobs(struct frame *f, const struct place *p, struct pmu_values ret[2])
{
	bool all = false;

	for (int tries = 0; !all && tries < 200; tries++) {
		all = true;
		fetch(f);
		for (int i = 0; i < 2; i++) {
			const struct pmu_values *v = job_values(f, strrchr(p->jobs[i], '_') + 1);

			if (v != NULL)
				ret[i] = *v;
			all = all && v != NULL && v->v[PMU_task_clock].known;
		}
		frame_crew_release(f->crew);
		if (!all)
			usleep(20000);
	}
	return all;
}

static uint64_t node_faults(struct frame *f)
{
	uint64_t sum = 0;

	fetch(f);
	for (unsigned i = 0; i < f->indoms[PMU_INDOM_cpu].n; i++) {
		const struct pmu_values *v = f->indoms[PMU_INDOM_cpu].set[i].record;

		sum += v->v[PMU_page_faults].value;
	}
	frame_crew_release(f->crew);
	return sum;
}

static void within(const char *what, uint64_t got, uint64_t expected, uint64_t allowed)
{
	uint64_t difference = got > expected ? got - expected : expected - got;

	fprintf(stderr, "# %s: %" PRIu64 " of %" PRIu64 "\n", what, got, expected);
	cr_assert(le(u64, difference, allowed), "%s: %" PRIu64 " is not %" PRIu64, what, got,
		expected);
}

static void within_one_percent(const char *what, uint64_t got, uint64_t expected)
{
	within(what, got, expected, expected / 100);
}

// Time that other virtual machines took, in ticks of 10 ms: perf's clock goes on, the kernel's account of
// a group does not.
static uint64_t stolen_ticks(void)
{
	char text[256];
	unsigned long long v[8] = {0};
	int n;

	cr_assert(gt(int,
		(int)frame_read_head(frame_open_root(""), "proc/stat", text, sizeof(text)), 0));
	// NOLINTNEXTLINE(cert-err34-c): the kernel's numbers
	n = sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3,
		v + 4, v + 5, v + 6, v + 7);
	cr_assert(eq(int, n, 8));
	return v[7];
}

static void run(const struct place *p, struct around *a, struct frame *f)
{
	static const int pages[2] = {20000, 50000};
	static const int milliseconds[2] = {400, 700};
	struct pmu_values before[2];
	struct pmu_values v[2];
	uint64_t cpu[2];
	uint64_t faults;
	uint64_t stolen;
	pid_t pids[2];
	int ready[2];
	int go[2];
	char c;

	cr_assert(eq(int, pipe(ready), 0));
	cr_assert(eq(int, pipe(go), 0));
	for (int i = 0; i < 2; i++) {
		pids[i] = start_job(p->jobs[i], pages[i], milliseconds[i], ready, go);
		cr_assert(eq(int, (int)read(ready[0], &c, 1), 1));
	}
	cr_assert(read_jobs(f, p, before), "the jobs are not found");
	faults = node_faults(f);
	for (int i = 0; i < 2; i++)
		cpu[i] = cpu_microseconds(p->jobs[i]);
	cr_assert(open_around(a, p->around));
	stolen = stolen_ticks();
	close(go[1]);
	close(go[0]);
	for (int i = 0; i < 2; i++) {
		int status;

		cr_assert(eq(int, waitpid(pids[i], &status, 0), pids[i]));
		cr_assert(eq(int, status, 0));
	}
	cr_assert(read_jobs(f, p, v));
	faults = node_faults(f) - faults;
	stolen = (stolen_ticks() - stolen) * 10000;
	stolen += stolen ? 20000 : 0; // the parts of ticks
	for (int i = 0; i < 2; i++) {
		v[i].v[PMU_task_clock].value -= before[i].v[PMU_task_clock].value;
		v[i].v[PMU_page_faults].value -= before[i].v[PMU_page_faults].value;
		cpu[i] = cpu_microseconds(p->jobs[i]) - cpu[i];
		within("CPU time by the kernel's account", v[i].v[PMU_task_clock].value / 1000,
			cpu[i], cpu[i] / 100 + stolen);
		within_one_percent("pages", v[i].v[PMU_page_faults].value, (uint64_t)pages[i]);
	}
	within_one_percent("CPU time of both",
		v[0].v[PMU_task_clock].value + v[1].v[PMU_task_clock].value, read_around(a, 0));
	within_one_percent("page faults of both",
		v[0].v[PMU_page_faults].value + v[1].v[PMU_page_faults].value, read_around(a, 1));
	cr_assert(ge(u64, faults, (uint64_t)(pages[0] + pages[1])),
		"the node has less than its jobs");
	// The kernel frees a group after its last process: what was counted stays.
	for (int tries = 0; tries < 100 && rmdir(p->jobs[0]) < 0; tries++)
		usleep(20000);
	cr_assert(read_jobs(f, p, before));
	cr_assert(ge(u64, before[0].v[PMU_page_faults].value, v[0].v[PMU_page_faults].value));
}

Test(cgroups, two_jobs_add_up, .fini = remove_place)
{
	struct frame_options options = {
		.root = "", .period_ns = INT64_C(10000000000), .patience_ns = INT64_C(2000000000)};
	struct frame *f = NULL;
	struct around a = {0};
	struct place p = {0};

	if (!make_place(&p))
		cr_skip("no control groups may be made here");
	if (!open_around(&a, p.around))
		cr_skip("perf events of control groups are not allowed here");
	memset(&a, 0, sizeof(a));
	cr_assert(eq(int, frame_open(&pmu_pmda, &options, &f), 0));
	cr_assert(eq(int, frame_crew_start(f->crew), 0));
	run(&p, &a, f);
	frame_close(f);
}
