// SPDX-License-Identifier: Apache-2.0
// Finds NVIDIA's devices and their MIG devices, in a thread of its own: a library that hangs at its
// start must not hang pmcd.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/nvml.h"

#define FIND_SECONDS 2 // that a library may take to find its devices

static void identify(struct accelerator_unit *u, const struct nvml *n)
{
	char text[96];
	struct nvml_pci pci;
	unsigned minor;

	if (CALL(n, DeviceGetName, u->handle, text, sizeof(text)))
		accelerator_copy_name(u->model, sizeof(u->model), text);
	if (CALL(n, DeviceGetUUID, u->handle, text, sizeof(text)))
		accelerator_copy_name(u->uuid, sizeof(u->uuid), text);
	if (CALL(n, DeviceGetPciInfo_v3, u->handle, &pci))
		pmsprintf(u->pci, sizeof(u->pci), "%04x:%02x:%02x.0", pci.domain, pci.bus,
			pci.device);
	if (CALL(n, DeviceGetMinorNumber, u->handle, &minor) && minor <= INT16_MAX)
		u->minor = (int)minor;
}

static void prepare_gpm(struct accelerator_unit *u, const struct nvml *n, void *whole)
{
	struct nvml_gpm_support support = {.version = 1};

	if (!CALL(n, GpmQueryDeviceSupport, whole, &support) || !support.supported)
		return;
	if (CALL(n, GpmSampleAlloc, &u->gpm[0]) && !CALL(n, GpmSampleAlloc, &u->gpm[1]))
		u->gpm[1] = NULL;
}

static void prepare_events(struct accelerator_unit *u, const struct nvml *n)
{
	if (!CALL(n, EventSetCreate, &u->events))
		u->events = NULL;
	else if (!CALL(n, DeviceRegisterEvents, u->handle, NVML_EVENT_XID, u->events)) {
		(void)CALL(n, EventSetFree, u->events);
		u->events = NULL;
	}
}

static struct accelerator_unit *make_mig(
	struct accelerator *a, const struct accelerator_unit *whole, unsigned index, void *handle)
{
	struct accelerator_unit *u = accelerator_make(a, nvidia_sample, "nvidia");

	if (u == NULL)
		return NULL;
	u->number = whole->number;
	u->mig = (int)index;
	u->handle = handle;
	identify(u, a->nvml);
	memcpy(u->pci, whole->pci, sizeof(u->pci));
	u->minor = whole->minor;
	if (CALL(a->nvml, DeviceGetGpuInstanceId, handle, &u->gpu_instance))
		prepare_gpm(u, a->nvml, whole->handle);
	return u;
}

static struct accelerator_unit *make_whole(struct accelerator *a, void *handle)
{
	struct accelerator_unit *u = accelerator_make(a, nvidia_sample, "nvidia");

	if (u == NULL)
		return NULL;
	u->handle = handle;
	identify(u, a->nvml);
	u->number = accelerator_number_of(a, u->pci);
	prepare_gpm(u, a->nvml, handle);
	prepare_events(u, a->nvml);
	return u;
}

// How many MIG devices there may be; 0 also when MIG is off. False: the device does not answer.
static bool most_parts(const struct nvml *n, void *handle, unsigned *ret)
{
	unsigned current = 0;
	unsigned pending;
	int rc;

	*ret = 0;
	if (n->DeviceGetMigMode == NULL)
		return true;
	rc = n->DeviceGetMigMode(handle, &current, &pending);
	if (rc != NVML_SUCCESS)
		return rc == NVML_NOT_SUPPORTED;
	if (current && !CALL(n, DeviceGetMaxMigDeviceCount, handle, ret))
		return false;
	if (*ret >= ACCELERATOR_PARTS)
		*ret = ACCELERATOR_PARTS - 1;
	return true;
}

static struct accelerator_unit *known_mig(
	const struct accelerator *a, unsigned number, unsigned index)
{
	for (unsigned i = 0; i < a->n; i++) {
		struct accelerator_unit *u = a->units[i];

		if (u->handle && u->number == number && u->mig == (int)index)
			return u;
	}
	return NULL;
}

static bool is_same(const struct accelerator_unit *u, const struct nvml *n, void *handle)
{
	char text[96];
	char uuid[sizeof(u->uuid)] = "";

	if (CALL(n, DeviceGetUUID, handle, text, sizeof(text)))
		accelerator_copy_name(uuid, sizeof(uuid), text);
	return strcmp(uuid, u->uuid) == 0;
}

static void find_migs(struct accelerator_finder *f, const struct accelerator_unit *whole)
{
	struct accelerator *a = f->accelerator;
	unsigned most;

	if (!most_parts(a->nvml, whole->handle, &most))
		return;
	for (unsigned i = 0; i + 1 < ACCELERATOR_PARTS; i++) {
		struct accelerator_unit *u = known_mig(a, whole->number, i);
		void *handle = NULL;
		bool found = i < most && CALL(a->nvml, DeviceGetMigDeviceHandleByIndex,
						 whole->handle, i, &handle);

		if (u != NULL && found && is_same(u, a->nvml, handle))
			continue;
		if (u != NULL)
			accelerator_goes(f, u);
		if (found)
			accelerator_comes(f, make_mig(a, whole, i, handle));
	}
}

static bool is_whole(const struct accelerator_unit *u)
{
	return u->handle != NULL && u->mig < 0;
}

static struct accelerator_unit *known_whole(const struct accelerator *a, void *handle)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (is_whole(a->units[i]) && a->units[i]->handle == handle)
			return a->units[i];
	}
	return NULL;
}

// What is gone takes its parts with it.
static void whole_goes(struct accelerator_finder *f, struct accelerator_unit *whole)
{
	struct accelerator *a = f->accelerator;

	for (unsigned i = 0; i < a->n; i++) {
		if (a->units[i]->handle != NULL && a->units[i]->number == whole->number)
			accelerator_goes(f, a->units[i]);
	}
}

// A device that is lost, or that another has replaced under its handle, is another device.
static void find_wholes(struct accelerator_finder *f)
{
	struct accelerator *a = f->accelerator;
	unsigned count;

	if (!CALL(a->nvml, DeviceGetCount_v2, &count))
		return;
	for (unsigned i = 0; i < a->n; i++)
		a->units[i]->seen = false;
	for (unsigned i = 0; i < count; i++) {
		struct accelerator_unit *u;
		void *handle;

		if (!CALL(a->nvml, DeviceGetHandleByIndex_v2, i, &handle))
			continue;
		u = known_whole(a, handle);
		if (u != NULL && is_same(u, a->nvml, handle)) {
			u->seen = true;
			continue;
		}
		accelerator_comes(f, make_whole(a, handle));
	}
	for (unsigned i = 0; i < a->n; i++) {
		if (is_whole(a->units[i]) && !a->units[i]->seen)
			whole_goes(f, a->units[i]);
	}
}

static int start_library(struct accelerator *a)
{
	int rc = a->nvml->Init_v2();

	a->started = rc == NVML_SUCCESS;
	return rc;
}

void nvidia_rescan(struct accelerator_finder *f)
{
	struct accelerator *a = f->accelerator;

	if (a->nvml == NULL)
		return;
	if (!a->started) { // the driver may have been loaded since
		f->ready = start_library(a) == NVML_SUCCESS;
		if (!f->ready)
			return;
	}
	find_wholes(f);
	for (unsigned i = 0; i < a->n; i++) {
		if (is_whole(a->units[i]) && a->units[i]->seen)
			find_migs(f, a->units[i]);
	}
}

// The first look: whole devices, then their parts.
static int find_all(struct accelerator *a)
{
	struct accelerator_finder *f = calloc(1, sizeof(*f));
	int rc = 0;

	if (f == NULL)
		return -ENOMEM;
	f->accelerator = a;
	for (int pass = 0; pass < 2; pass++) {
		nvidia_rescan(f);
		for (unsigned i = 0; rc == 0 && i < f->n_born; i++)
			rc = accelerator_add(a, f->born[i]);
		f->n_born = 0;
	}
	free(f);
	return rc;
}

static int find_devices(struct accelerator *a)
{
	int rc = nvml_open(&a->nvml);

	if (rc < 0) {
		pmsprintf(a->node.nvml, sizeof(a->node.nvml), "absent");
		return rc == -ENOENT ? 0 : rc;
	}
	rc = start_library(a);
	if (rc != NVML_SUCCESS) {
		pmsprintf(a->node.nvml, sizeof(a->node.nvml), "error %d", rc);
		return 0;
	}
	pmsprintf(a->node.nvml, sizeof(a->node.nvml), "ready");
	return find_all(a);
}

// The search, in a thread of its own: a library that hangs at the start must not hang pmcd.
struct search {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	struct accelerator found;
	int rc;
	bool done;
	bool abandoned; // then the thread clears up
};

static void search_free(struct search *s)
{
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->ended);
	free(s);
}

static void *search(void *arg)
{
	struct search *s = arg;
	bool abandoned;

	s->rc = find_devices(&s->found);
	pthread_mutex_lock(&s->lock);
	s->done = true;
	abandoned = s->abandoned;
	pthread_cond_signal(&s->ended);
	pthread_mutex_unlock(&s->lock);
	if (abandoned) {
		accelerator_free_units(&s->found);
		nvidia_close(&s->found);
		search_free(s);
	}
	return NULL;
}

static bool wait_search(struct search *s)
{
	struct timespec deadline;
	bool done;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += FIND_SECONDS;
	pthread_mutex_lock(&s->lock);
	while (!s->done && pthread_cond_timedwait(&s->ended, &s->lock, &deadline) == 0) {
	}
	done = s->done;
	s->abandoned = !done;
	pthread_mutex_unlock(&s->lock);
	return done;
}

int nvidia_find(struct accelerator *a)
{
	struct search *s = calloc(1, sizeof(*s));
	pthread_t thread;
	int rc;

	if (s == NULL)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->ended, NULL);
	rc = pthread_create(&thread, NULL, search, s);
	if (rc != 0) {
		search_free(s);
		return -rc;
	}
	if (!wait_search(s)) {
		pthread_detach(thread);
		pmsprintf(a->node.nvml, sizeof(a->node.nvml), "late");
		return 0;
	}
	pthread_join(thread, NULL);
	rc = s->rc;
	a->node = s->found.node;
	a->nvml = s->found.nvml;
	a->units = s->found.units;
	a->n = s->found.n;
	a->started = s->found.started;
	a->cards = s->found.cards;
	a->n_numbers = s->found.n_numbers;
	memcpy(a->numbers, s->found.numbers, sizeof(a->numbers));
	search_free(s);
	for (unsigned i = 0; i < a->n; i++)
		a->units[i]->accelerator = a;
	return rc;
}

void nvidia_free(struct accelerator_unit *u)
{
	const struct nvml *n = u->accelerator->nvml;

	if (u->events)
		(void)CALL(n, EventSetFree, u->events);
	for (size_t k = 0; k < ARRAY_LEN(u->gpm); k++) {
		if (u->gpm[k])
			(void)CALL(n, GpmSampleFree, u->gpm[k]);
	}
}

void nvidia_close(struct accelerator *a)
{
	if (a->nvml && a->started)
		(void)CALL(a->nvml, Shutdown);
	nvml_close(a->nvml);
}
