// SPDX-License-Identifier: Apache-2.0
// Opens, reads and adds up events; see tally.h.
#include "pmdas/pmu/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "common/macro.h"

#define RETRY_NS   INT64_C(60000000000)
#define STARVED_NS UINT64_C(30000000000)

__extension__ typedef unsigned __int128 wide; // no standard type holds the product

uint64_t pmu_scale(uint64_t counted, uint64_t enabled, uint64_t running)
{
	wide scaled;

	if (running == 0 || enabled <= running)
		return counted;
	scaled = (wide)counted * enabled / running;
	return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

// Events of a group side by side; an event of group 0 by itself.
static unsigned group_length(const struct pmu_plan *plan, unsigned first)
{
	unsigned group = plan->events[first].group;
	unsigned n = 1;

	while (group != 0 && n < PMU_GROUP_MAX && first + n < plan->n &&
		plan->events[first + n].group == group)
		n++;
	return n;
}

static void note_slots(const struct pmu_plan *plan, struct pmu_group *g)
{
	g->slots = 0;
	for (unsigned i = 0; i < g->n; i++)
		g->slots |= UINT64_C(1) << plan->events[g->first + i].slot;
}

int pmu_tally_init(
	struct pmu_tally *t, const struct pmu_plan *plan, unsigned cpu, const char *cgroup)
{
	*t = (struct pmu_tally){.plan = plan, .cpu = cpu, .cgroup = cgroup};
	// More than are needed, but a group that does not fit the hardware is split.
	t->groups = calloc(plan->n ? plan->n : 1, sizeof(*t->groups));
	if (t->groups == NULL)
		return -ENOMEM;
	for (unsigned first = 0; first < plan->n;) {
		struct pmu_group *g = &t->groups[t->n++];

		g->first = first;
		g->n = group_length(plan, first);
		note_slots(plan, g);
		first += g->n;
	}
	return 0;
}

void pmu_tally_free(struct pmu_tally *t)
{
	free(t->groups);
	t->groups = NULL;
	t->n = 0;
}

static bool take_descriptor(struct pmu_account *a)
{
	if (atomic_fetch_add(&a->descriptors, 1) < a->limit)
		return true;
	atomic_fetch_sub(&a->descriptors, 1);
	atomic_fetch_add(&a->refused, 1);
	return false;
}

static void close_counter(struct pmu_account *a, struct pmu_counter *c)
{
	if (c->handle == 0)
		return;
	a->kernel->close(c->handle);
	c->handle = 0;
	atomic_fetch_sub(&a->descriptors, 1);
}

static void close_group(struct pmu_account *a, struct pmu_group *g)
{
	for (unsigned i = g->n; i > 0; i--)
		close_counter(a, &g->counters[i - 1]);
}

static int open_counter(
	struct pmu_account *a, struct pmu_tally *t, struct pmu_group *g, unsigned i, int cgroup_fd)
{
	struct pmu_open what = {
		.encoding = t->plan->events[g->first + i].encoding,
		.cpu = t->cpu,
		.leader = i ? g->counters[0].handle : 0,
		.cgroup = t->cgroup,
		.cgroup_fd = cgroup_fd,
	};
	int rc;

	if (!take_descriptor(a))
		return -EMFILE;
	rc = a->kernel->open(a->context, &what, &g->counters[i].handle);
	if (rc < 0) {
		g->counters[i].handle = 0;
		atomic_fetch_sub(&a->descriptors, 1);
	}
	g->counters[i].before = 0;
	return rc;
}

// The events from the i-th on become a group of their own, tried next.
static void split_group(struct pmu_tally *t, struct pmu_group *g, unsigned i)
{
	struct pmu_group *rest = &t->groups[t->n++];

	*rest = (struct pmu_group){.first = g->first + i, .n = g->n - i};
	for (unsigned k = 0; k < rest->n; k++)
		rest->counters[k].total = g->counters[i + k].total;
	g->n = i;
	note_slots(t->plan, g);
	note_slots(t->plan, rest);
}

// Not this processor, not this kernel: asking again would give the same.
static bool is_hopeless(int rc)
{
	return rc == -ENOENT || rc == -EOPNOTSUPP || rc == -EINVAL || rc == -ENOSYS;
}

static void open_group(
	struct pmu_account *a, struct pmu_tally *t, struct pmu_group *g, int cgroup_fd)
{
	int rc = 0;

	for (unsigned i = 0; i < g->n; i++) {
		rc = open_counter(a, t, g, i, cgroup_fd);
		if (rc == 0)
			continue;
		if (i > 0 && is_hopeless(rc)) {
			split_group(t, g, i);
			rc = 0;
			break;
		}
		if (i == 0 && is_hopeless(rc) && g->n > 1)
			split_group(t, g, 1);
		close_group(a, g);
		break;
	}
	g->enabled = 0;
	g->running = 0;
	g->known = false;
	g->hopeless = is_hopeless(rc);
	if (rc == 0)
		a->kernel->start(g->counters[0].handle);
	else if (!g->hopeless && rc != -EMFILE)
		atomic_fetch_add(&a->errors, 1);
}

void pmu_tally_open(struct pmu_account *a, struct pmu_tally *t, int cgroup_fd, int64_t now_ns)
{
	bool all = true;

	if (t->open || now_ns < t->retry_ns)
		return;
	// Splitting adds groups to the end.
	for (unsigned i = 0; i < t->n; i++) {
		struct pmu_group *g = &t->groups[i];

		if (g->counters[0].handle == 0 && !g->hopeless)
			open_group(a, t, g, cgroup_fd);
		if (g->counters[0].handle == 0 && !g->hopeless)
			all = false;
	}
	t->open = all;
	t->retry_ns = all ? 0 : now_ns + RETRY_NS;
}

static void add_reading(struct pmu_account *a, struct pmu_group *g, const struct pmu_sample *s)
{
	uint64_t enabled = s->enabled - g->enabled;
	uint64_t running = s->running - g->running;
	bool back = s->enabled < g->enabled || s->running < g->running;

	if (s->running == g->running && !back)
		return; // not its turn yet: the next reading makes up for it
	for (unsigned i = 0; i < g->n; i++) {
		struct pmu_counter *c = &g->counters[i];
		uint64_t counted = s->values[i] - c->before;

		// No counter goes on by half its range between two readings: it has gone back.
		if (back || counted > INT64_MAX)
			atomic_fetch_add(&a->resets, 1);
		else
			c->total += pmu_scale(counted, enabled, running);
		c->before = s->values[i];
	}
	g->enabled = s->enabled;
	g->running = s->running;
}

static void read_group(struct pmu_account *a, struct pmu_tally *t, struct pmu_group *g)
{
	struct pmu_sample s = {0};

	if (a->kernel->read(g->counters[0].handle, &s) < 0 || s.n != g->n) {
		atomic_fetch_add(&a->errors, 1);
		close_group(a, g);
		g->known = false;
		t->open = false;
		return;
	}
	if (s.running == 0 && s.enabled > STARVED_NS && g->n > 1) {
		// Somebody else keeps a counter for himself: fewer may find room, with the next
		// reading.
		close_group(a, g);
		split_group(t, g, g->n / 2);
		g->known = false;
		t->open = false;
		return;
	}
	add_reading(a, g, &s);
	// Nothing of the group's has run on this CPU: then nothing was to be counted.
	g->known = s.running > 0 || (t->cgroup != NULL && s.enabled == 0);
}

void pmu_tally_read(struct pmu_account *a, struct pmu_tally *t, uint64_t slots)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (t->groups[i].slots & slots && t->groups[i].counters[0].handle != 0)
			read_group(a, t, &t->groups[i]);
	}
}

void pmu_tally_close(struct pmu_account *a, struct pmu_tally *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		close_group(a, &t->groups[i]);
		t->groups[i].known = false;
		t->groups[i].hopeless = false;
	}
	t->open = false;
	t->retry_ns = 0;
}

void pmu_tally_give_back(struct pmu_account *a, struct pmu_tally *t)
{
	pmu_tally_read(a, t, UINT64_MAX);
	pmu_tally_close(a, t);
}

// Most rows divide by nothing, and 128 bits are slow to divide.
static uint64_t in_units(uint64_t total, const struct pmu_event *e)
{
	wide product = (wide)total * e->multiply;

	return (uint64_t)(e->divide == 1 ? product : product / e->divide);
}

static void add_group(const struct pmu_tally *t, const struct pmu_group *g, struct pmu_sums *sums)
{
	if (!g->known && !t->away) {
		sums->unknown |= g->slots;
		return;
	}
	sums->known |= g->slots;
	for (unsigned k = 0; k < g->n; k++) {
		const struct pmu_event *e = &t->plan->events[g->first + k];

		sums->value[e->slot] += in_units(g->counters[k].total, e);
	}
}

void pmu_tally_add(const struct pmu_tally *t, uint64_t slots, struct pmu_sums *sums)
{
	for (unsigned i = 0; i < t->n; i++) {
		if (t->groups[i].slots & slots)
			add_group(t, &t->groups[i], sums);
	}
}

unsigned pmu_tally_share(const struct pmu_tally *t)
{
	uint64_t least = 100;

	for (unsigned i = 0; i < t->n; i++) {
		const struct pmu_group *g = &t->groups[i];
		uint64_t share = g->known && g->enabled
		                         ? (uint64_t)((wide)g->running * 100 / g->enabled)
		                         : 100;

		least = share < least ? share : least;
	}
	return (unsigned)least;
}
