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

void frame_roster_attach(struct frame_roster *r, struct frame_member *u)
{
	u->next = r->guests;
	r->guests = u;
	u->present = true;
	r->changed = true;
}

void frame_roster_show(struct frame_roster *r, struct frame_member *u, bool present)
{
	r->changed |= u->present != present;
	u->present = present;
}

static const struct frame_member *find_id(
	const struct frame_member *list, unsigned indom, int id, const struct frame_member *but)
{
	for (const struct frame_member *u = list; u != NULL; u = u->next) {
		if (u != but && u->indom == indom && u->adopted && u->instance.id == id)
			return u;
	}
	return NULL;
}

static bool is_taken(const struct frame_roster *r, const struct frame_member *u)
{
	return find_id(r->units, u->indom, u->instance.id, u) != NULL ||
	       find_id(r->guests, u->indom, u->instance.id, u) != NULL;
}

static void adopt(struct frame_roster *r, struct frame_member *list, struct frame *f)
{
	for (struct frame_member *u = list; u != NULL; u = u->next) {
		unsigned attempt = 0;

		if (u->adopted)
			continue;
		do {
			u->instance.id = frame_instance_id(u->instance.name, attempt++);
		} while (is_taken(r, u));
		u->adopted = u->work.sample == NULL || frame_crew_add(f->crew, &u->work) == 0;
		if (!u->adopted)
			r->changed = true; // tried again next time
	}
}

static unsigned gather(
	const struct frame_member *list, unsigned indom, struct frame_instance *set, unsigned n)
{
	for (const struct frame_member *u = list; u != NULL; u = u->next) {
		if (u->indom != indom || !u->present || !u->adopted)
			continue;
		if (set != NULL)
			set[n] = u->instance;
		n++;
	}
	return n;
}

static int set_indom(struct frame_roster *r, struct frame *f, unsigned indom)
{
	unsigned n = gather(r->guests, indom, NULL, gather(r->units, indom, NULL, 0));
	struct frame_instance *set = calloc(n ? n : 1, sizeof(*set));
	int rc;

	if (set == NULL)
		return -ENOMEM;
	gather(r->guests, indom, set, gather(r->units, indom, set, 0));
	rc = frame_indom_set(f, indom, set, n);
	free(set);
	return rc;
}

void frame_roster_refresh(struct frame_roster *r, struct frame *f)
{
	if (!r->changed)
		return;
	r->changed = false;
	adopt(r, r->units, f);
	adopt(r, r->guests, f);
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
		.clusters = FRAME_LOOK};

	look(r, UINT64_MAX);
	publish(r, UINT64_MAX, 0);
	r->changed = true;
	frame_roster_refresh(r, f);
	return r->changed ? -ENOMEM : frame_crew_add(f->crew, &work);
}

static void free_list(struct frame_member **list, void (*release)(struct frame_member *u))
{
	while (*list != NULL) {
		struct frame_member *u = *list;

		*list = u->next;
		release(u);
	}
}

void frame_roster_free(struct frame_roster *r, void (*release)(struct frame_member *u))
{
	free_list(&r->scanned, release);
	free_list(&r->guests, release);
	r->units = NULL;
}
