// SPDX-License-Identifier: Apache-2.0
// Making documents here or in workers that write them into pipes.
#include "summarizer/documents.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/str.h"

#define DOCUMENT_MAX ((size_t)16 << 20) // of BSON, as MongoDB has it
#define PIPE_BYTES   (1 << 20)          // that a worker may be ahead

struct head { // of a document in a pipe; then state, failure, summary, series
	uint64_t n_there;
	uint64_t state, failure, summary, series; // bytes
};

struct maker {
	pid_t pid;
	int fd; // its end of documents
};

struct crew {
	struct maker *makers;
	unsigned n;
	struct arena arena; // of the document at hand
};

static struct summary summarize(
	const struct documents_request *q, size_t i, const struct bytes *partials, struct arena *a)
{
	struct summary_request r = {.plan = q->plan,
		.applications = q->applications,
		.job = &q->jobs[i],
		.resource_id = q->resource_id,
		.partials = partials};
	struct summary s;
	summary_make(&r, a, &s);
	if (q->jobs[i].as_of_s) {
		s.state = "running";
		doc_put_text(doc_at(s.summary, a, "jobsight"), a, "state", s.state);
	}
	return s;
}

static int encode(
	const struct summary *s, struct arena *a, struct made_document *ret, struct error *err)
{
	*ret = (struct made_document){.state = s->state, .n_there = s->n_there};
	TRY(doc_to_bson(s->summary, a, &ret->summary, err));
	if (s->series)
		TRY(doc_to_bson(s->series, a, &ret->series, err));
	if (ret->summary.len > DOCUMENT_MAX || ret->series.len > DOCUMENT_MAX)
		return error_set(err, E2BIG, "a document of more than 16 MiB");
	return 0;
}

// A job whose document cannot be gets one that says so, of its accounting alone.
static void make(
	const struct documents_request *q, size_t i, struct arena *a, struct made_document *ret)
{
	struct error why;
	struct error again;
	struct summary s = summarize(q, i, q->partials[i], a);
	if (encode(&s, a, ret, &why) == 0)
		return;
	s = summarize(q, i, arena_array(a, q->jobs[i].hosts.n + 1, sizeof(struct bytes)), a);
	s.series = NULL;
	s.state = "failed";
	doc_put_text(doc_at(s.summary, a, "jobsight"), a, "state", s.state);
	doc_put_text(doc_at(s.summary, a, "errors"), a, "summary", why.text);
	if (encode(&s, a, ret, &again) < 0)
		*ret = (struct made_document){.state = s.state};
	ret->failure = arena_strdup(a, why.text);
}

static int make_here(
	const struct documents_request *q, document_each *each, void *context, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	for (size_t i = 0; i < q->n_jobs; i++) {
		struct made_document d;
		make(q, i, &a, &d);
		TRY(each(context, i, &d, err));
		arena_reset(&a);
	}
	return 0;
}

static int write_all(int fd, const void *data, size_t size)
{
	const char *p = data;
	while (size) {
		ssize_t n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

static int hand_over(int fd, const struct made_document *d)
{
	const char *failure = d->failure ? d->failure : "";
	struct head h = {.n_there = d->n_there,
		.state = strlen(d->state),
		.failure = strlen(failure),
		.summary = d->summary.len,
		.series = d->series.len};
	if (write_all(fd, &h, sizeof(h)) < 0 || write_all(fd, d->state, h.state) < 0 ||
		write_all(fd, failure, h.failure) < 0 ||
		write_all(fd, d->summary.data, h.summary) < 0)
		return -1;
	return write_all(fd, d->series.data, h.series);
}

static _Noreturn void work(const struct documents_request *q, unsigned nth, unsigned of, int fd)
{
	struct arena a = {0};
	int rc = 0;
	for (size_t i = nth; i < q->n_jobs && rc == 0; i += of) {
		struct made_document d;
		make(q, i, &a, &d);
		rc = hand_over(fd, &d);
		arena_reset(&a);
	}
	_exit(rc != 0);
}

static int start(struct crew *c, const struct documents_request *q, unsigned nth, struct error *err)
{
	int ends[2];
	pid_t parent = getpid();
	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(err, errno, "pipe: %s", strerror(errno));
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); // as much as it may have
	pid_t pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); // no orphan goes on
		if (getppid() != parent)
			_exit(1);
		for (unsigned i = 0; i < nth; i++)
			close(c->makers[i].fd);
		close(ends[0]);
		work(q, nth, c->n, ends[1]);
	}
	int rc = pid < 0 ? error_set(err, errno, "fork: %s", strerror(errno)) : 0;
	close(ends[1]);
	if (rc < 0) {
		close(ends[0]);
		return rc;
	}
	c->makers[nth] = (struct maker){.pid = pid, .fd = ends[0]};
	return 0;
}

static void dismiss(struct crew *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		if (c->makers[i].pid <= 0)
			continue;
		close(c->makers[i].fd);
		(void)kill(c->makers[i].pid, SIGKILL);
		(void)waitpid(c->makers[i].pid, NULL, 0);
	}
	free(c->makers);
	arena_release(&c->arena);
}

static int read_all(int fd, void *to, size_t size, struct error *err)
{
	char *p = to;
	while (size) {
		ssize_t n = read(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, EIO, "a worker ended before its documents were made");
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

// n bytes of a pipe, with a NUL behind them.
static int take(struct crew *c, int fd, size_t n, void *ret, struct error *err)
{
	char *p = arena_alloc(&c->arena, n + 1);
	TRY(read_all(fd, p, n, err));
	*(char **)ret = p;
	return 0;
}

static int receive(struct crew *c, int fd, struct made_document *ret, struct error *err)
{
	struct head h;
	TRY(read_all(fd, &h, sizeof(h), err));
	*ret = (struct made_document){.n_there = h.n_there};
	ret->summary.len = h.summary;
	ret->series.len = h.series;
	TRY(take(c, fd, h.state, &ret->state, err));
	TRY(take(c, fd, h.failure, &ret->failure, err));
	TRY(take(c, fd, h.summary, &ret->summary.data, err));
	TRY(take(c, fd, h.series, &ret->series.data, err));
	if (h.failure == 0)
		ret->failure = NULL;
	return 0;
}

int documents_make(
	const struct documents_request *q, document_each *each, void *context, struct error *err)
{
	unsigned n = q->workers < q->n_jobs ? q->workers : (unsigned)q->n_jobs;
	if (n < 2)
		return make_here(q, each, context, err);
	CLEANUP(dismiss) struct crew c = {.makers = memory_alloc(n, sizeof(*c.makers)), .n = n};
	for (unsigned i = 0; i < n; i++)
		TRY(start(&c, q, i, err));
	for (size_t i = 0; i < q->n_jobs; i++) {
		struct made_document d;
		TRY(receive(&c, c.makers[i % n].fd, &d, err));
		TRY(each(context, i, &d, err));
		arena_reset(&c.arena);
	}
	return 0;
}
