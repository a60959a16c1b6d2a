// SPDX-License-Identifier: Apache-2.0
// Forked workers over hosts.
#include "summarizer/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/progress.h"
#include "summarizer/reduce/host.h"
#include "summarizer/reduce/partial.h"

struct shared { // between the workers
	atomic_size_t next, done;
	_Atomic uint64_t defects;
};

struct worker {
	const struct pool_request *request;
	struct shared *shared;
	FILE *file;
	pid_t pid;
};

static int keep(void *context, struct bytes partial, struct error *err)
{
	const struct worker *w = context;
	if (fwrite(partial.data, 1, partial.len, w->file) != partial.len)
		return error_set(err, errno, "temporary file: %s", strerror(errno));
	return 0;
}

static void bad(void *context, const struct error *why)
{
	const struct worker *w = context;
	atomic_fetch_add(&w->shared->defects, 1);
	log_warning("%s", why->text);
}

static int work(struct worker *w, struct progress *progress, struct error *err)
{
	const struct pool_request *q = w->request;
	for (;;) {
		size_t i = atomic_fetch_add(&w->shared->next, 1);
		if (i >= q->n_hosts)
			break;
		struct host_request h = {.plan = q->plan,
			.places = q->hosts[i].host->places,
			.n_places = q->hosts[i].host->n,
			.tasks = q->hosts[i].tasks,
			.n_tasks = q->hosts[i].n_tasks,
			.done = keep,
			.bad = bad,
			.context = w};
		TRY(host_sweep(&h, err));
		size_t done = atomic_fetch_add(&w->shared->done, 1) + 1;
		if (progress)
			progress_step(progress, done);
	}
	if (fflush(w->file) != 0)
		return error_set(err, errno, "temporary file: %s", strerror(errno));
	return 0;
}

static int start(struct worker *w, struct error *err)
{
	pid_t parent = getpid();
	w->pid = fork();
	if (w->pid < 0)
		return error_set(err, errno, "fork: %s", strerror(errno));
	if (w->pid > 0)
		return 0;
	struct error why = {0};
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); // no orphan goes on when the parent is killed
	if (getppid() != parent)
		_exit(1);
	int rc = work(w, NULL, &why);
	if (rc < 0)
		log_error("%s", why.text);
	_exit(rc < 0);
}

// Waits for all, also when one failed: the first failure counts.
static int await(struct worker *w, unsigned n, struct shared *shared, struct progress *progress,
	struct error *err)
{
	int rc = 0;
	unsigned left = n;
	while (left) {
		for (unsigned i = 0; i < n; i++) {
			int status = 0;
			if (w[i].pid <= 0 || waitpid(w[i].pid, &status, WNOHANG) != w[i].pid)
				continue;
			w[i].pid = 0;
			left--;
			if (status != 0 && rc == 0 && WIFSIGNALED(status))
				rc = error_set(err, EIO, "a worker was killed by signal %d",
					WTERMSIG(status));
			else if (status != 0 && rc == 0)
				rc = error_set(err, EIO, "a worker failed");
		}
		progress_step(progress, atomic_load(&shared->done));
		if (left)
			nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	return rc;
}

static FILE *temporary(struct error *err)
{
	const char *dir = getenv("TMPDIR");
	dir = dir && dir[0] ? dir : "/var/tmp";
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	FILE *f = fd >= 0 ? fdopen(fd, "w+") : tmpfile();
	if (f == NULL)
		(void)error_set(err, errno, "%s: no temporary file: %s", dir, strerror(errno));
	return f;
}

static int map_file(FILE *f, struct bytes *ret, struct error *err)
{
	struct stat st;
	if (fstat(fileno(f), &st) < 0)
		return error_set(err, errno, "temporary file: %s", strerror(errno));
	if (st.st_size == 0)
		return 0;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fileno(f), 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "temporary file: %s", strerror(errno));
	*ret = (struct bytes){p, (size_t)st.st_size};
	return 0;
}

struct crew {
	struct worker *workers;
	unsigned n;
	struct shared *shared;
};

static void dismiss(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->workers[i].pid > 0) {
			(void)kill(c->workers[i].pid, SIGKILL);
			(void)waitpid(c->workers[i].pid, NULL, 0);
		}
		if (c->workers[i].file)
			(void)fclose(c->workers[i].file);
	}
	free(c->workers);
	munmap(c->shared, sizeof(*c->shared));
}

static int sweep(struct crew *c, struct progress *progress, struct error *err)
{
	for (unsigned i = 0; i < c->n; i++) {
		c->workers[i].file = temporary(err);
		if (c->workers[i].file == NULL)
			return err->code;
	}
	if (c->n == 1)
		return work(&c->workers[0], progress, err);
	for (unsigned i = 0; i < c->n; i++)
		TRY(start(&c->workers[i], err));
	return await(c->workers, c->n, c->shared, progress, err);
}

int pool_sweep(const struct pool_request *q, struct pool_results *ret, struct error *err)
{
	unsigned n = q->workers > q->n_hosts ? (unsigned)q->n_hosts : q->workers;
	n = n ? n : 1;
	void *p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "mmap: %s", strerror(errno));
	CLEANUP(dismiss)
	struct crew c = {.workers = memory_alloc(n, sizeof(*c.workers)), .n = n, .shared = p};
	for (unsigned i = 0; i < n; i++)
		c.workers[i] = (struct worker){.request = q, .shared = c.shared};
	struct progress progress;
	progress_start(&progress, "hosts", q->n_hosts);
	int rc = sweep(&c, &progress, err);
	progress_end(&progress);
	TRY(rc);
	*q->defects += atomic_load(&c.shared->defects);
	ret->files = memory_alloc(n, sizeof(*ret->files));
	ret->n = n;
	for (unsigned i = 0; i < n; i++)
		TRY(map_file(c.workers[i].file, &ret->files[i], err));
	return 0;
}

void pool_results_close(struct pool_results *x)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->files[i].data)
			munmap((void *)(uintptr_t)x->files[i].data, x->files[i].len);
	free(x->files);
	*x = (struct pool_results){0};
}
