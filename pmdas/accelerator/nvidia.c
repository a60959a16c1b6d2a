// SPDX-License-Identifier: Apache-2.0
// NVIDIA's devices and their MIG devices, through NVML. A call that the library lacks, or that it
// refuses, leaves its values unknown. nvmlDeviceGetPcieThroughput is not used: it blocks for 20 ms.
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/job.h"
#include "pmdas/accelerator/nvml.h"

#define FIND_SECONDS    2                  // that a library may take to find its devices
#define GPM_INTERVAL_NS INT64_C(100000000) // the library's samples are no finer
#define PROCESSES       256
#define EVENTS_AT_ONCE  64

// Is there such a call, and did it succeed?
#define CALL(n, name, ...) ((n)->name != NULL && (n)->name(__VA_ARGS__) == NVML_SUCCESS)

static const unsigned gpm_ids[ACCELERATOR_GPM] = {2, 3, 5, 10, 11, 12, 13, 4};

static void sample_use(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_utilization rates;

	if (!CALL(n, DeviceGetUtilizationRates, u->handle, &rates))
		return;
	accelerator_set(&u->next.utilization, rates.gpu);
	accelerator_set(&u->next.memory_utilization, rates.memory);
}

static void sample_memory(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_memory_v2 v2 = {.version = sizeof(v2) | 2 << 24};
	struct nvml_memory v1;

	if (!CALL(n, DeviceGetMemoryInfo_v2, u->handle, &v2)) {
		if (!CALL(n, DeviceGetMemoryInfo, u->handle, &v1))
			return;
		v2.used = v1.used;
		v2.free = v1.free;
		v2.total = v1.total;
	}
	accelerator_set(&u->next.memory_used, v2.used);
	accelerator_set(&u->next.memory_total, v2.total);
	accelerator_set(&u->next.memory_free, v2.free);
}

static void sample_power(struct accelerator_unit *u, const struct nvml *n)
{
	unsigned long long energy;
	unsigned power;
	bool known = CALL(n, DeviceGetPowerUsage, u->handle, &power);

	if (known)
		accelerator_set(&u->next.power, power);
	if (CALL(n, DeviceGetTotalEnergyConsumption, u->handle, &energy)) {
		accelerator_set(&u->next.energy, energy);
		pmsprintf(u->next.energy_source, sizeof(u->next.energy_source), "counter");
	} else if (known) {
		accelerator_integrate(u, power, accelerator_now_ns());
	}
}

static void sample_clock(struct accelerator_unit *u, const struct nvml *n)
{
	unsigned clock;

	if (CALL(n, DeviceGetClockInfo, u->handle, NVML_OUR_CLOCK_SM, &clock))
		accelerator_set(&u->next.clock_compute, clock);
	if (CALL(n, DeviceGetClockInfo, u->handle, NVML_OUR_CLOCK_MEM, &clock))
		accelerator_set(&u->next.clock_memory, clock);
}

static void sample_xid(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_event event;

	if (u->events == NULL)
		return;
	for (int i = 0; i < EVENTS_AT_ONCE && CALL(n, EventSetWait_v2, u->events, &event, 0); i++) {
		u->xids++;
		u->xid_last = event.data;
	}
	accelerator_set(&u->next.xid_count, u->xids);
	if (u->xids)
		accelerator_set(&u->next.xid_last, u->xid_last);
}

static void sample_health(struct accelerator_unit *u, const struct nvml *n)
{
	struct accelerator_device *d = &u->next;
	struct nvml_violation time;
	unsigned long long value;
	unsigned celsius;

	if (CALL(n, DeviceGetTemperature, u->handle, 0, &celsius))
		accelerator_set(&d->temperature, celsius);
	if (CALL(n, DeviceGetCurrentClocksEventReasons, u->handle, &value) ||
		CALL(n, DeviceGetCurrentClocksThrottleReasons, u->handle, &value))
		accelerator_set(&d->throttle_reasons, value);
	if (CALL(n, DeviceGetViolationStatus, u->handle, NVML_OUR_POLICY_POWER, &time))
		accelerator_set(&d->throttle_power, time.violation_ns);
	if (CALL(n, DeviceGetViolationStatus, u->handle, NVML_OUR_POLICY_THERMAL, &time))
		accelerator_set(&d->throttle_thermal, time.violation_ns);
	if (CALL(n, DeviceGetTotalEccErrors, u->handle, NVML_OUR_ERROR_CORRECTED, 0, &value))
		accelerator_set(&d->ecc_corrected, value);
	if (CALL(n, DeviceGetTotalEccErrors, u->handle, NVML_OUR_ERROR_UNCORRECTED, 0, &value))
		accelerator_set(&d->ecc_uncorrected, value);
	sample_xid(u, n);
}

static void take_field(struct accelerator_unit *u, const struct nvml_field *field, int fold,
	uint64_t scale, struct frame_reading *ret)
{
	bool narrow = field->type == NVML_OUR_TYPE_UINT;
	uint64_t value = narrow ? field->value.u : field->value.ull;

	if (field->rc != NVML_SUCCESS || field->type < NVML_OUR_TYPE_UINT ||
		field->type > NVML_OUR_TYPE_ULONGLONG)
		return;
	accelerator_set(ret, accelerator_fold(&u->folds[fold], value, narrow ? 32 : 64) * scale);
}

static void sample_link(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_field fields[] = {
		{.id = NVML_OUR_FIELD_PCIE_TX},
		{.id = NVML_OUR_FIELD_PCIE_RX},
		{.id = NVML_OUR_FIELD_NVLINK_TX, .scope = NVML_ALL_LINKS},
		{.id = NVML_OUR_FIELD_NVLINK_RX, .scope = NVML_ALL_LINKS},
	};
	struct accelerator_device *d = &u->next;
	unsigned replays;

	if (CALL(n, DeviceGetPcieReplayCounter, u->handle, &replays))
		accelerator_set(&d->pcie_replays, replays);
	if (!CALL(n, DeviceGetFieldValues, u->handle, ARRAY_LEN(fields), fields))
		return;
	take_field(u, &fields[0], ACCELERATOR_PCIE_TX, 1, &d->pcie_tx);
	take_field(u, &fields[1], ACCELERATOR_PCIE_RX, 1, &d->pcie_rx);
	take_field(u, &fields[2], ACCELERATOR_LINK_TX, 1024, &d->link_tx);
	take_field(u, &fields[3], ACCELERATOR_LINK_RX, 1024, &d->link_rx);
}

static bool gpm_sample(struct accelerator_unit *u, const struct nvml *n, void *sample)
{
	if (u->mig < 0)
		return CALL(n, GpmSampleGet, u->handle, sample);
	return CALL(n, GpmMigSampleGet, u->handle, u->gpu_instance, sample);
}

static void gpm_shares(struct accelerator_unit *u, const struct nvml *n)
{
	AUTO_FREE struct nvml_gpm_metrics *m = calloc(1, sizeof(*m));

	memset(u->gpm_last, 0, sizeof(u->gpm_last));
	if (m == NULL)
		return;
	m->version = 1;
	m->n = ACCELERATOR_GPM;
	m->before = u->gpm[0];
	m->now = u->gpm[1];
	for (unsigned i = 0; i < m->n; i++)
		m->metrics[i].id = gpm_ids[i];
	if (!CALL(n, GpmMetricsGet, m))
		return;
	for (unsigned i = 0; i < m->n; i++) {
		double value = m->metrics[i].value;

		// Also false for what is not a number.
		if (m->metrics[i].rc == NVML_SUCCESS && value >= 0 && value <= 100)
			accelerator_set(&u->gpm_last[i], (uint64_t)(value * 1000 + 0.5));
	}
}

static void sample_activity(struct accelerator_unit *u, const struct nvml *n)
{
	int64_t now = accelerator_now_ns();
	void *swap;

	if (u->gpm[1] == NULL)
		return;
	if (u->gpm_ns == 0 || now - u->gpm_ns >= GPM_INTERVAL_NS) {
		if (!gpm_sample(u, n, u->gpm[1])) {
			u->gpm_ns = 0;
			return;
		}
		if (u->gpm_ns)
			gpm_shares(u, n);
		u->gpm_ns = now;
		swap = u->gpm[0];
		u->gpm[0] = u->gpm[1];
		u->gpm[1] = swap;
	}
	memcpy(u->next.gpm, u->gpm_last, sizeof(u->next.gpm));
}

// Adds a word to a list with blanks between; what does not fit is left out.
static void append(char *list, size_t size, const char *word)
{
	size_t n = strlen(list);

	if (n + 1 + strlen(word) < size)
		pmsprintf(list + n, size - n, "%s%s", n ? " " : "", word);
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; *s != '\0'; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (n == len && memcmp(s, word, n) == 0)
			return true;
		s += n;
	}
	return false;
}

static void add_process(struct accelerator_unit *u, const struct nvml_process *p)
{
	struct accelerator_device *d = &u->next;
	char job[32];
	char memory[24] = "-";
	char word[80];
	bool found = job_of(u->accelerator->root, p->pid, job, sizeof(job)) == 0;

	if (p->memory != NVML_UNKNOWN)
		pmsprintf(memory, sizeof(memory), "%llu", p->memory);
	pmsprintf(word, sizeof(word), "%u:%s:%s", p->pid, found ? job : "-", memory);
	append(d->process_list, sizeof(d->process_list), word);
	if (found && !has_word(d->jobs, job))
		append(d->jobs, sizeof(d->jobs), job);
}

static void sample_process(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_process p[PROCESSES];
	unsigned count = PROCESSES;
	int rc;

	if (n->DeviceGetComputeRunningProcesses_v3 == NULL)
		return;
	rc = n->DeviceGetComputeRunningProcesses_v3(u->handle, &count, p);
	if (rc != NVML_SUCCESS && rc != NVML_INSUFFICIENT_SIZE)
		return;
	accelerator_set(&u->next.processes, count);
	for (unsigned i = 0; rc == NVML_SUCCESS && i < count && i < PROCESSES; i++)
		add_process(u, &p[i]);
}

static const struct {
	enum accelerator_cluster cluster;
	void (*sample)(struct accelerator_unit *u, const struct nvml *n);
} samplers[] = {
	{ACCELERATOR_CLUSTER_USE, sample_use},
	{ACCELERATOR_CLUSTER_MEMORY, sample_memory},
	{ACCELERATOR_CLUSTER_POWER, sample_power},
	{ACCELERATOR_CLUSTER_CLOCK, sample_clock},
	{ACCELERATOR_CLUSTER_HEALTH, sample_health},
	{ACCELERATOR_CLUSTER_LINK, sample_link},
	{ACCELERATOR_CLUSTER_ACTIVITY, sample_activity},
	{ACCELERATOR_CLUSTER_PROCESS, sample_process},
};

void nvidia_sample(struct accelerator_unit *u, uint64_t want)
{
	for (size_t i = 0; i < ARRAY_LEN(samplers); i++) {
		if (accelerator_wants(want, samplers[i].cluster))
			samplers[i].sample(u, u->accelerator->nvml);
	}
}

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

static int add_mig(struct accelerator *a, const struct accelerator_unit *whole, unsigned index)
{
	struct accelerator_unit parent = *whole; // adding may move it
	struct accelerator_unit *u;
	void *handle;

	if (!CALL(a->nvml, DeviceGetMigDeviceHandleByIndex, parent.handle, index, &handle))
		return 0;
	u = accelerator_add(a, nvidia_sample, "nvidia");
	if (u == NULL)
		return -ENOMEM;
	u->number = parent.number;
	u->mig = (int)index;
	u->handle = handle;
	identify(u, a->nvml);
	memcpy(u->pci, parent.pci, sizeof(u->pci));
	u->minor = parent.minor;
	if (CALL(a->nvml, DeviceGetGpuInstanceId, handle, &u->gpu_instance))
		prepare_gpm(u, a->nvml, parent.handle);
	return 0;
}

static int add_device(struct accelerator *a, unsigned index)
{
	const struct nvml *n = a->nvml;
	struct accelerator_unit *u;
	unsigned place = a->n;
	unsigned current = 0;
	unsigned pending;
	unsigned parts = 0;
	void *handle;
	int rc = 0;

	if (!CALL(n, DeviceGetHandleByIndex_v2, index, &handle))
		return 0;
	u = accelerator_add(a, nvidia_sample, "nvidia");
	if (u == NULL)
		return -ENOMEM;
	u->number = index;
	u->handle = handle;
	identify(u, n);
	prepare_gpm(u, n, handle);
	prepare_events(u, n);
	if (CALL(n, DeviceGetMigMode, handle, &current, &pending) && current &&
		!CALL(n, DeviceGetMaxMigDeviceCount, handle, &parts))
		parts = 0;
	for (unsigned i = 0; rc == 0 && i < parts && i + 1 < ACCELERATOR_PARTS; i++)
		rc = add_mig(a, &a->units[place], i);
	return rc;
}

static int find_devices(struct accelerator *a)
{
	int rc = nvml_open(&a->nvml);

	if (rc < 0) {
		pmsprintf(a->node.nvml, sizeof(a->node.nvml), "absent");
		return rc == -ENOENT ? 0 : rc;
	}
	rc = a->nvml->Init_v2();
	if (rc == NVML_SUCCESS)
		rc = a->nvml->DeviceGetCount_v2(&a->cards);
	if (rc != NVML_SUCCESS) {
		a->cards = 0;
		pmsprintf(a->node.nvml, sizeof(a->node.nvml), "error %d", rc);
		return 0;
	}
	pmsprintf(a->node.nvml, sizeof(a->node.nvml), "ready");
	for (unsigned i = 0; rc == 0 && i < a->cards; i++)
		rc = add_device(a, i);
	return rc;
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
		nvidia_close(&s->found);
		free(s->found.units);
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
	a->cards = s->found.cards;
	search_free(s);
	for (unsigned i = 0; i < a->n; i++)
		a->units[i].accelerator = a;
	return rc;
}

void nvidia_close(struct accelerator *a)
{
	for (unsigned i = 0; a->nvml && i < a->n; i++) {
		struct accelerator_unit *u = &a->units[i];

		if (u->events)
			(void)CALL(a->nvml, EventSetFree, u->events);
		for (size_t k = 0; k < ARRAY_LEN(u->gpm); k++) {
			if (u->gpm[k])
				(void)CALL(a->nvml, GpmSampleFree, u->gpm[k]);
		}
	}
	if (a->nvml)
		(void)CALL(a->nvml, Shutdown);
	nvml_close(a->nvml);
}
