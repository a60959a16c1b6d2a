// SPDX-License-Identifier: Apache-2.0
// Devices and MIG devices that come and go while the agent runs. They are looked for now and then by
// the agent's own clock, outside the lock; what has changed is taken over under it.
#include <errno.h>
#include <stdlib.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"

#define EVERY 3 // rounds of the clock: NVIDIA's library is asked some forty times for eight devices

void accelerator_comes(struct accelerator_finder *f, struct accelerator_unit *u)
{
	if (u == NULL)
		return;
	if (f->n_born < ARRAY_LEN(f->born)) {
		f->born[f->n_born++] = u;
	} else { // found again by the next look
		nvidia_free(u);
		free(u);
	}
}

void accelerator_goes(struct accelerator_finder *f, struct accelerator_unit *u)
{
	if (f->n_gone < ARRAY_LEN(f->gone))
		f->gone[f->n_gone++] = u;
}

static void free_dead(struct accelerator_unit *dead)
{
	while (dead != NULL) {
		struct accelerator_unit *next = dead->next_dead;

		nvidia_free(dead);
		free(dead);
		dead = next;
	}
}

static void look(void *device, uint64_t want)
{
	struct accelerator_finder *f = device;

	(void)want;
	free_dead(f->dead);
	f->dead = NULL;
	if (f->rounds++ % EVERY != 0)
		return;
	nvidia_rescan(f);
	drm_rescan(f);
}

static void forget(struct accelerator *a, const struct accelerator_unit *u)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (a->units[i] != u)
			continue;
		for (a->n--; i < a->n; i++)
			a->units[i] = a->units[i + 1];
		return;
	}
}

static void take_over(void *device, uint64_t want, int64_t now_ns)
{
	struct accelerator_finder *f = device;
	struct accelerator *a = f->accelerator;

	(void)want, (void)now_ns;
	if (f->ready)
		pmsprintf(a->node.nvml, sizeof(a->node.nvml), "ready");
	f->ready = false;
	a->changed |= f->n_born || f->n_gone;
	for (unsigned i = 0; i < f->n_gone; i++) {
		forget(a, f->gone[i]);
		frame_crew_retire(f->crew, f->gone[i]);
	}
	for (unsigned i = 0; i < f->n_born; i++) {
		struct accelerator_unit *u = f->born[i];

		if (accelerator_add(a, u) == 0 && accelerator_work(f->crew, u) < 0) {
			forget(a, u);
			u->next_dead = a->dead;
			a->dead = u;
		}
	}
	f->n_born = 0;
	f->n_gone = 0;
	f->dead = a->dead;
	a->dead = NULL;
}

static void lose(void *device)
{
	(void)device; // the devices stay as they were
}

int finder_start(struct accelerator *a, struct frame_crew *crew)
{
	struct frame_work work = {
		.sample = look,
		.publish = take_over,
		.lose = lose,
		.clusters = FRAME_LOOK,
	};

	a->finder = calloc(1, sizeof(*a->finder));
	if (a->finder == NULL)
		return -ENOMEM;
	work.device = a->finder;
	a->finder->accelerator = a;
	a->finder->crew = crew;
	return frame_crew_add(crew, &work);
}

void finder_free(struct accelerator *a)
{
	free_dead(a->dead);
	if (a->finder != NULL)
		free_dead(a->finder->dead);
	free(a->finder);
}
