// SPDX-License-Identifier: Apache-2.0
// Worker threads that read devices in rounds; see crew.h.
#include "pmdas/frame/crew.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "common/macro.h"

#define WORKERS_AT_START 2
#define WORKERS_MAX      32 // one hung device holds one worker

#define NS_PER_SECOND INT64_C(1000000000)

struct task {
	struct frame_work work;
	uint64_t round; // the last round it has answered (or had nothing to do) in
	bool busy;      // a worker is inside it
	bool lost;      // it missed a round while busy: nobody waits for it
	bool retired;   // it goes when nobody is inside it
};

struct frame_crew {
	pthread_mutex_t lock;
	pthread_cond_t wake; // for workers: there is work, or time to quit
	pthread_cond_t done; // for a fetch: a task has ended
	struct task **tasks;
	size_t n;
	size_t room;
	size_t cursor;
	uint64_t round;
	uint64_t want;  // clusters of this round
	uint64_t clock; // and of the clock's
	int64_t period_ns;
	int64_t patience_ns;
	int64_t next_ns; // when the clock begins the next round
	uint64_t polls;
	unsigned workers;
	unsigned inside; // workers inside a device
	bool quit;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

static int wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ns)
{
	struct timespec t = {.tv_sec = ns / NS_PER_SECOND, .tv_nsec = ns % NS_PER_SECOND};

	return pthread_cond_timedwait(cond, lock, &t);
}

int frame_crew_new(int64_t period_ns, int64_t patience_ns, struct frame_crew **ret)
{
	struct frame_crew *c = calloc(1, sizeof(*c));
	pthread_condattr_t attr;

	if (c == NULL)
		return -ENOMEM;
	c->period_ns = period_ns;
	c->patience_ns = patience_ns;
	c->clock = UINT64_MAX;
	pthread_mutex_init(&c->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->wake, &attr);
	pthread_cond_init(&c->done, &attr);
	pthread_condattr_destroy(&attr);
	*ret = c;
	return 0;
}

void frame_crew_clock(struct frame_crew *c, uint64_t want)
{
	c->clock = want;
}

int frame_crew_add(struct frame_crew *c, const struct frame_work *work)
{
	struct task *t;

	if (c->n == c->room) {
		size_t room = c->room ? c->room * 2 : 16;
		struct task **tasks = realloc(c->tasks, room * sizeof(struct task *));

		if (tasks == NULL)
			return -ENOMEM;
		c->tasks = tasks;
		c->room = room;
	}
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return -ENOMEM;
	t->work = *work;
	t->round = c->round;
	c->tasks[c->n++] = t;
	return 0;
}

void frame_crew_hasten(struct frame_crew *c, int64_t period_ns)
{
	if (period_ns >= c->period_ns)
		return;
	c->period_ns = period_ns;
	if (c->next_ns > now_ns() + period_ns)
		c->next_ns = now_ns() + period_ns;
	pthread_cond_broadcast(&c->wake); // who waits, waits for the old time
}

void frame_crew_widen(struct frame_crew *c, const void *device, uint64_t clusters)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->tasks[i]->work.device == device)
			c->tasks[i]->work.clusters |= clusters;
	}
}

// Nobody is inside it.
static void remove_task(struct frame_crew *c, struct task *t)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->tasks[i] != t)
			continue;
		c->tasks[i] = c->tasks[--c->n];
		break;
	}
	c->cursor = 0;
	if (t->work.retired != NULL)
		t->work.retired(t->work.device);
	free(t);
}

void frame_crew_retire(struct frame_crew *c, const void *device)
{
	for (size_t i = 0; i < c->n; i++) {
		struct task *t = c->tasks[i];

		if (t->work.device != device || t->retired)
			continue;
		t->retired = true;
		t->lost = true; // nobody waits for it
		if (!t->busy)
			remove_task(c, t);
		return;
	}
}

// What an unfinished round wanted is carried into the next, so that a fetch never robs the clock's
// round of a counter.
static void begin_round(struct frame_crew *c, uint64_t want)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->tasks[i]->round < c->round && !c->tasks[i]->lost) {
			want |= c->want;
			break;
		}
	}
	c->want = want;
	c->round++;
	c->cursor = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!(c->tasks[i]->work.clusters & want))
			c->tasks[i]->round = c->round;
	}
}

static struct task *next_task(struct frame_crew *c)
{
	for (; c->cursor < c->n; c->cursor++) {
		struct task *t = c->tasks[c->cursor];

		if (t->round < c->round && !t->busy)
			return t;
	}
	return NULL;
}

static bool round_done(const struct frame_crew *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->tasks[i]->round < c->round && !c->tasks[i]->lost)
			return false;
	}
	return true;
}

static void do_task(struct frame_crew *c, struct task *t)
{
	uint64_t round = c->round;
	uint64_t want = c->want;

	t->busy = true;
	c->inside++;
	pthread_mutex_unlock(&c->lock);
	t->work.sample(t->work.device, want);
	pthread_mutex_lock(&c->lock);
	c->inside--;
	if (!t->retired)
		t->work.publish(t->work.device, want, now_ns());
	t->busy = false;
	if (t->retired) { // meanwhile, or by publishing
		remove_task(c, t);
	} else {
		t->lost = false;
		if (t->round < round)
			t->round = round;
		if (t->round < c->round)
			c->cursor = 0; // a newer round has passed it while it was busy
	}
}

static void *worker(void *arg)
{
	struct frame_crew *c = arg;
	bool worked = false;

	pthread_mutex_lock(&c->lock);
	while (!c->quit) {
		struct task *t = next_task(c);

		if (t != NULL) {
			do_task(c, t);
			worked = true;
			continue;
		}
		if (worked && round_done(c))
			pthread_cond_signal(&c->done);
		worked = false;
		if (now_ns() >= c->next_ns) {
			c->next_ns = now_ns() + c->period_ns;
			begin_round(c, c->polls ? c->clock : UINT64_MAX);
			c->polls++;
			continue;
		}
		wait_until(&c->wake, &c->lock, c->next_ns);
	}
	c->workers--;
	pthread_cond_signal(&c->done);
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

// Signals stay with the thread that pmcd or the PMDA's main loop runs in.
static int hire(struct frame_crew *c)
{
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, worker, c);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return -rc;
	pthread_detach(thread);
	c->workers++;
	return 0;
}

int frame_crew_start(struct frame_crew *c)
{
	int rc = 0;

	pthread_mutex_lock(&c->lock);
	c->next_ns = now_ns();
	while (rc == 0 && c->workers < WORKERS_AT_START)
		rc = hire(c);
	pthread_mutex_unlock(&c->lock);
	return c->workers ? 0 : rc;
}

bool frame_crew_stop(struct frame_crew *c)
{
	int64_t deadline = now_ns() + CREW_PATIENCE_NS;
	bool gone;

	pthread_mutex_lock(&c->lock);
	c->quit = true;
	pthread_cond_broadcast(&c->wake);
	while (c->workers && (c->inside == 0 || now_ns() < deadline))
		wait_until(&c->done, &c->lock, now_ns() + CREW_PATIENCE_NS / 8);
	gone = c->workers == 0;
	pthread_mutex_unlock(&c->lock);
	if (!gone)
		return false;
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->wake);
	pthread_cond_destroy(&c->done);
	for (size_t i = 0; i < c->n; i++)
		free(c->tasks[i]);
	free(c->tasks);
	free(c);
	return true;
}

static void wait_round(struct frame_crew *c, int64_t deadline)
{
	while (!round_done(c) && now_ns() < deadline)
		wait_until(&c->done, &c->lock, deadline);
}

void frame_crew_refresh(struct frame_crew *c, uint64_t want)
{
	int64_t start = now_ns();

	pthread_mutex_lock(&c->lock);
	begin_round(c, want);
	if (!round_done(c))
		pthread_cond_signal(&c->wake);
	wait_round(c, start + c->patience_ns / 2);
	if (!round_done(c)) {
		// Somebody hangs. The others' devices get a fresh worker and the other half of the time.
		if (c->inside >= c->workers && c->workers < WORKERS_MAX)
			(void)hire(c);
		pthread_cond_broadcast(&c->wake);
		wait_round(c, start + c->patience_ns);
	}
	for (size_t i = 0; i < c->n; i++) {
		struct task *t = c->tasks[i];

		if (t->round == c->round || t->retired)
			continue;
		t->lost = t->busy;
		t->work.lose(t->work.device);
	}
}

void frame_crew_hold(struct frame_crew *c)
{
	pthread_mutex_lock(&c->lock);
}

void frame_crew_release(struct frame_crew *c)
{
	pthread_mutex_unlock(&c->lock);
}

uint64_t frame_crew_polls(const struct frame_crew *c)
{
	return c->polls;
}
