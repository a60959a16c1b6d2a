// SPDX-License-Identifier: Apache-2.0
// The instances: devices with their labels, and for each job what it has of each device.
#include <stdlib.h>
#include <string.h>

#include "pmdas/accelerator/accelerator.h"

#define ATTEMPTS 64 // to find a number for a job that no other has

static void name_of(unsigned number, int mig, char *ret, size_t size)
{
	if (mig < 0)
		pmsprintf(ret, size, "gpu%u", number);
	else
		pmsprintf(ret, size, "gpu%u.mig%d", number, mig);
}

static void name_unit(struct accelerator_unit *u, struct frame_instance *instance)
{
	char *labels = instance->labels;
	const size_t size = sizeof(instance->labels);
	size_t n;

	instance->record = &u->shown;
	instance->id = (int)(u->number * ACCELERATOR_PARTS) + u->mig + 1;
	name_of(u->number, u->mig, instance->name, sizeof(instance->name));
	pmsprintf(labels, size,
		"{\"vendor\":\"%s\",\"model\":\"%s\",\"uuid\":\"%s\",\"pci\":\"%s\"", u->vendor,
		u->model, u->uuid, u->pci);
	n = strlen(labels);
	if (u->minor >= 0)
		pmsprintf(labels + n, size - n, ",\"minor\":%d", u->minor);
	n = strlen(labels);
	if (u->mig >= 0)
		pmsprintf(labels + n, size - n, ",\"mig\":%d", u->mig);
	n = strlen(labels);
	pmsprintf(labels + n, size - n, "}");
}

static void show_devices(struct frame *f, struct accelerator *a)
{
	struct frame_instance *set = calloc(a->n ? a->n : 1, sizeof(*set));

	if (set == NULL)
		return;
	for (unsigned i = 0; i < a->n; i++)
		name_unit(a->units[i], &set[i]);
	if (frame_indom_set(f, ACCELERATOR_INDOM_device, set, a->n) == 0)
		a->changed = false;
	accelerator_set(&a->node.devices, a->n);
	free(set);
}

static void show_share(const struct accelerator_unit *u, const struct accelerator_share *s,
	struct accelerator_job *j)
{
	char device[24];

	*j = (struct accelerator_job){
		.number = u->number, .mig = u->mig, .memory = s->memory, .busy = s->busy};
	name_of(u->number, u->mig, device, sizeof(device));
	pmsprintf(j->name, sizeof(j->name), "%s:%s", s->job, device);
	memcpy(j->job, s->job, sizeof(j->job));
	memcpy(j->uuid, u->uuid, sizeof(j->uuid));
	accelerator_set(&j->processes, s->processes);
}

static int free_id(const char *name, const struct frame_instance *set, unsigned n)
{
	int id = 0;

	for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
		unsigned i = 0;

		id = frame_instance_id(name, attempt);
		while (i < n && set[i].id != id)
			i++;
		if (i == n)
			break;
	}
	return id;
}

static void name_job(struct accelerator_job *j, struct frame_instance *set, unsigned n)
{
	struct frame_instance *instance = &set[n];
	char device[24];

	name_of(j->number, j->mig, device, sizeof(device));
	instance->record = j;
	instance->id = free_id(j->name, set, n);
	memcpy(instance->name, j->name, sizeof(instance->name));
	pmsprintf(instance->labels, sizeof(instance->labels),
		"{\"jobid\":\"%s\",\"gpu\":\"%s\",\"uuid\":\"%s\"}", j->job, device, j->uuid);
}

static void show_jobs(struct frame *f, struct accelerator *a)
{
	struct frame_instance *set;
	unsigned n = 0;

	for (unsigned i = 0; i < a->n; i++)
		n += a->units[i]->shown_shares.n;
	set = calloc(n ? n : 1, sizeof(*set));
	free(a->jobs);
	a->jobs = calloc(n ? n : 1, sizeof(*a->jobs));
	a->n_jobs = 0;
	if (set != NULL && a->jobs != NULL) {
		for (unsigned i = 0; i < a->n; i++) {
			const struct accelerator_shares *s = &a->units[i]->shown_shares;

			for (unsigned k = 0; k < s->n; k++) {
				show_share(a->units[i], &s->set[k], &a->jobs[a->n_jobs]);
				name_job(&a->jobs[a->n_jobs], set, a->n_jobs);
				a->n_jobs++;
			}
		}
	}
	(void)frame_indom_set(f, ACCELERATOR_INDOM_job, set, a->n_jobs);
	free(set);
}

void accelerator_refresh(struct frame *f, void *state)
{
	struct accelerator *a = state;

	if (a->changed)
		show_devices(f, a);
	show_jobs(f, a);
}
