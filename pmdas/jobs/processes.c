// SPDX-License-Identifier: Apache-2.0
// The second work: the processes of jobs. How many there are, their open files, whose they are, and, with
// version 2 of control groups, which has no CPU time of each core, that of their threads at the CPU that
// each was last seen on. It takes many files of /proc, so it is done seldom.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/jobs/jobs.h"
#include "pmdas/jobs/user.h"

#define EVERY       3 // rounds of the clock
#define DEPTH_MAX   4 // step, user, task, and what the user makes below
#define PIDS_MAX    4096
#define THREADS_MAX 65536
#define TICK_NS     UINT64_C(10000000) // the kernel shows hundredths of a second

struct thread {
	unsigned id;
	uint64_t start;
	uint64_t ticks;
};

struct threads { // of one scan; ascending by id when it is over
	struct thread *v;
	unsigned n;
	unsigned room;
};

struct subject { // a job
	char path[JOBS_PATH];
	char id[24];
	unsigned hierarchy;
	uint64_t inode;
	bool is_new;
	bool is_there;
	struct jobs_processes next;
	uint64_t *totals; // of each CPU; NULL: the kernel counts them
	unsigned n_cpus;
};

struct jobs_scan {
	struct jobs *jobs;
	uint64_t rounds;
	bool has_scanned;
	bool is_fresh;    // scanned in this round
	bool tells_files; // the kernel tells the number of open files as the size of their folder
	struct subject *subjects[JOBS_MAX];
	unsigned n;
	struct threads now;
	struct threads before;
	unsigned pids[PIDS_MAX]; // of one job
	char text[65536];        // of one group
};

// Which jobs there are.

static void free_subject(struct subject *s)
{
	free(s->totals);
	free(s);
}

static struct subject *new_subject(const struct jobs *j, const struct jobs_unit *u)
{
	struct subject *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	memcpy(s->path, u->path, sizeof(s->path));
	memcpy(s->id, u->name.id, sizeof(s->id));
	s->hierarchy = u->hierarchy;
	s->inode = u->inode;
	s->is_new = true;
	if (u->version == 2)
		s->totals = calloc(j->n_cpus, sizeof(*s->totals));
	s->n_cpus = s->totals ? j->n_cpus : 0;
	return s;
}

static struct subject *subject_of(const struct jobs_scan *scan, const struct jobs_unit *u)
{
	for (unsigned i = 0; i < scan->n; i++) {
		struct subject *s = scan->subjects[i];

		if (s->hierarchy == u->hierarchy && s->inode == u->inode &&
			strcmp(s->path, u->path) == 0)
			return s;
	}
	return NULL;
}

static bool is_job(const struct jobs_unit *u)
{
	return u->indom == JOBS_INDOM_job && u->ended_ns == 0;
}

// Under the lock. True: there are new ones.
static bool take_jobs(struct jobs_scan *scan)
{
	const struct jobs *j = scan->jobs;
	bool any = false;
	unsigned n = 0;

	for (unsigned i = 0; i < scan->n; i++)
		scan->subjects[i]->is_there = false;
	for (unsigned i = 0; i < j->n_listed; i++) {
		const struct jobs_unit *u = j->listed[i];
		struct subject *s = is_job(u) ? subject_of(scan, u) : NULL;

		if (is_job(u) && s == NULL && scan->n < JOBS_MAX && (s = new_subject(j, u)))
			scan->subjects[scan->n++] = s;
		if (s != NULL)
			s->is_there = true;
		any |= s != NULL && s->is_new;
	}
	for (unsigned i = 0; i < scan->n; i++) {
		if (scan->subjects[i]->is_there)
			scan->subjects[n++] = scan->subjects[i];
		else
			free_subject(scan->subjects[i]);
	}
	scan->n = n;
	return any;
}

// Processes.

// Of a group and those below, but not slurmstepd's own.
static unsigned find_processes(
	struct jobs_scan *scan, const char *folder, unsigned n, unsigned depth)
{
	DIR *dir = frame_open_folder(scan->jobs->root, folder);
	struct dirent *e;

	if (dir == NULL)
		return n;
	if (frame_read_head(dirfd(dir), "cgroup.procs", scan->text, sizeof(scan->text)) > 0)
		n += jobs_parse_pids(scan->text, scan->pids + n, PIDS_MAX - n);
	// NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
	while (depth < DEPTH_MAX && (e = readdir(dir)) != NULL) {
		char below[JOBS_PATH + 64];

		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) ||
			(depth == 1 && strcmp(e->d_name, "slurm") == 0) ||
			strlen(folder) + strlen(e->d_name) + 2 > sizeof(below))
			continue;
		pmsprintf(below, sizeof(below), "%s/%s", folder, e->d_name);
		n = find_processes(scan, below, n, depth + 1);
	}
	closedir(dir);
	return n;
}

static bool read_stat(int root, const char *path, struct jobs_stat *ret)
{
	char text[1024];

	return frame_read_head(root, path, text, sizeof(text)) > 0 &&
	       jobs_parse_stat(text, ret) == 0;
}

// Threads.

static int by_id(const void *a, const void *b)
{
	const struct thread *x = a;
	const struct thread *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static void add_thread(struct threads *t, const struct thread *thread)
{
	if (t->n == t->room) {
		unsigned room = t->room ? t->room * 2 : 256;
		struct thread *v = room <= THREADS_MAX ? realloc(t->v, room * sizeof(*v)) : NULL;

		if (v == NULL)
			return;
		t->v = v;
		t->room = room;
	}
	t->v[t->n++] = *thread;
}

// What a thread has used since the scan before goes to the CPU that it is seen on. One that is new has
// used it all since then; of those that are older than the agent nobody knows where.
static void count_thread(
	struct jobs_scan *scan, struct subject *s, unsigned id, const struct jobs_stat *stat)
{
	struct thread thread = {.id = id, .start = stat->start, .ticks = stat->ticks};
	const struct thread *before = NULL;
	uint64_t ticks = scan->has_scanned ? stat->ticks : 0;

	if (scan->before.n)
		before = bsearch(&thread, scan->before.v, scan->before.n, sizeof(thread), by_id);
	if (before != NULL && before->start == thread.start)
		ticks = thread.ticks > before->ticks ? thread.ticks - before->ticks : 0;
	if (stat->cpu < s->n_cpus)
		s->totals[stat->cpu] += ticks * TICK_NS;
	add_thread(&scan->now, &thread);
}

static void count_threads(struct jobs_scan *scan, struct subject *s, unsigned pid)
{
	char path[80];
	struct dirent *e;
	DIR *dir;

	pmsprintf(path, sizeof(path), "proc/%u/task", pid);
	dir = frame_open_folder(scan->jobs->root, path);
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): our own stream
		unsigned long id = strtoul(e->d_name, NULL, 10);
		struct jobs_stat stat;

		if (!isdigit((unsigned char)e->d_name[0]) || strlen(e->d_name) > 10)
			continue;
		pmsprintf(path, sizeof(path), "proc/%u/task/%lu/stat", pid, id);
		if (read_stat(scan->jobs->root, path, &stat))
			count_thread(scan, s, (unsigned)id, &stat);
	}
	closedir(dir);
}

// Open files

static bool count_entries(int root, const char *path, uint64_t *ret)
{
	DIR *dir = frame_open_folder(root, path);
	struct dirent *e;

	if (dir == NULL)
		return false;
	*ret = 0;
	while ((e = readdir(dir)) != NULL) // NOLINT(concurrency-mt-unsafe): our own stream
		*ret += e->d_name[0] != '.';
	closedir(dir);
	return true;
}

static bool count_files(const struct jobs_scan *scan, unsigned pid, uint64_t *ret)
{
	char path[40];
	struct stat st;

	pmsprintf(path, sizeof(path), "proc/%u/fd", pid);
	if (!scan->tells_files)
		return count_entries(scan->jobs->root, path, ret);
	if (fstatat(scan->jobs->root, path, &st, 0) < 0)
		return false;
	*ret = (uint64_t)st.st_size;
	return true;
}

static bool kernel_tells_files(const struct jobs *j)
{
	struct stat st;

	return !j->is_elsewhere && fstatat(j->root, "proc/self/fd", &st, 0) == 0 && st.st_size > 0;
}

// Jobs

static void add_process(struct jobs_scan *scan, struct subject *s, unsigned pid)
{
	struct jobs_processes *p = &s->next;
	struct jobs_stat stat;
	uint64_t files;
	char path[40];

	pmsprintf(path, sizeof(path), "proc/%u/stat", pid);
	if (!read_stat(scan->jobs->root, path, &stat))
		return; // it has ended
	p->processes.value++;
	p->threads.value += stat.threads;
	if (s->totals != NULL && stat.threads == 1)
		count_thread(scan, s, pid, &stat);
	else if (s->totals != NULL)
		count_threads(scan, s, pid);
	if (p->files.known) {
		p->files.known = count_files(scan, pid, &files);
		p->files.value += p->files.known ? files : 0;
	}
}

static void scan_job(struct jobs_scan *scan, struct subject *s)
{
	struct jobs *j = scan->jobs;
	char folder[JOBS_PATH + 48];
	unsigned n;

	pmsprintf(folder, sizeof(folder), "%s%s", j->hierarchies[s->hierarchy].folder, s->path);
	n = find_processes(scan, folder, 0, 0);
	jobs_set(&s->next.processes, 0);
	jobs_set(&s->next.threads, 0);
	jobs_set(&s->next.files, 0);
	for (unsigned i = 0; i < n; i++)
		add_process(scan, s, scan->pids[i]);
	if (!s->next.uid.known)
		jobs_find_user(j, s->path, n ? scan->pids[0] : 0, &s->next);
	if (s->next.account[0] == '\0')
		jobs_find_account(j->root, s->id, s->next.account, sizeof(s->next.account));
	s->is_new = false;
}

static void sample(void *device, uint64_t want)
{
	struct jobs_scan *scan = device;
	struct threads swap;
	bool looked;
	bool any;

	(void)want;
	frame_crew_hold(scan->jobs->crew);
	any = take_jobs(scan);
	looked = scan->jobs->has_looked; // else jobs that are older than the agent would seem new
	frame_crew_release(scan->jobs->crew);
	scan->is_fresh = looked && (scan->rounds++ % EVERY == 0 || any);
	if (!scan->is_fresh)
		return;
	scan->now.n = 0;
	for (unsigned i = 0; i < scan->n; i++)
		scan_job(scan, scan->subjects[i]);
	if (scan->now.n)
		qsort(scan->now.v, scan->now.n, sizeof(*scan->now.v), by_id);
	swap = scan->before;
	scan->before = scan->now;
	scan->now = swap;
	scan->has_scanned = true;
}

static bool has_other_labels(const struct jobs_processes *a, const struct jobs_processes *b)
{
	return a->uid.known != b->uid.known || strcmp(a->user, b->user) != 0 ||
	       strcmp(a->account, b->account) != 0;
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct jobs_scan *scan = device;
	struct jobs *j = scan->jobs;

	(void)want;
	for (unsigned i = 0; scan->is_fresh && i < j->n_listed; i++) {
		struct jobs_unit *u = j->listed[i];
		const struct subject *s = is_job(u) ? subject_of(scan, u) : NULL;

		if (s == NULL || s->is_new)
			continue;
		j->changed |= has_other_labels(&u->shown.processes, &s->next);
		u->shown.processes = s->next;
		if (s->totals != NULL)
			j->changed |=
				jobs_cores_publish(u, s->totals, s->n_cpus, "threads", now_ns);
	}
}

static void lose(void *device)
{
	const struct jobs_scan *scan = device;
	const struct jobs *j = scan->jobs;

	for (unsigned i = 0; i < j->n_listed; i++) {
		struct jobs_processes *p = &j->listed[i]->shown.processes;

		p->processes.known = p->threads.known = p->files.known = false;
	}
}

int jobs_scan_start(struct jobs *j)
{
	struct frame_work work = {
		.sample = sample, .publish = publish, .lose = lose, .clusters = FRAME_LOOK};
	struct jobs_scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL)
		return -ENOMEM;
	scan->jobs = j;
	scan->tells_files = kernel_tells_files(j);
	j->scan = scan;
	work.device = scan;
	return frame_crew_add(j->crew, &work);
}

void jobs_scan_free(struct jobs_scan *scan)
{
	if (scan == NULL)
		return;
	for (unsigned i = 0; i < scan->n; i++)
		free_subject(scan->subjects[i]);
	free(scan->now.v);
	free(scan->before.v);
	free(scan);
}
