// SPDX-License-Identifier: Apache-2.0
// Counts jobs by their control groups, so that a node that several jobs share has counters for each.
//
// A job is found at the first reading after its control group was made, and counted from then on, on
// the CPUs of its cpuset. An event stays readable when the control group is removed: so a job that has
// ended is read a last time, its events are closed, and its totals are shown for a while, so that
// they are logged. Jobs live in memory of their own, that is freed only when no instance points to it.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/job.h"
#include "pmdas/frame/parse.h"
#include "pmdas/frame/walk.h"
#include "pmdas/pmu/pmu.h"

#define JOBS_MAX 128

struct job {
	struct frame_job name;
	char cpus_text[1024]; // its cpuset, as last read
	int fd;               // of its control group, -1 when it has ended
	bool seen;            // in this round's walk
	int64_t ended_ns;     // 0 = has not
	struct pmu_tally *tallies;
	unsigned n;
	struct pmu_values next;  // of the worker that is inside
	struct pmu_values shown; // under the crew's lock
};

struct pmu_jobs {
	struct pmu *pmu;
	// Of the worker that is inside.
	char groups[40]; // the folder of control groups that perf knows
	struct job *jobs[JOBS_MAX];
	unsigned n;
	uint64_t left_out;
	struct pmu_online online;
	struct job *ended[JOBS_MAX]; // that publish() is to take away
	unsigned n_ended;
	// Under the crew's lock.
	struct job *listed[JOBS_MAX];
	unsigned n_listed;
	struct job **garbage; // that instances may still point to
	size_t n_garbage;
	uint64_t shown_left_out;
	bool changed;
};

// Only the hierarchy that has the controller perf_event: its own of version 1, or version 2.
static void find_groups(struct pmu_jobs *j)
{
	static const char *const folders[] = {
		"sys/fs/cgroup/perf_event",
		"sys/fs/cgroup/unified",
		"sys/fs/cgroup",
	};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		pmsprintf(j->groups, sizeof(j->groups), "%s", folders[i]);
		if (faccessat(j->pmu->root, folders[i], F_OK, 0) == 0)
			return;
	}
}

int pmu_jobs_new(struct pmu *p, struct pmu_jobs **ret)
{
	struct pmu_jobs *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return -ENOMEM;
	j->pmu = p;
	find_groups(j);
	*ret = j;
	return 0;
}

static void free_job(struct pmu_jobs *j, struct job *job)
{
	for (unsigned i = 0; i < job->n; i++) {
		pmu_tally_close(&j->pmu->account, &job->tallies[i]);
		pmu_tally_free(&job->tallies[i]);
	}
	free(job->tallies);
	if (job->fd >= 0)
		close(job->fd);
	free(job);
}

void pmu_jobs_free(struct pmu_jobs *j)
{
	if (j == NULL)
		return;
	for (unsigned i = 0; i < j->n; i++)
		free_job(j, j->jobs[i]);
	for (unsigned i = 0; i < j->n_ended; i++)
		free_job(j, j->ended[i]);
	for (size_t i = 0; i < j->n_garbage; i++)
		free_job(j, j->garbage[i]);
	free(j->garbage);
	free(j);
}

// Finding

static int open_group(const struct pmu_jobs *j, const char *path)
{
	char full[FRAME_WALK_MAX + 64];

	pmsprintf(full, sizeof(full), "%s%s", j->groups, path);
	return openat(j->pmu->root, full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

// A group of the same name may be another: a job that was requeued is counted from zero.
static bool is_same_group(const struct pmu_jobs *j, const struct job *job)
{
	char full[FRAME_WALK_MAX + 64];
	struct stat now;
	struct stat then;

	pmsprintf(full, sizeof(full), "%s%s", j->groups, job->name.path);
	return fstat(job->fd, &then) == 0 && fstatat(j->pmu->root, full, &now, 0) == 0 &&
	       now.st_ino == then.st_ino;
}

static void add_job(struct pmu_jobs *j, const struct frame_job *name)
{
	struct job *job;

	for (unsigned i = 0; i < j->n; i++) {
		job = j->jobs[i];
		if (job->fd >= 0 && strcmp(job->name.path, name->path) == 0 &&
			is_same_group(j, job)) {
			job->seen = true;
			return;
		}
	}
	if (name->path[0] == '\0')
		return;
	if (j->n == JOBS_MAX) {
		j->left_out++;
		return;
	}
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return;
	job->name = *name;
	job->fd = open_group(j, name->path);
	if (job->fd < 0) {
		free(job);
		return;
	}
	(void)frame_job_resolve(j->pmu->root, &job->name);
	job->seen = true;
	j->jobs[j->n++] = job;
}

static void take_group(void *context, const char *parent, const char *path,
	const struct frame_job *job, uint64_t inode)
{
	(void)parent;
	(void)path;
	(void)inode;
	add_job(context, job);
}

// Counting

static bool has_tally(const struct job *job, unsigned cpu)
{
	for (unsigned i = 0; i < job->n; i++) {
		if (job->tallies[i].cpu == cpu)
			return true;
	}
	return false;
}

static void add_cpu(const struct pmu_jobs *j, struct job *job, unsigned cpu)
{
	struct pmu_tally *tallies;

	if (cpu >= PMU_CPUS_MAX || has_tally(job, cpu))
		return;
	tallies = realloc(job->tallies, (job->n + 1) * sizeof(*tallies));
	if (tallies == NULL)
		return;
	job->tallies = tallies;
	if (pmu_tally_init(&tallies[job->n], &j->pmu->for_jobs, cpu, job->name.path) == 0)
		job->n++;
}

// The CPUs of its cpuset, where there is one here; all otherwise. A job may get more later.
static void find_cpus(struct pmu_jobs *j, struct job *job)
{
	unsigned ids[PMU_CPUS_MAX];
	char text[sizeof(job->cpus_text)];
	ssize_t len = frame_read_file(job->fd, "cpuset.cpus.effective", text, sizeof(text));
	int n = len > 1 ? frame_parse_list(text, ids, PMU_CPUS_MAX) : 0;

	if (n <= 0)
		pmsprintf(text, sizeof(text), "all");
	if (strcmp(text, job->cpus_text) == 0)
		return;
	memcpy(job->cpus_text, text, sizeof(text));
	for (int i = 0; i < n; i++)
		add_cpu(j, job, ids[i]);
	for (unsigned i = 0; n <= 0 && i < PMU_CPUS_MAX; i++) {
		if (j->online.is[i])
			add_cpu(j, job, i);
	}
}

static void count_job(struct pmu_jobs *j, struct job *job, uint64_t roles)
{
	struct pmu_account *a = &j->pmu->account;
	uint64_t slots = j->pmu->for_jobs.slots;
	int64_t now = pmu_now_ns();
	struct pmu_sums sums = {0};

	if (job->seen)
		find_cpus(j, job);
	else
		roles = UINT64_MAX; // for the last time
	for (unsigned i = 0; i < job->n; i++) {
		struct pmu_tally *t = &job->tallies[i];

		t->away = !j->online.is[t->cpu];
		if (t->away) {
			pmu_tally_close(a, t);
		} else {
			if (job->seen)
				pmu_tally_open(a, t, job->fd, now);
			pmu_tally_read(a, t, roles);
		}
		pmu_tally_add(t, UINT64_MAX, &sums);
	}
	memset(&job->next, 0, sizeof(job->next));
	pmu_fill(&sums, slots, &job->next);
	pmu_derive(slots, &job->next);
}

// The last reading has been made: what it gave stays.
static void end_job(struct pmu_jobs *j, struct job *job)
{
	for (unsigned i = 0; i < job->n; i++)
		pmu_tally_close(&j->pmu->account, &job->tallies[i]);
	close(job->fd);
	job->fd = -1;
	job->ended_ns = pmu_now_ns();
}

static void retire_jobs(struct pmu_jobs *j)
{
	int64_t linger = j->pmu->site.linger * INT64_C(1000000000);
	unsigned n = 0;

	for (unsigned i = 0; i < j->n; i++) {
		struct job *job = j->jobs[i];

		if (job->ended_ns && pmu_now_ns() - job->ended_ns >= linger)
			j->ended[j->n_ended++] = job;
		else
			j->jobs[n++] = job;
	}
	j->n = n;
}

static void give_back(struct pmu_jobs *j)
{
	for (unsigned i = 0; i < j->n; i++) {
		struct job *job = j->jobs[i];

		for (unsigned k = 0; k < job->n; k++)
			pmu_tally_give_back(&j->pmu->account, &job->tallies[k]);
		if (job->fd >= 0)
			memset(&job->next, 0, sizeof(job->next));
	}
}

static void sample(void *device, uint64_t want)
{
	struct pmu_jobs *j = device;
	uint64_t roles = pmu_roles_of_parts(want >> PMU_JOB_PARTS & PMU_PARTS);
	struct pmu_state state;

	j->left_out = 0;
	for (unsigned i = 0; i < j->n; i++)
		j->jobs[i]->seen = false;
	pmu_look(j->pmu, &state);
	if (!state.known)
		return;
	j->online = state.online;
	frame_walk(j->pmu->root, j->groups, "", take_group, j);
	if (state.held)
		give_back(j);
	else
		for (unsigned i = 0; i < j->n; i++) {
			if (j->jobs[i]->fd >= 0)
				count_job(j, j->jobs[i], roles);
		}
	for (unsigned i = 0; i < j->n; i++) {
		if (j->jobs[i]->fd >= 0 && !j->jobs[i]->seen)
			end_job(j, j->jobs[i]);
	}
	if (j->n_ended == 0)
		retire_jobs(j);
}

// Showing

static void discard(struct pmu_jobs *j)
{
	struct job **garbage =
		realloc(j->garbage, (j->n_garbage + j->n_ended + 1) * sizeof(struct job *));

	if (garbage == NULL)
		return; // tried again after the next round
	j->garbage = garbage;
	for (unsigned i = 0; i < j->n_ended; i++)
		j->garbage[j->n_garbage++] = j->ended[i];
	j->n_ended = 0;
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct pmu_jobs *j = device;

	(void)want;
	(void)now_ns;
	for (unsigned i = 0; i < j->n; i++)
		j->jobs[i]->shown = j->jobs[i]->next;
	j->changed = j->changed || j->n != j->n_listed ||
	             memcmp(j->listed, j->jobs, j->n * sizeof(struct job *)) != 0;
	memcpy(j->listed, j->jobs, j->n * sizeof(struct job *));
	j->n_listed = j->n;
	j->shown_left_out = j->left_out;
	discard(j);
}

static void lose(void *device)
{
	struct pmu_jobs *j = device;

	for (unsigned i = 0; i < j->n_listed; i++)
		memset(&j->listed[i]->shown, 0, sizeof(j->listed[i]->shown));
}

void pmu_jobs_count(const struct pmu_jobs *j, uint64_t *ret_jobs, uint64_t *ret_left_out)
{
	*ret_jobs = j->n_listed;
	*ret_left_out = j->shown_left_out;
}

int pmu_jobs_add(struct pmu_jobs *j, struct frame_crew *crew)
{
	struct frame_work work = {
		.device = j,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = PMU_PARTS << PMU_JOB_PARTS | FRAME_LOOK,
	};

	return frame_crew_add(crew, &work);
}

// A number that no instance before has.
static int number_of(const struct frame_instance *set, unsigned n, const char *id)
{
	for (unsigned attempt = 0;; attempt++) {
		int number = frame_instance_id(id, attempt);
		bool taken = false;

		for (unsigned i = 0; i < n; i++)
			taken = taken || set[i].id == number;
		if (!taken)
			return number;
	}
}

// A job that ran here twice shows its latest run.
static struct frame_instance *instance_of(struct frame_instance *set, unsigned *n, const char *id)
{
	struct frame_instance *new = &set[*n];

	for (unsigned i = 0; i < *n; i++) {
		if (strcmp(set[i].name, id) == 0)
			return &set[i];
	}
	new->id = number_of(set, *n, id);
	pmsprintf(new->name, sizeof(new->name), "%s", id);
	pmsprintf(new->labels, sizeof(new->labels), "{\"job\":\"%s\"}", id);
	(*n)++;
	return new;
}

void pmu_jobs_refresh(struct pmu_jobs *j, struct frame *f)
{
	struct frame_instance *set;
	unsigned n = 0;

	if (!j->changed)
		return;
	set = calloc(j->n_listed ? j->n_listed : 1, sizeof(*set));
	if (set == NULL)
		return;
	for (unsigned i = 0; i < j->n_listed; i++) {
		struct job *job = j->listed[i];

		instance_of(set, &n, job->name.id)->record = &job->shown;
	}
	if (frame_indom_set(f, PMU_INDOM_job, set, n) == 0) {
		j->changed = false;
		for (size_t i = 0; i < j->n_garbage; i++)
			free_job(j, j->garbage[i]);
		j->n_garbage = 0;
	}
	free(set);
}
