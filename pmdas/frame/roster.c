// SPDX-License-Identifier: Apache-2.0
// Keeps instance domains in step with what a worker finds on the machine; see roster.h.
#include "pmdas/frame/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_MAX 50000

struct frame_member *frame_roster_see(struct frame_roster *r, unsigned indom, const char *name)
{
	for (struct frame_member *u = r->scanned; u != NULL; u = u->next) {
		if (u->indom == indom && strcmp(u->instance.name, name) == 0) {
			u->found = true;
			return u;
		}
	}
	return NULL;
}

bool frame_roster_add(struct frame_roster *r, struct frame_member *u)
{
	if (r->count >= UNITS_MAX)
		return false;
	r->count++;
	u->found = true;
	u->next = r->scanned;
	r->scanned = u;
	return true;
}

static void look(void *device, uint64_t want)
{
	struct frame_roster *r = device;

	(void)want;
	for (struct frame_member *u = r->scanned; u != NULL; u = u->next)
		u->found = false;
	r->scan(r);
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct frame_roster *r = device;

	(void)want, (void)now_ns;
	r->units = r->scanned;
	for (struct frame_member *u = r->units; u != NULL; u = u->next) {
		r->changed |= u->present != u->found;
		u->present = u->found;
	}
}

// A look that takes too long changes nothing: the units show by themselves whether they answer.
static void lose(void *device)
{
	(void)device;
}

static bool is_taken(const struct frame_roster *r, unsigned indom, int id)
{
	for (const struct frame_member *u = r->units; u != NULL; u = u->next) {
		if (u->indom == indom && u->adopted && u->instance.id == id)
			return true;
	}
	return false;
}

static int adopt(struct frame_roster *r, struct frame_member *u, struct frame *f)
{
	unsigned attempt = 0;
	int rc = 0;

	do {
		u->instance.id = frame_instance_id(u->instance.name, attempt++);
	} while (is_taken(r, u->indom, u->instance.id));
	if (u->work.sample != NULL)
		rc = frame_crew_add(f->crew, &u->work);
	u->adopted = rc == 0;
	return rc;
}

static int set_indom(struct frame_roster *r, struct frame *f, unsigned indom)
{
	struct frame_instance *set = calloc(r->count + 1, sizeof(*set));
	unsigned n = 0;
	int rc;

	if (set == NULL)
		return -ENOMEM;
	for (const struct frame_member *u = r->units; u != NULL; u = u->next) {
		if (u->indom == indom && u->present && u->adopted && n < r->count)
			set[n++] = u->instance;
	}
	rc = frame_indom_set(f, indom, set, n);
	free(set);
	return rc;
}

void frame_roster_refresh(struct frame_roster *r, struct frame *f)
{
	if (!r->changed)
		return;
	r->changed = false;
	for (struct frame_member *u = r->units; u != NULL; u = u->next) {
		if (!u->adopted && adopt(r, u, f) < 0)
			r->changed = true; // tried again next time
	}
	for (unsigned i = 0; i < r->n_indoms; i++) {
		if (set_indom(r, f, i) < 0)
			r->changed = true;
	}
}

int frame_roster_start(struct frame_roster *r, struct frame *f)
{
	struct frame_work work = {.device = r,
		.sample = look,
		.publish = publish,
		.lose = lose,
		.clusters = UINT64_MAX};

	look(r, UINT64_MAX);
	publish(r, UINT64_MAX, 0);
	r->changed = true;
	frame_roster_refresh(r, f);
	return r->changed ? -ENOMEM : frame_crew_add(f->crew, &work);
}

void frame_roster_free(struct frame_roster *r, void (*release)(struct frame_member *u))
{
	while (r->scanned != NULL) {
		struct frame_member *u = r->scanned;

		r->scanned = u->next;
		release(u);
	}
	r->units = NULL;
}
