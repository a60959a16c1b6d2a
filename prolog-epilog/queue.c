// SPDX-License-Identifier: Apache-2.0
// A bounded queue of boundaries.
#include "prolog-epilog/queue.h"

#include <errno.h>
#include <time.h>

void queue_init(struct queue *q)
{
	pthread_condattr_t attr;

	*q = (struct queue){0};
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->news, &attr);
	pthread_condattr_destroy(&attr);
}

bool queue_put(struct queue *q, const struct boundary *b)
{
	bool fits;

	pthread_mutex_lock(&q->lock);
	fits = q->n < QUEUE_ROOM;
	if (fits)
		q->items[(q->first + q->n++) % QUEUE_ROOM] = *b;
	pthread_cond_signal(&q->news);
	pthread_mutex_unlock(&q->lock);
	return fits;
}

size_t queue_take(struct queue *q, struct boundary *ret, size_t max, int wait_s)
{
	struct timespec until;
	size_t n = 0;
	int code = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_s;
	pthread_mutex_lock(&q->lock);
	while (q->n == 0 && !q->is_closed && code != ETIMEDOUT)
		code = pthread_cond_timedwait(&q->news, &q->lock, &until);
	for (; n < max && q->n > 0; q->n--) {
		ret[n++] = q->items[q->first];
		q->first = (q->first + 1) % QUEUE_ROOM;
	}
	pthread_mutex_unlock(&q->lock);
	return n;
}

void queue_close(struct queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->is_closed = true;
	pthread_cond_signal(&q->news);
	pthread_mutex_unlock(&q->lock);
}

bool queue_is_done(struct queue *q)
{
	bool done;

	pthread_mutex_lock(&q->lock);
	done = q->is_closed && q->n == 0;
	pthread_mutex_unlock(&q->lock);
	return done;
}
