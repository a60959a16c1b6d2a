// SPDX-License-Identifier: Apache-2.0
// What a job has used of each core, and how many cores it keeps busy.
#include <errno.h>
#include <stdlib.h>

#include "pmdas/jobs/jobs.h"

#define WINDOW_NS    INT64_C(1000000000) // shorter ones say little
#define USED_DIVISOR 20                  // a core that ran for a twentieth of the time is in use

int jobs_cores_init(struct jobs_cores *c, unsigned n)
{
	c->set = calloc(n, sizeof(*c->set));
	c->is_listed = calloc(n, sizeof(*c->is_listed));
	c->window = calloc(n, sizeof(*c->window));
	if (c->set == NULL || c->is_listed == NULL || c->window == NULL)
		return -ENOMEM;
	c->n = n;
	return 0;
}

void jobs_cores_free(struct jobs_cores *c)
{
	free(c->set);
	free(c->is_listed);
	free(c->window);
}

static void count_used(struct jobs_unit *u, int64_t now_ns)
{
	struct jobs_cores *c = &u->cores;
	int64_t passed = now_ns - c->window_ns;
	uint64_t used = 0;

	if (c->window_ns != 0 && passed < WINDOW_NS)
		return;
	for (unsigned i = 0; i < c->n; i++) {
		used += c->set[i].usage.value - c->window[i] >= (uint64_t)passed / USED_DIVISOR;
		c->window[i] = c->set[i].usage.value;
	}
	if (c->window_ns != 0)
		jobs_set(&u->shown.cores_used, used);
	c->window_ns = now_ns;
}

bool jobs_cores_bind(struct jobs_unit *u, const unsigned *cpus, unsigned n)
{
	struct jobs_cores *c = &u->cores;
	bool changed = false;

	for (unsigned i = 0; i < n; i++) {
		if (cpus[i] >= c->n)
			continue;
		changed |= !c->is_listed[cpus[i]];
		c->is_listed[cpus[i]] = true;
	}
	return changed;
}

bool jobs_cores_publish(
	struct jobs_unit *u, const uint64_t *totals, unsigned n, const char *source, int64_t now_ns)
{
	struct jobs_cores *c = &u->cores;
	bool changed = false;

	pmsprintf(u->shown.cores_source, sizeof(u->shown.cores_source), "%s", source);
	for (unsigned i = 0; i < n && i < c->n; i++) {
		jobs_set(&c->set[i].usage, totals[i]);
		changed |= totals[i] != 0 && !c->is_listed[i];
		c->is_listed[i] |= totals[i] != 0;
	}
	count_used(u, now_ns);
	return changed;
}
