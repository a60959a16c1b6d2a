// SPDX-License-Identifier: Apache-2.0
// The instances of the PMDA `accelerator` and what all devices' devices share.
#include "pmdas/accelerator/accelerator.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/accelerator/fdinfo.h"
#include "pmdas/accelerator/smi.h"
#include "pmdas/frame/parse.h"

#define NS_PER_SECOND INT64_C(1000000000)

int64_t accelerator_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

int accelerator_read_milli(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct frame_reading *r = (const void *)((const char *)record + m->field);

	if (!r->known)
		return PMDA_FETCH_NOVALUES;
	ret->d = (double)r->value / 1000;
	return PMDA_FETCH_STATIC;
}

int accelerator_read_polls(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct accelerator *a = record;

	(void)m;
	ret->ull = frame_crew_polls(a->crew);
	return PMDA_FETCH_STATIC;
}

void accelerator_copy_name(char *ret, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name != '\0' && n + 1 < size; name++) {
		if (isalnum((unsigned char)*name) || strchr(" ._:()/+-", *name) != NULL)
			ret[n++] = *name;
	}
	while (n && ret[n - 1] == ' ')
		n--;
	ret[n] = '\0';
}

void accelerator_integrate(struct accelerator_unit *u, uint64_t milliwatts, int64_t now_ns)
{
	accelerator_set(&u->next.energy, frame_integrate(&u->integral, milliwatts, now_ns));
	pmsprintf(u->next.energy_source, sizeof(u->next.energy_source), "power");
}

uint64_t accelerator_fold(struct accelerator_fold *f, uint64_t value, unsigned bits)
{
	if (!f->begun)
		f->total = value;
	else if (value >= f->before)
		f->total += value - f->before;
	else
		f->total += bits < 64 ? value + (UINT64_C(1) << bits) - f->before : value;
	f->before = value;
	f->begun = true;
	return f->total;
}

unsigned accelerator_number_of(struct accelerator *a, const char *pci)
{
	struct accelerator_number *n;

	for (unsigned i = 0; i < a->n_numbers; i++) {
		if (*pci && strcmp(a->numbers[i].pci, pci) == 0)
			return a->numbers[i].number;
	}
	if (a->n_numbers == ACCELERATOR_NUMBERS)
		return a->cards++;
	n = &a->numbers[a->n_numbers++];
	pmsprintf(n->pci, sizeof(n->pci), "%s", pci);
	n->number = a->cards++;
	return n->number;
}

struct accelerator_unit *accelerator_make(
	struct accelerator *a, accelerator_sampler *sampler, const char *vendor)
{
	struct accelerator_unit *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	*u = (struct accelerator_unit){.sample = sampler, .accelerator = a, .mig = -1, .minor = -1};
	pmsprintf(u->vendor, sizeof(u->vendor), "%s", vendor);
	return u;
}

int accelerator_add(struct accelerator *a, struct accelerator_unit *u)
{
	struct accelerator_unit **units;

	if (u == NULL)
		return -ENOMEM;
	units = realloc(a->units, (a->n + 1) * sizeof(struct accelerator_unit *));
	if (units == NULL) {
		free(u);
		return -ENOMEM;
	}
	a->units = units;
	a->units[a->n++] = u;
	return 0;
}

void accelerator_free_units(struct accelerator *a)
{
	for (unsigned i = 0; i < a->n; i++) {
		a->units[i]->accelerator = a;
		nvidia_free(a->units[i]);
		free(a->units[i]);
	}
	free(a->units);
}

static void sample(void *device, uint64_t want)
{
	struct accelerator_unit *u = device;

	if (want & FRAME_TICK)
		want |= u->ticks;
	if (!(want & ~(FRAME_TICK | FRAME_LOOK)) && u->events == NULL)
		return; // what is shown stays until somebody asks
	memset(&u->next, 0, sizeof(u->next));
	u->next_shares.n = 0;
	memcpy(u->next.pci, u->pci, sizeof(u->next.pci));
	u->sample(u, want);
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct accelerator_unit *u = device;

	(void)now_ns;
	u->shown = u->next;
	if (accelerator_wants(want, ACCELERATOR_CLUSTER_PROCESS))
		u->shown_shares = u->next_shares;
}

static void lose(void *device)
{
	struct accelerator_unit *u = device;

	memset(&u->shown, 0, sizeof(u->shown));
	u->shown_shares.n = 0;
}

// The finder frees it, because that may take a call of a library.
static void bury(void *device)
{
	struct accelerator_unit *u = device;

	u->next_dead = u->accelerator->dead;
	u->accelerator->dead = u;
}

int accelerator_work(struct frame_crew *crew, struct accelerator_unit *u)
{
	const struct frame_work work = {
		.device = u,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = ~(UINT64_C(1) << ACCELERATOR_CLUSTER_CONTROL),
		.retired = bury,
	};

	return frame_crew_add(crew, &work);
}

int accelerator_open(struct frame *f, const struct frame_options *options, void **ret_state)
{
	struct accelerator *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return -ENOMEM;
	a->crew = f->crew;
	a->is_elsewhere = options->root[0] != '\0';
	pthread_mutex_init(&a->smi_lock, NULL);
	a->root = frame_open_root(options->root);
	rc = a->root < 0 ? a->root : nvidia_find(a);
	if (rc == 0)
		rc = drm_find(a);
	if (rc == 0) {
		for (unsigned i = 0; rc == 0 && i < a->n; i++)
			rc = accelerator_work(f->crew, a->units[i]);
		a->changed = true;
		if (rc == 0)
			rc = finder_start(a, f->crew);
		accelerator_refresh(f, a);
	}
	if (rc < 0) {
		accelerator_close(a);
		return rc;
	}
	*ret_state = a;
	return 0;
}

void accelerator_close(void *state)
{
	struct accelerator *a = state;

	accelerator_free_units(a);
	finder_free(a);
	nvidia_close(a);
	smi_close(a->smi);
	fdinfo_scan_free(a->scan);
	pthread_mutex_destroy(&a->smi_lock);
	if (a->root >= 0)
		close(a->root);
	free(a->jobs);
	free(a);
}
