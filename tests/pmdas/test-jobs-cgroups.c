// SPDX-License-Identifier: Apache-2.0
// Real control groups and the real kernel, of version 1 and of version 2, whichever this machine has: two jobs
// whose CPU time adds up to that of the group around them, each on the core it is bound to.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/jobs/jobs.h"

#define PAGE    4096
#define FOLDERS 3

struct version {                      // of control groups
	const char *folders[FOLDERS]; // of version 1: a controller each; the first has CPU time
	const char *mark;             // is there in a hierarchy of this version
	const char *before, *after;   // the process's number in the name of the group around
	const char *below;            // between it and the jobs
	const char *usage;            // its CPU time: file, and what stands before the number
	const char *word;
	uint64_t divide; // to microseconds
	const char *source;
};

static const struct version versions[] = {
	{{"/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids"}, "tasks",
		"slurm_jobsight", "", "/uid_0", "cpuacct.usage", "", 1000, "kernel"},
	{{"/sys/fs/cgroup"}, "cgroup.controllers", "jobsight", "_slurmstepd.scope", "", "cpu.stat",
		"usage_usec ", 1, "threads"},
	{{"/sys/fs/cgroup/unified"}, "cgroup.controllers", "jobsight", "_slurmstepd.scope", "",
		"cpu.stat", "usage_usec ", 1, "threads"},
};

struct place {
	const struct version *version;
	char around[FOLDERS][200];
	char uid[FOLDERS][240];
	char jobs[2][FOLDERS][280];
	unsigned n; // folders that there are
};

static bool name_place(const struct version *v, struct place *p)
{
	memset(p, 0, sizeof(*p));
	p->version = v;
	for (unsigned i = 0; i < FOLDERS && v->folders[i] != NULL; i++) {
		char mark[200];

		pmsprintf(mark, sizeof(mark), "%s/%s", v->folders[i], v->mark);
		if (access(mark, F_OK) < 0)
			continue;
		pmsprintf(p->around[p->n], sizeof(p->around[0]), "%s/%s%d%s", v->folders[i],
			v->before, (int)getpid(), v->after);
		pmsprintf(p->uid[p->n], sizeof(p->uid[0]), "%s%s", p->around[p->n], v->below);
		for (int k = 0; k < 2; k++)
			pmsprintf(p->jobs[k][p->n], sizeof(p->jobs[0][0]), "%s/job_%d",
				p->uid[p->n], (int)getpid() * 10 + k);
		p->n++;
	}
	return p->n > 0;
}

static bool make_place(const struct place *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		if (mkdir(p->around[i], 0755) < 0 ||
			(*p->version->below != '\0' && mkdir(p->uid[i], 0755) < 0) ||
			mkdir(p->jobs[0][i], 0755) < 0 || mkdir(p->jobs[1][i], 0755) < 0)
			return false;
	}
	return true;
}

static void remove_places(void)
{
	for (size_t v = 0; v < ARRAY_LEN(versions); v++) {
		struct place p;

		if (!name_place(&versions[v], &p))
			continue;
		for (unsigned i = 0; i < p.n; i++) {
			(void)rmdir(p.jobs[0][i]);
			(void)rmdir(p.jobs[1][i]);
			(void)rmdir(p.uid[i]);
			(void)rmdir(p.around[i]);
		}
	}
}

static uint64_t cpu_of(const struct version *v, const char *group)
{
	char path[400];
	char text[2000];
	const char *s;

	pmsprintf(path, sizeof(path), "%s/%s", group, v->usage);
	cr_assert(gt(int, (int)frame_read_file(AT_FDCWD, path, text, sizeof(text)), 0));
	s = strstr(text, v->word);
	cr_assert(s != NULL);
	return strtoull(s + strlen(v->word), NULL, 10) / v->divide;
}

// Without the sanitizer's own memory, which would be touched as well.
__attribute__((no_sanitize_address)) static void touch(volatile char *memory, int pages)
{
	for (int i = 0; i < pages; i++)
		memory[(size_t)i * PAGE] = 1;
}

static bool join_groups(const struct place *p, int job)
{
	for (unsigned i = 0; i < p->n; i++) {
		char path[400];
		int fd;

		pmsprintf(path, sizeof(path), "%s/cgroup.procs", p->jobs[job][i]);
		fd = open(path, O_WRONLY);
		if (fd < 0 || write(fd, "0", 1) != 1)
			return false;
		close(fd);
	}
	return true;
}

struct pipes {
	int ready[2];
	int go[2][2]; // to each job
};

// Binds itself to a CPU of its own, where there are two; then does as it is told, one step at each word.
static void be_a_job(const struct place *p, int job, int pages, int milliseconds, struct pipes *q)
{
	struct timespec t = {0};
	char *memory;
	cpu_set_t cpus;
	char c = 'x';

	CPU_ZERO(&cpus);
	CPU_SET(job, &cpus);
	(void)sched_setaffinity(0, sizeof(cpus), &cpus);
	if (!join_groups(p, job) || write(q->ready[1], &c, 1) != 1 ||
		read(q->go[job][0], &c, 1) != 1)
		_exit(1);
	memory = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	touch(memory, pages);
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < milliseconds)
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	if (write(q->ready[1], &c, 1) != 1 || read(q->go[job][0], &c, 1) != 1)
		_exit(1);
	_exit(0);
}

static const struct jobs_job *job_of(const struct frame *f, const struct place *p, int job)
{
	const struct frame_indom *d = &f->indoms[JOBS_INDOM_job];
	const char *name = strrchr(p->jobs[job][0], '_') + 1;

	for (unsigned i = 0; i < d->n; i++) {
		if (strcmp(d->set[i].name, name) == 0)
			return d->set[i].record;
	}
	return NULL;
}

static uint64_t core_of(const struct frame *f, const struct place *p, int job, int cpu)
{
	const struct frame_indom *d = &f->indoms[JOBS_INDOM_core];
	char name[64];

	pmsprintf(name, sizeof(name), "%s:cpu%d", strrchr(p->jobs[job][0], '_') + 1, cpu);
	for (unsigned i = 0; i < d->n; i++) {
		const struct jobs_core *c = d->set[i].record;

		if (strcmp(d->set[i].name, name) == 0)
			return c->usage.value / 1000;
	}
	return 0;
}

// A fetch of everything; the lock is held afterwards.
static void fetch(struct frame *f)
{
	frame_crew_refresh(f->crew, UINT64_MAX & ~FRAME_LOOK);
	f->pmda->refresh(f, f->state);
}

static void within(const char *what, uint64_t got, uint64_t expected, uint64_t more)
{
	uint64_t difference = got > expected ? got - expected : expected - got;

	fprintf(stderr, "# %s: %" PRIu64 " of %" PRIu64 "\n", what, got, expected);
	cr_assert(le(u64, difference, expected / 100 + more), "%s: %" PRIu64 " is not %" PRIu64,
		what, got, expected);
}

// Fetches until a condition holds.
static void wait_for(struct frame *f, const struct place *p, const char *what,
	bool (*holds)(struct frame *f, const struct place *p))
{
	for (int tries = 0; tries < 600; tries++) {
		bool yes;

		fetch(f);
		yes = holds(f, p);
		frame_crew_release(f->crew);
		if (yes)
			return;
		usleep(20000);
	}
	cr_fail("%s", what);
}

static bool both_are_there(struct frame *f, const struct place *p)
{
	const struct jobs_job *a = job_of(f, p, 0);
	const struct jobs_job *b = job_of(f, p, 1);

	return a && b && a->group.cpu_usage.known && b->group.cpu_usage.known &&
	       a->processes.processes.known && b->processes.processes.known &&
	       a->processes.processes.value == 1 && b->processes.processes.value == 1;
}

static uint64_t all_cores(const struct frame *f, const struct place *p, int job)
{
	uint64_t sum = 0;

	for (int cpu = 0; cpu < 64; cpu++)
		sum += core_of(f, p, job, cpu);
	return sum;
}

// Threads are looked at seldom: until then they have used less. What they used before is not known.
static bool cores_are_counted(struct frame *f, const struct place *p)
{
	return all_cores(f, p, 0) >= 380000 && all_cores(f, p, 1) >= 680000;
}

static void look_at_memory(const struct jobs_job *j, const char *group, uint64_t touched)
{
	char path[400];
	bool has;

	pmsprintf(path, sizeof(path), "%s/memory.stat", group);
	has = access(path, F_OK) == 0;
	cr_assert(eq(int, j->group.used.known, has), "what is not measured is absent");
	cr_assert(eq(int, j->group.memory_current.known, has));
	if (!has)
		return;
	cr_assert(ge(u64, j->group.used.value, touched * 9 / 10)); // charged by batches
	cr_assert(ge(u64, j->group.memory_current.value, touched * 9 / 10));
	cr_assert(ge(u64, j->group.memory_peak.value, j->group.memory_current.value));
}

static void compare(struct frame *f, const struct place *p, const int pages[2])
{
	const struct version *v = p->version;
	uint64_t sum = 0;

	for (int i = 0; i < 2; i++) {
		const struct jobs_job *j = job_of(f, p, i);
		uint64_t usage = j->group.cpu_usage.value;

		within("CPU time by the kernel's account", usage, cpu_of(v, p->jobs[i][0]), 0);
		within("CPU time of the cores", all_cores(f, p, i), usage, 20000);
		if (sysconf(_SC_NPROCESSORS_ONLN) >= 2)
			within("CPU time of its own core", core_of(f, p, i, i), usage, 30000);
		cr_assert(eq(str, (char *)j->cores_source, (char *)v->source));
		cr_assert(eq(u64, j->processes.uid.value, (uint64_t)getuid()));
		cr_assert(eq(u64, j->processes.threads.value, 1));
		look_at_memory(j, p->jobs[i][p->n > 1 ? 1 : 0], (uint64_t)pages[i] * PAGE);
		sum += usage;
	}
	within("CPU time of both", sum, cpu_of(v, p->around[0]), 0);
}

static void tell(struct pipes *q)
{
	for (int i = 0; i < 2; i++)
		cr_assert(eq(int, (int)write(q->go[i][1], "x", 1), 1));
}

static void hear(struct pipes *q)
{
	char c;

	for (int i = 0; i < 2; i++)
		cr_assert(eq(int, (int)read(q->ready[0], &c, 1), 1), "a job has ended");
}

static bool first_has_ended(struct frame *f, const struct place *p)
{
	return !job_of(f, p, 0)->group.pids_current.known &&
	       !job_of(f, p, 0)->group.memory_current.known;
}

static void end_jobs(struct frame *f, const struct place *p, const pid_t pids[2], struct pipes *q)
{
	uint64_t usage = job_of(f, p, 0)->group.cpu_usage.value;
	int status;

	tell(q);
	for (int i = 0; i < 2; i++) {
		cr_assert(eq(int, waitpid(pids[i], &status, 0), pids[i]));
		cr_assert(eq(int, status, 0));
	}
	for (unsigned i = 0; i < p->n; i++) {
		for (int tries = 0; tries < 100 && rmdir(p->jobs[0][i]) < 0; tries++)
			usleep(20000);
	}
	wait_for(f, p, "the end of a job is not seen", first_has_ended);
	cr_assert(ge(u64, job_of(f, p, 0)->group.cpu_usage.value, usage));
}

static void run(struct frame *f, const struct place *p)
{
	static const int pages[2] = {8000, 16000};
	static const int milliseconds[2] = {400, 700};
	struct pipes q;
	pid_t pids[2];

	cr_assert(eq(int, pipe(q.ready), 0));
	for (int i = 0; i < 2; i++) {
		cr_assert(eq(int, pipe(q.go[i]), 0));
		pids[i] = fork();
		if (pids[i] == 0)
			be_a_job(p, i, pages[i], milliseconds[i], &q);
	}
	hear(&q);
	wait_for(f, p, "the jobs are not found", both_are_there);
	tell(&q);
	hear(&q);
	wait_for(f, p, "the cores are not counted", cores_are_counted);
	fetch(f);
	compare(f, p, pages);
	frame_crew_release(f->crew);
	end_jobs(f, p, pids, &q);
}

Test(jobs_cgroups, two_jobs_add_up, .fini = remove_places)
{
	struct frame_options options = {
		.root = "", .period_ns = INT64_C(50000000), .patience_ns = INT64_C(2000000000)};
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct frame *f = NULL;
		struct place p;

		if (!name_place(&versions[i], &p) || !make_place(&p))
			continue;
		n++;
		fprintf(stderr, "# %s\n", p.around[0]);
		cr_assert(eq(int, frame_open(&jobs_pmda, &options, &f), 0));
		cr_assert(eq(int, frame_crew_start(f->crew), 0));
		run(f, &p);
		frame_close(f);
	}
	if (n == 0)
		cr_skip("no control groups may be made here");
}
