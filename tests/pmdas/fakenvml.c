// SPDX-License-Identifier: Apache-2.0
// Stands in for NVIDIA's management library: a shared object with its symbols that answers from the
// text file FAKENVML, read anew when it has changed. Lines are "DEVICE KEY VALUE", DEVICE a number,
// NUMBER.MIG, or "library". A key that is not there is not supported; the value "error N" makes the
// call give N, and "hang" makes it hang for as long as the line stays. With FAKENVML_STEADY the file
// is read once, and a call makes no system call of its own.
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "common/macro.h"
#include "pmdas/accelerator/nvml.h"

#define NOT_SUPPORTED 3
#define NOT_FOUND     6
#define TIMEOUT       10
#define DEVICES       16
#define PLACES        8192 // more than there can be lines
#define PARTS         8

struct device {
	char id[8];
	unsigned long long events_seen;
};

// A library has to give out handles, so it has to keep what they lead to.
static struct device devices[DEVICES][PARTS + 1]; // NOLINT: handles

#define SYMBOL(name, arguments) int nvml##name arguments;
#define NEEDED(name, arguments) SYMBOL(name, arguments)
#include "pmdas/accelerator/symbols.def"

// The file as it was when last read: a real library does not read one at each call either.
static struct {
	pthread_mutex_t lock;
	struct stat st;
	bool steady;
	char text[65536];
	const char *lines[PLACES];            // by the hash of their first two words
} seen = {.lock = PTHREAD_MUTEX_INITIALIZER}; // NOLINT: its state

static unsigned hash_on(unsigned hash, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)word[i]) * 16777619U;
	return hash;
}

static unsigned place_of(const char *id, size_t n_id, const char *key, size_t n_key)
{
	return hash_on(hash_on(2166136261U, id, n_id), key, n_key) % PLACES;
}

// As quick as a real library, whose price is its own affair. Of lines with the same words the first
// counts.
static void index_lines(void)
{
	memset(seen.lines, 0, sizeof(seen.lines));
	for (const char *s = seen.text; *s != '\0'; s += strcspn(s, "\n"), s += *s == '\n') {
		size_t n = strcspn(s, " \n");
		unsigned place;

		if (s[n] != ' ')
			continue;
		place = place_of(s, n, s + n + 1, strcspn(s + n + 1, " \n"));
		for (unsigned i = 1; seen.lines[place] != NULL && i < PLACES; i++)
			place = (place + 1) % PLACES;
		seen.lines[place] = s;
	}
}

static void read_again(void)
{
	const char *path;
	struct stat st = {0};
	FILE *f;

	if (seen.steady)
		return;
	path = getenv("FAKENVML");
	if (path != NULL && stat(path, &st) == 0 && st.st_ino == seen.st.st_ino &&
		st.st_mtim.tv_sec == seen.st.st_mtim.tv_sec &&
		st.st_mtim.tv_nsec == seen.st.st_mtim.tv_nsec)
		return;
	f = path ? fopen(path, "re") : NULL;
	seen.text[f ? fread(seen.text, 1, sizeof(seen.text) - 1, f) : 0] = '\0';
	seen.st = st;
	seen.steady = getenv("FAKENVML_STEADY") != NULL;
	index_lines();
	if (f)
		fclose(f);
}

static int find(const char *id, const char *key, char *value, size_t size)
{
	int rc = NOT_SUPPORTED;
	size_t n_id = strlen(id);
	size_t n_key = strlen(key);
	unsigned place = place_of(id, n_id, key, n_key);

	pthread_mutex_lock(&seen.lock);
	read_again();
	for (; seen.lines[place] != NULL && rc; place = (place + 1) % PLACES) {
		const char *s = seen.lines[place];
		size_t n;

		if (strncmp(s, id, n_id) != 0 || s[n_id] != ' ' ||
			strncmp(s + n_id + 1, key, n_key) != 0 || s[n_id + 1 + n_key] != ' ')
			continue;
		s += n_id + n_key + 2;
		n = strcspn(s, "\n");
		n = n < size ? n : size - 1;
		memcpy(value, s, n);
		value[n] = '\0';
		rc = 0;
	}
	pthread_mutex_unlock(&seen.lock);
	return rc;
}

static int text(const void *device, const char *key, char *value, size_t size)
{
	const char *id = device ? ((const struct device *)device)->id : "library";
	int rc;

	while ((rc = find(id, key, value, size)) == 0 && strcmp(value, "hang") == 0)
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	if (rc == 0 && strncmp(value, "error ", 6) == 0)
		return (int)strtol(value + 6, NULL, 10);
	return rc;
}

static int number(const void *device, const char *key, unsigned long long *ret)
{
	char value[64];
	int rc = text(device, key, value, sizeof(value));

	if (rc == 0)
		*ret = strtoull(value, NULL, 0);
	return rc;
}

static int small(const void *device, const char *key, unsigned *ret)
{
	unsigned long long value = 0;
	int rc = number(device, key, &value);

	if (rc == 0)
		*ret = (unsigned)value;
	return rc;
}

// Several numbers of one line.
static int several(const void *device, const char *key, unsigned long long *ret, int n)
{
	char value[256];
	char *s = value;
	int rc = text(device, key, value, sizeof(value));

	for (int i = 0; rc == 0 && i < n; i++)
		ret[i] = strtoull(s, &s, 0);
	return rc;
}

static struct device *device_at(unsigned index, int part)
{
	struct device *d = &devices[index][part + 1];
	char value[64];

	if (part < 0)
		snprintf(d->id, sizeof(d->id), "%u", index % DEVICES);
	else
		snprintf(d->id, sizeof(d->id), "%u.%d", index % DEVICES, part % PARTS);
	return find(d->id, "name", value, sizeof(value)) == 0 ? d : NULL;
}

int nvmlInit_v2(void)
{
	char value[16];
	int rc = text(NULL, "init", value, sizeof(value));

	return rc == NOT_SUPPORTED ? 0 : rc;
}

int nvmlShutdown(void)
{
	return 0;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
	*count = 0;
	for (unsigned i = 0; i < DEVICES; i++) {
		if (device_at(i, -1)) // one that is lost is still counted, if others follow
			*count = i + 1;
	}
	return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device)
{
	*device = index < DEVICES ? device_at(index, -1) : NULL;
	return *device ? 0 : NOT_FOUND;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length)
{
	return text(device, "name", name, length);
}

int nvmlDeviceGetUUID(void *device, char *uuid, unsigned length)
{
	return text(device, "uuid", uuid, length);
}

int nvmlDeviceGetPciInfo_v3(void *device, struct nvml_pci *pci)
{
	unsigned long long v[3];
	int rc = several(device, "pci", v, 3);

	if (rc == 0)
		*pci = (struct nvml_pci){
			.domain = (unsigned)v[0], .bus = (unsigned)v[1], .device = (unsigned)v[2]};
	return rc;
}

int nvmlDeviceGetMinorNumber(void *device, unsigned *minor)
{
	return small(device, "minor", minor);
}

int nvmlDeviceGetUtilizationRates(void *device, struct nvml_utilization *rates)
{
	unsigned long long v[2];
	int rc = several(device, "utilization", v, 2);

	if (rc == 0)
		*rates = (struct nvml_utilization){(unsigned)v[0], (unsigned)v[1]};
	return rc;
}

int nvmlDeviceGetMemoryInfo_v2(void *device, struct nvml_memory_v2 *memory)
{
	unsigned long long v[4];
	int rc;

	if (memory->version != (sizeof(*memory) | 2 << 24))
		return 25; // version mismatch
	rc = several(device, "memory", v, 4);
	if (rc == 0)
		*memory = (struct nvml_memory_v2){memory->version, v[0], v[1], v[2], v[3]};
	return rc;
}

int nvmlDeviceGetMemoryInfo(void *device, struct nvml_memory *memory)
{
	unsigned long long v[3];
	int rc = several(device, "memory1", v, 3);

	if (rc == 0)
		*memory = (struct nvml_memory){v[0], v[1], v[2]};
	return rc;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts)
{
	return small(device, "power", milliwatts);
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules)
{
	return number(device, "energy", millijoules);
}

int nvmlDeviceGetClockInfo(void *device, int type, unsigned *megahertz)
{
	return small(device, type == NVML_OUR_CLOCK_SM ? "clock" : "memory-clock", megahertz);
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *celsius)
{
	return sensor == 0 ? small(device, "temperature", celsius) : NOT_SUPPORTED;
}

int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *reasons)
{
	return number(device, "reasons", reasons);
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *device, unsigned long long *reasons)
{
	return number(device, "old-reasons", reasons);
}

int nvmlDeviceGetViolationStatus(void *device, int policy, struct nvml_violation *time)
{
	return number(device, policy == NVML_OUR_POLICY_POWER ? "held-power" : "held-thermal",
		&time->violation_ns);
}

int nvmlDeviceGetTotalEccErrors(void *device, int error, int counter, unsigned long long *count)
{
	if (counter != 0)
		return NOT_SUPPORTED;
	return number(device, error == NVML_OUR_ERROR_CORRECTED ? "ecc" : "ecc-fatal", count);
}

int nvmlDeviceGetPcieReplayCounter(void *device, unsigned *count)
{
	return small(device, "replays", count);
}

int nvmlDeviceGetFieldValues(void *device, int n, struct nvml_field *values)
{
	for (int i = 0; i < n; i++) {
		char key[40];

		if (values[i].id >= NVML_OUR_FIELD_LINK_SENT && values[i].scope != NVML_ALL_LINKS)
			snprintf(key, sizeof(key), "field%u.%u", values[i].id, values[i].scope);
		else
			snprintf(key, sizeof(key), "field%u", values[i].id);
		values[i].type = NVML_OUR_TYPE_ULONGLONG;
		values[i].rc = number(device, key, &values[i].value.ull);
	}
	return 0;
}

int nvmlDeviceGetComputeRunningProcesses_v3(
	void *device, unsigned *n, struct nvml_process *processes)
{
	char value[256];
	char *s = value;
	unsigned room = *n;
	int rc = text(device, "processes", value, sizeof(value)); // PID BYTES ...

	for (*n = 0; rc == 0 && *s != '\0' && *n < room; (*n)++) {
		processes[*n] = (struct nvml_process){.pid = (unsigned)strtoul(s, &s, 10)};
		processes[*n].memory = strtoull(s, &s, 0);
	}
	return rc;
}

// "sm PID PERCENT ...": how busy each process has kept the device.
int nvmlDeviceGetProcessUtilization(
	void *device, struct nvml_process_sample *samples, unsigned *n, unsigned long long since_us)
{
	char value[256];
	char *s = value;
	unsigned room = *n;
	int rc = text(device, "sm", value, sizeof(value));

	for (*n = 0; rc == 0 && *s != '\0' && *n < room; (*n)++) {
		samples[*n] = (struct nvml_process_sample){.time_us = since_us + 1};
		samples[*n].pid = (unsigned)strtoul(s, &s, 10);
		samples[*n].sm = (unsigned)strtoul(s, &s, 10);
	}
	return rc;
}

int nvmlDeviceGetDecoderUtilization(void *device, unsigned *percent, unsigned *period_us)
{
	*period_us = 100000;
	return small(device, "decoder", percent);
}

// "rows CORRECTED UNCORRECTED PENDING FAILED"
int nvmlDeviceGetRemappedRows(void *device, unsigned *corrected, unsigned *uncorrected,
	unsigned *pending, unsigned *failed)
{
	unsigned long long v[4];
	int rc = several(device, "rows", v, 4);

	if (rc == 0) {
		*corrected = (unsigned)v[0];
		*uncorrected = (unsigned)v[1];
		*pending = (unsigned)v[2];
		*failed = (unsigned)v[3];
	}
	return rc;
}

int nvmlDeviceGetMigMode(void *device, unsigned *current, unsigned *pending)
{
	*pending = 0;
	return small(device, "mig", current);
}

int nvmlDeviceGetMaxMigDeviceCount(void *device, unsigned *count)
{
	(void)device;
	*count = PARTS - 1;
	return 0;
}

int nvmlDeviceGetMigDeviceHandleByIndex(void *device, unsigned index, void **mig)
{
	unsigned number_ = (unsigned)strtoul(((struct device *)device)->id, NULL, 10);

	*mig = index < PARTS ? device_at(number_, (int)index) : NULL;
	return *mig ? 0 : NOT_FOUND;
}

int nvmlDeviceGetGpuInstanceId(void *device, unsigned *id)
{
	return small(device, "instance", id);
}

int nvmlEventSetCreate(void **set)
{
	*set = calloc(1, sizeof(void *));
	return *set ? 0 : NOT_SUPPORTED;
}

int nvmlEventSetFree(void *set)
{
	free(set);
	return 0;
}

int nvmlDeviceRegisterEvents(void *device, unsigned long long types, void *set)
{
	*(void **)set = device;
	return types == NVML_EVENT_XID ? 0 : NOT_SUPPORTED;
}

// "xid COUNT LAST": so many events since the beginning.
int nvmlEventSetWait_v2(void *set, struct nvml_event *event, unsigned milliseconds)
{
	struct device *d;
	unsigned long long v[2];

	(void)milliseconds;
	d = *(struct device **)set;
	if (several(d, "xid", v, 2) != 0 || d->events_seen >= v[0])
		return TIMEOUT;
	d->events_seen++;
	*event = (struct nvml_event){.device = d, .type = NVML_EVENT_XID, .data = v[1]};
	return 0;
}

int nvmlGpmQueryDeviceSupport(void *device, struct nvml_gpm_support *support)
{
	return small(device, "gpm", &support->supported);
}

int nvmlGpmSampleAlloc(void **sample)
{
	*sample = calloc(1, 64);
	return *sample ? 0 : NOT_SUPPORTED;
}

int nvmlGpmSampleFree(void *sample)
{
	free(sample);
	return 0;
}

int nvmlGpmSampleGet(void *device, void *sample)
{
	memcpy(sample, ((struct device *)device)->id, sizeof(((struct device *)device)->id));
	return 0;
}

int nvmlGpmMigSampleGet(void *device, unsigned gpu_instance, void *sample)
{
	unsigned own;

	if (small(device, "instance", &own) != 0 || own != gpu_instance)
		return NOT_FOUND;
	return nvmlGpmSampleGet(device, sample);
}

// "gpm2 40.5": the metric 2.
int nvmlGpmMetricsGet(struct nvml_gpm_metrics *metrics)
{
	if (metrics->version != 1)
		return 25;
	for (unsigned i = 0; i < metrics->n; i++) {
		struct nvml_gpm_metric *m = &metrics->metrics[i];
		char key[24];
		char value[64];

		snprintf(key, sizeof(key), "gpm%u", m->id);
		m->rc = text(metrics->now, key, value, sizeof(value));
		if (m->rc == 0)
			m->value = strtod(value, NULL);
	}
	return 0;
}
