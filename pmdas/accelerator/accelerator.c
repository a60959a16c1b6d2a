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
#include "pmdas/frame/parse.h"

#define NS_PER_SECOND INT64_C(1000000000)

// Between readings further apart nobody knows the power: a machine that slept, a driver that hung.
#define INTEGRAL_GAP_NS (120 * NS_PER_SECOND)

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

int accelerator_read_string(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const char *text = (const char *)record + m->field;

	if (*text == '\0')
		return PMDA_FETCH_NOVALUES;
	ret->cp = (char *)text; // copied by pmdaFetch before the lock is released
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

// Trapezoids. Milliwatts times nanoseconds are picojoules.
void accelerator_integrate(struct accelerator_unit *u, uint64_t milliwatts, int64_t now_ns)
{
	struct accelerator_power *p = &u->integral;
	int64_t gap = now_ns - p->before_ns;

	if (p->before_ns && gap > 0 && gap <= INTEGRAL_GAP_NS) {
		p->picojoules += (p->before_mw + milliwatts) * (uint64_t)gap / 2;
		p->millijoules += p->picojoules / 1000000000;
		p->picojoules %= 1000000000;
	}
	p->before_ns = now_ns;
	p->before_mw = milliwatts;
	accelerator_set(&u->next.energy, p->millijoules);
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

struct accelerator_unit *accelerator_add(
	struct accelerator *a, accelerator_sampler *sample, const char *vendor)
{
	struct accelerator_unit *units = realloc(a->units, (a->n + 1) * sizeof(*units));
	struct accelerator_unit *u;

	if (units == NULL)
		return NULL;
	a->units = units;
	u = &units[a->n++];
	*u = (struct accelerator_unit){.sample = sample, .accelerator = a, .mig = -1, .minor = -1};
	pmsprintf(u->vendor, sizeof(u->vendor), "%s", vendor);
	return u;
}

static void sample(void *device, uint64_t want)
{
	struct accelerator_unit *u = device;

	memset(&u->next, 0, sizeof(u->next));
	u->sample(u, want);
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct accelerator_unit *u = device;

	(void)want;
	(void)now_ns;
	u->shown = u->next;
}

static void lose(void *device)
{
	struct accelerator_unit *u = device;

	memset(&u->shown, 0, sizeof(u->shown));
}

static void name_unit(struct accelerator_unit *u, struct frame_instance *instance)
{
	char *labels = instance->labels;
	const size_t size = sizeof(instance->labels);
	size_t n;

	instance->record = &u->shown;
	instance->id = (int)(u->number * ACCELERATOR_PARTS) + u->mig + 1;
	if (u->mig < 0)
		pmsprintf(instance->name, sizeof(instance->name), "gpu%u", u->number);
	else
		pmsprintf(instance->name, sizeof(instance->name), "gpu%u.mig%d", u->number, u->mig);
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

static int add_instances(struct accelerator *a, struct frame *f)
{
	struct frame_instance *set = calloc(a->n ? a->n : 1, sizeof(*set));
	int rc = set ? 0 : -ENOMEM;

	for (unsigned i = 0; rc == 0 && i < a->n; i++) {
		struct frame_work work = {
			.device = &a->units[i],
			.sample = sample,
			.publish = publish,
			.lose = lose,
			.clusters = ~(UINT64_C(1) << ACCELERATOR_CLUSTER_CONTROL),
		};

		name_unit(&a->units[i], &set[i]);
		rc = frame_crew_add(f->crew, &work);
	}
	if (rc == 0)
		rc = frame_indom_set(f, ACCELERATOR_INDOM_device, set, a->n);
	free(set);
	return rc;
}

int accelerator_open(struct frame *f, const struct frame_options *options, void **ret_state)
{
	struct accelerator *a = calloc(1, sizeof(*a));
	int rc;

	if (a == NULL)
		return -ENOMEM;
	a->crew = f->crew;
	a->root = frame_open_root(options->root);
	rc = a->root < 0 ? a->root : nvidia_find(a);
	if (rc == 0) {
		drm_find(a);
		accelerator_set(&a->node.devices, a->n);
		rc = add_instances(a, f);
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

	nvidia_close(a);
	if (a->root >= 0)
		close(a->root);
	free(a->units);
	free(a);
}
