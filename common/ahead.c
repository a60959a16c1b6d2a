// SPDX-License-Identifier: Apache-2.0
// A thread that works a slot ahead, and no more than that: memory stays bounded.
#include "common/ahead.h"

#include <pthread.h>
#include <string.h>

#include "common/memory.h"

struct ahead {
	ahead_fill *fill;
	void *context;
	bool is_full[AHEAD_SLOTS];
	unsigned taken; // slots that ahead_next has given, and so the next one
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t turned; // a slot became full or free, or the end has come
	bool is_stopping;
};

static bool wait_until_free(struct ahead *a, unsigned slot)
{
	bool is_wanted;

	pthread_mutex_lock(&a->lock);
	while (a->is_full[slot] && !a->is_stopping)
		pthread_cond_wait(&a->turned, &a->lock);
	is_wanted = !a->is_stopping;
	pthread_mutex_unlock(&a->lock);
	return is_wanted;
}

static void *work(void *context)
{
	struct ahead *a = context;
	bool has_more = true;

	for (unsigned n = 0; has_more && wait_until_free(a, n % AHEAD_SLOTS); n++) {
		has_more = a->fill(a->context, a, n % AHEAD_SLOTS);
		pthread_mutex_lock(&a->lock);
		a->is_full[n % AHEAD_SLOTS] = true;
		pthread_cond_signal(&a->turned);
		pthread_mutex_unlock(&a->lock);
	}
	return NULL;
}

static void release(struct ahead *a)
{
	pthread_cond_destroy(&a->turned);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

int ahead_start(ahead_fill *fill, void *context, struct ahead **ret, struct error *err)
{
	struct ahead *a = memory_alloc(1, sizeof(*a));
	int rc;

	*a = (struct ahead){.fill = fill, .context = context};
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->turned, NULL);
	rc = pthread_create(&a->thread, NULL, work, a);
	if (rc != 0) {
		release(a);
		return error_set(err, rc, "cannot start a thread: %s", strerror(rc));
	}
	*ret = a;
	return 0;
}

unsigned ahead_next(struct ahead *a)
{
	unsigned slot = a->taken % AHEAD_SLOTS;

	pthread_mutex_lock(&a->lock);
	if (a->taken > 0) { // what was given last is free again
		a->is_full[(a->taken - 1) % AHEAD_SLOTS] = false;
		pthread_cond_signal(&a->turned);
	}
	while (!a->is_full[slot])
		pthread_cond_wait(&a->turned, &a->lock);
	pthread_mutex_unlock(&a->lock);
	a->taken++;
	return slot;
}

bool ahead_is_stopping(struct ahead *a)
{
	bool is_stopping;

	pthread_mutex_lock(&a->lock);
	is_stopping = a->is_stopping;
	pthread_mutex_unlock(&a->lock);
	return is_stopping;
}

void ahead_stop(struct ahead *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->is_stopping = true;
	pthread_cond_signal(&a->turned);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	release(a);
}
