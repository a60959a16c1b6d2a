// SPDX-License-Identifier: Apache-2.0
// Boundaries between the thread that receives them at once, always, and the one that may have to
// wait for pmcd.
#pragma once

#include <pthread.h>

#include "prolog-epilog/boundary.h"

#define QUEUE_ROOM 4096

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct boundary items[QUEUE_ROOM];
	size_t first, n;
	bool is_closed;
};

void queue_init(struct queue *q);
bool queue_put(struct queue *q, const struct boundary *b); // false: full
// Up to max of the oldest; waits for the first of them, at most wait_s. 0: none came.
size_t queue_take(struct queue *q, struct boundary *ret, size_t max, int wait_s);
void queue_close(struct queue *q);   // nothing more comes
bool queue_is_done(struct queue *q); // closed and empty
