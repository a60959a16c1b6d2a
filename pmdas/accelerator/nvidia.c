// SPDX-License-Identifier: Apache-2.0
// NVIDIA's devices and their MIG devices, through NVML. A call that the library lacks, or that it
// refuses, leaves its values unknown. nvmlDeviceGetPcieThroughput is not used: it blocks for 20 ms.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/nvml.h"

#define GPM_INTERVAL_NS INT64_C(100000000) // the library's samples are no finer
#define SHARE_WINDOW_US 2000000            // that a process must be seen busy in
#define EVENTS_AT_ONCE  64

#define MEBIBYTE 1048576

#define ONE(cluster) (UINT64_C(1) << ACCELERATOR_CLUSTER_##cluster)

// What GPM measures: its number, the field that shows it, the factor from its value to the field's,
// and the most that can be true.
static const struct {
	unsigned id;
	size_t field;
	double factor;
	double most;
} gpm_rows[] = {
#define SHARE(number, i)                                            \
	{                                                           \
		number,                                             \
			offsetof(struct accelerator_device, gpm) +  \
				(i) * sizeof(struct frame_reading), \
			1000, 100                                   \
	}
#define RATE(number, field)                                                       \
	{                                                                         \
		number, offsetof(struct accelerator_device, field), MEBIBYTE, 1e7 \
	}
	SHARE(2, 0),
	SHARE(3, 1),
	SHARE(5, 2),
	SHARE(10, 3),
	SHARE(11, 4),
	SHARE(12, 5),
	SHARE(13, 6),
	SHARE(4, 7),
	SHARE(1, 8),
	SHARE(7, 9),
	SHARE(8, 10),
	SHARE(9, 11),
	SHARE(6, 12),
	RATE(20, pcie_tx_rate),
	RATE(21, pcie_rx_rate),
	RATE(61, link_tx_rate),
	RATE(60, link_rx_rate),
};

_Static_assert(ARRAY_LEN(gpm_rows) <= ACCELERATOR_GPM_ROWS, "readings of GPM");

static void sample_use(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_utilization rates;
	unsigned video;
	unsigned period;

	if (CALL(n, DeviceGetDecoderUtilization, u->handle, &video, &period))
		accelerator_set(&u->next.engine[ACCELERATOR_VIDEO], video * UINT64_C(1000));
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
		u->ticks |= ONE(POWER);
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
	unsigned rows[4]; // corrected, uncorrected, pending, failed

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
	if (CALL(n, DeviceGetRemappedRows, u->handle, &rows[0], &rows[1], &rows[2], &rows[3]))
		accelerator_set(&d->memory_remapped, (uint64_t)rows[0] + rows[1]);
}

static bool field_value(const struct nvml_field *field, uint64_t *ret, bool *ret_narrow)
{
	*ret_narrow = field->type == NVML_OUR_TYPE_UINT;
	*ret = *ret_narrow ? field->value.u : field->value.ull;
	return field->rc == NVML_SUCCESS && field->type >= NVML_OUR_TYPE_UINT &&
	       field->type <= NVML_OUR_TYPE_ULONGLONG;
}

static void take_field(struct accelerator_unit *u, const struct nvml_field *field, int fold,
	uint64_t scale, struct frame_reading *ret)
{
	uint64_t value;
	bool narrow;

	if (!field_value(field, &value, &narrow))
		return;
	if (narrow)
		u->ticks |= ONE(LINK);
	accelerator_set(ret, accelerator_fold(&u->folds[fold], value, narrow ? 32 : 64) * scale);
}

// The errors of all links, summed up over the kinds that the device counts.
static void take_errors(struct accelerator_unit *u, const struct nvml_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct frame_reading *r = &u->next.link_errors;
		struct frame_reading part = {0};

		take_field(u, &fields[i], ACCELERATOR_LINK_ERRORS + (int)i, 1, &part);
		if (part.known)
			accelerator_set(r, r->value + part.value);
	}
}

// Devices since Blackwell count the bytes of each link instead of the KiB of all.
static void sample_each_link(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_field fields[2 * NVML_LINKS];
	struct accelerator_device *d = &u->next;

	for (unsigned i = 0; i < NVML_LINKS; i++) {
		fields[2 * i] = (struct nvml_field){.id = NVML_OUR_FIELD_LINK_SENT, .scope = i};
		fields[2 * i + 1] =
			(struct nvml_field){.id = NVML_OUR_FIELD_LINK_RECEIVED, .scope = i};
	}
	if (!CALL(n, DeviceGetFieldValues, u->handle, ARRAY_LEN(fields), fields))
		return;
	for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
		struct frame_reading *sum = i % 2 ? &d->link_rx : &d->link_tx;
		struct frame_reading part = {0};

		take_field(u, &fields[i], ACCELERATOR_EACH_LINK + (int)i, 1, &part);
		if (part.known)
			accelerator_set(sum, sum->value + part.value);
	}
}

static void sample_link(struct accelerator_unit *u, const struct nvml *n)
{
	struct nvml_field fields[] = {
		{.id = NVML_OUR_FIELD_PCIE_TX},
		{.id = NVML_OUR_FIELD_PCIE_RX},
		{.id = NVML_OUR_FIELD_NVLINK_TX, .scope = NVML_ALL_LINKS},
		{.id = NVML_OUR_FIELD_NVLINK_RX, .scope = NVML_ALL_LINKS},
		{.id = NVML_OUR_FIELD_CRC_FLIT},
		{.id = NVML_OUR_FIELD_CRC_DATA},
		{.id = NVML_OUR_FIELD_REPLAY},
		{.id = NVML_OUR_FIELD_RECOVERY},
	};
	struct accelerator_device *d = &u->next;
	unsigned replays;

	if (CALL(n, DeviceGetPcieReplayCounter, u->handle, &replays))
		accelerator_set(&d->pcie_replays, replays);
	if (u->mig >= 0 || !CALL(n, DeviceGetFieldValues, u->handle, ARRAY_LEN(fields), fields))
		return; // links and their counters belong to the whole device
	take_field(u, &fields[0], ACCELERATOR_PCIE_TX, 1, &d->pcie_tx);
	take_field(u, &fields[1], ACCELERATOR_PCIE_RX, 1, &d->pcie_rx);
	take_field(u, &fields[2], ACCELERATOR_LINK_TX, 1024, &d->link_tx);
	take_field(u, &fields[3], ACCELERATOR_LINK_RX, 1024, &d->link_rx);
	take_errors(u, fields + 4, ARRAY_LEN(fields) - 4);
	if (!d->link_tx.known && !d->link_rx.known)
		sample_each_link(u, n);
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
	m->n = ARRAY_LEN(gpm_rows);
	m->before = u->gpm[0];
	m->now = u->gpm[1];
	for (unsigned i = 0; i < m->n; i++)
		m->metrics[i].id = gpm_rows[i].id;
	if (!CALL(n, GpmMetricsGet, m))
		return;
	for (unsigned i = 0; i < ARRAY_LEN(gpm_rows); i++) {
		double value = m->metrics[i].value;

		// Also false for what is not a number.
		if (m->metrics[i].rc == NVML_SUCCESS && value >= 0 && value <= gpm_rows[i].most)
			accelerator_set(
				&u->gpm_last[i], (uint64_t)(value * gpm_rows[i].factor + 0.5));
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
	for (size_t i = 0; i < ARRAY_LEN(gpm_rows); i++)
		*(struct frame_reading *)((char *)&u->next + gpm_rows[i].field) = u->gpm_last[i];
}

// The newest sample of each process. One that has none has not been busy.
static void match_samples(const struct nvml_process_sample *s, unsigned samples,
	struct accelerator_process *processes, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t newest = 0;

		accelerator_set(&processes[i].busy, 0);
		for (unsigned k = 0; k < samples; k++) {
			if (s[k].pid != processes[i].pid || s[k].time_us < newest || s[k].sm > 100)
				continue;
			newest = s[k].time_us;
			processes[i].busy.value = s[k].sm * UINT64_C(1000);
		}
	}
}

// How busy each process has kept the device lately.
static void add_shares(const struct accelerator_unit *u, const struct nvml *n,
	struct accelerator_process *processes, unsigned count)
{
	struct nvml_process_sample *s = calloc(ACCELERATOR_PROCESSES, sizeof(*s));
	unsigned samples = ACCELERATOR_PROCESSES;
	struct timespec now;
	uint64_t now_us;
	int rc = NVML_NOT_SUPPORTED;

	clock_gettime(CLOCK_REALTIME, &now);
	now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	if (s != NULL && n->DeviceGetProcessUtilization != NULL)
		rc = n->DeviceGetProcessUtilization(
			u->handle, s, &samples, now_us - SHARE_WINDOW_US);
	if (rc == NVML_NOT_FOUND)
		samples = 0;
	if (samples <= ACCELERATOR_PROCESSES && (rc == NVML_SUCCESS || rc == NVML_NOT_FOUND))
		match_samples(s, samples, processes, count);
	free(s);
}

static void sample_process(struct accelerator_unit *u, const struct nvml *n)
{
	struct accelerator_process processes[ACCELERATOR_PROCESSES] = {0};
	struct nvml_process p[ACCELERATOR_PROCESSES];
	unsigned count = ACCELERATOR_PROCESSES;
	int rc;

	if (n->DeviceGetComputeRunningProcesses_v3 == NULL)
		return;
	rc = n->DeviceGetComputeRunningProcesses_v3(u->handle, &count, p);
	if (rc == NVML_INSUFFICIENT_SIZE) {
		accelerator_set(&u->next.processes, count);
		return;
	}
	if (rc != NVML_SUCCESS || count > ACCELERATOR_PROCESSES)
		return;
	for (unsigned i = 0; i < count; i++) {
		processes[i].pid = p[i].pid;
		if (p[i].memory != NVML_UNKNOWN)
			accelerator_set(&processes[i].memory, p[i].memory);
	}
	if (u->mig < 0)
		add_shares(u, n, processes, count);
	accelerator_show_processes(u, processes, count);
}

static const struct {
	uint64_t clusters;
	void (*sample)(struct accelerator_unit *u, const struct nvml *n);
} samplers[] = {
	{ONE(USE), sample_use},
	{ONE(MEMORY), sample_memory},
	{ONE(POWER), sample_power},
	{ONE(CLOCK), sample_clock},
	{ONE(HEALTH), sample_health},
	{ONE(HEALTH) | FRAME_TICK, sample_xid}, // told once
	{ONE(LINK), sample_link},
	{ONE(ACTIVITY) | ONE(LINK), sample_activity}, // which has rates of the links
	{ONE(PROCESS), sample_process},
};

void nvidia_sample(struct accelerator_unit *u, uint64_t want)
{
	for (size_t i = 0; i < ARRAY_LEN(samplers); i++) {
		if (want & samplers[i].clusters)
			samplers[i].sample(u, u->accelerator->nvml);
	}
}
