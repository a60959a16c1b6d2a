// SPDX-License-Identifier: Apache-2.0
// Opens and asks AMD's management libraries; see smi.h.
#include "pmdas/accelerator/smi.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"

#define GPUS           (1U << 1) // of amdsmi_init
#define VRAM           0
#define CURRENT        0 // temperature metric
#define ROCM_JUNCTION  1 // temperature sensors
#define AMD_HOTSPOT    1
#define UMC            1 // the block of the memory controllers
#define SOCKETS        64
#define DEVICES        64 // of a socket
#define PERCENT_MAX    100
#define DEGREES_MAX    500
#define PARTITION_BITS UINT64_C(0xf0000000)
#define FUNCTION_BITS  UINT64_C(7)

enum library { ROCM, AMD, LIBRARIES };

struct smi {
	enum library library;
	void *handle;
#define SYMBOL(library, name, arguments) int(*library##_##name) arguments;
#include "pmdas/accelerator/smi.def"
};

static const struct {
	enum library library;
	const char *name;
	size_t offset;
} symbols[] = {
#define PREFIX_ROCM "rsmi_"
#define PREFIX_AMD  "amdsmi_"
#define SYMBOL(library_, name_, ...)              \
	{.library = (library_),                   \
		.name = PREFIX_##library_ #name_, \
		.offset = offsetof(struct smi, library_##_##name_)},
#include "pmdas/accelerator/smi.def"
};

static const struct {
	enum library library;
	const char *variable;
	const char *names[6];
} libraries[] = {
	{AMD, "JOBSIGHT_AMDSMI",
		{"libamd_smi.so", "libamd_smi.so.26", "libamd_smi.so.25", "libamd_smi.so.24"}},
	{ROCM, "JOBSIGHT_ROCMSMI",
		{"librocm_smi64.so", "librocm_smi64.so.1", "librocm_smi64.so.7",
			"librocm_smi64.so.6", "librocm_smi64.so.5"}},
};

#define CALL(s, name, ...) ((s)->name != NULL && (s)->name(__VA_ARGS__) == 0)

static void *open_library(bool may_search, size_t which)
{
	const char *name = getenv(libraries[which].variable);
	void *handle = NULL;

	if (name != NULL)
		return dlopen(name, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; may_search && !handle && i < ARRAY_LEN(libraries[0].names); i++) {
		if (libraries[which].names[i] != NULL)
			handle = dlopen(libraries[which].names[i], RTLD_NOW | RTLD_LOCAL);
	}
	return handle;
}

static bool start(struct smi *s)
{
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		void *symbol;

		if (symbols[i].library != s->library)
			continue;
		symbol = dlsym(s->handle, symbols[i].name);
		memcpy((char *)s + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return s->library == AMD ? CALL(s, AMD_init, GPUS) : CALL(s, ROCM_init, 0);
}

int smi_open(bool may_search, struct smi **ret)
{
	struct smi *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(libraries); i++) {
		*s = (struct smi){.library = libraries[i].library};
		s->handle = open_library(may_search, i);
		if (s->handle != NULL && start(s)) {
			*ret = s;
			return 0;
		}
	}
	free(s);
	return -ENOENT;
}

// The library stays mapped: one of its threads, or one of ours that hangs in it, may still run.
void smi_close(struct smi *s)
{
	free(s);
}

static bool parse_pci(const char *pci, uint64_t *ret)
{
	unsigned domain;
	unsigned bus;
	unsigned device;
	unsigned function;

	// NOLINTNEXTLINE(cert-err34-c): a number that is too large is that of no device
	if (sscanf(pci, "%8x:%2x:%2x.%1x", &domain, &bus, &device, &function) != 4)
		return false;
	*ret = (uint64_t)domain << 32 | bus << 8 | device << 3 | function;
	return true;
}

static bool is_at(uint64_t id, uint64_t wanted)
{
	const uint64_t ignored = PARTITION_BITS | FUNCTION_BITS;

	return (id & ~ignored) == (wanted & ~ignored);
}

// Numbers are given out as pointers, from 1 on.
static void *find_number(const struct smi *s, uint64_t wanted)
{
	uint32_t n = 0;
	uint64_t id;

	if (!CALL(s, ROCM_num_monitor_devices, &n))
		return NULL;
	for (uint32_t i = 0; i < n; i++) {
		if (CALL(s, ROCM_dev_pci_id_get, i, &id) && is_at(id, wanted))
			return (void *)((uintptr_t)i + 1); // NOLINT(performance-no-int-to-ptr)
	}
	return NULL;
}

static void *find_handle(const struct smi *s, uint64_t wanted)
{
	void *sockets[SOCKETS];
	void *devices[DEVICES];
	uint32_t n_sockets = SOCKETS;
	uint64_t id;

	if (!CALL(s, AMD_get_socket_handles, &n_sockets, sockets))
		return NULL;
	for (uint32_t i = 0; i < n_sockets && i < SOCKETS; i++) {
		uint32_t n = DEVICES;

		if (!CALL(s, AMD_get_processor_handles, sockets[i], &n, devices))
			continue;
		for (uint32_t k = 0; k < n && k < DEVICES; k++) {
			if (CALL(s, AMD_get_gpu_bdf_id, devices[k], &id) && is_at(id, wanted))
				return devices[k];
		}
	}
	return NULL;
}

void *smi_find(const struct smi *s, const char *pci)
{
	uint64_t wanted;

	if (!parse_pci(pci, &wanted))
		return NULL;
	return s->library == AMD ? find_handle(s, wanted) : find_number(s, wanted);
}

static void set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

// The libraries give all bits set, of 16 or 32, for what they do not know.
static void set_up_to(struct frame_reading *r, uint64_t value, uint64_t most)
{
	if (value <= most)
		set(r, value);
}

static void set_energy(struct frame_reading *r, uint64_t count, float microjoules)
{
	double millijoules = (double)count * (double)microjoules / 1000;

	if (count != 0 && count != UINT64_MAX && millijoules >= 0 && millijoules < 1e18)
		set(r, (uint64_t)millijoules);
}

static void read_rocm(const struct smi *s, uint32_t device, struct smi_values *v)
{
	struct smi_errors errors = {0};
	uint64_t value;
	uint64_t time;
	uint32_t percent;
	int64_t heat;
	float unit;

	if (CALL(s, ROCM_dev_busy_percent_get, device, &percent))
		set_up_to(&v->utilization, percent, PERCENT_MAX);
	if (CALL(s, ROCM_dev_memory_busy_percent_get, device, &percent))
		set_up_to(&v->memory_utilization, percent, PERCENT_MAX);
	if (CALL(s, ROCM_dev_memory_usage_get, device, VRAM, &value))
		set(&v->memory_used, value);
	if (CALL(s, ROCM_dev_memory_total_get, device, VRAM, &value))
		set(&v->memory_total, value);
	if (CALL(s, ROCM_dev_power_ave_get, device, 0, &value))
		set(&v->power, value / 1000);
	if (CALL(s, ROCM_dev_energy_count_get, device, &value, &unit, &time))
		set_energy(&v->energy, value, unit);
	if (CALL(s, ROCM_dev_temp_metric_get, device, ROCM_JUNCTION, CURRENT, &heat) && heat >= 0)
		set_up_to(&v->temperature, (uint64_t)heat / 1000, DEGREES_MAX);
	if (CALL(s, ROCM_dev_ecc_count_get, device, UMC, &errors)) {
		set(&v->ecc_corrected, errors.corrected);
		set(&v->ecc_uncorrected, errors.uncorrected);
	}
	if (CALL(s, ROCM_dev_pci_replay_counter_get, device, &value))
		set(&v->pcie_replays, value);
}

static void read_amd(const struct smi *s, void *device, struct smi_values *v)
{
	struct smi_activity activity = {0};
	struct smi_errors errors = {0};
	uint64_t value;
	uint64_t time;
	int64_t heat;
	float unit;

	if (CALL(s, AMD_get_gpu_activity, device, &activity)) {
		set_up_to(&v->utilization, activity.compute, PERCENT_MAX);
		set_up_to(&v->memory_utilization, activity.memory, PERCENT_MAX);
	}
	if (CALL(s, AMD_get_gpu_memory_usage, device, VRAM, &value))
		set(&v->memory_used, value);
	if (CALL(s, AMD_get_gpu_memory_total, device, VRAM, &value))
		set(&v->memory_total, value);
	if (CALL(s, AMD_get_energy_count, device, &value, &unit, &time))
		set_energy(&v->energy, value, unit);
	if (CALL(s, AMD_get_temp_metric, device, AMD_HOTSPOT, CURRENT, &heat) && heat >= 0)
		set_up_to(&v->temperature, (uint64_t)heat, DEGREES_MAX);
	if (CALL(s, AMD_get_gpu_total_ecc_count, device, &errors)) {
		set(&v->ecc_corrected, errors.corrected);
		set(&v->ecc_uncorrected, errors.uncorrected);
	}
	if (CALL(s, AMD_get_gpu_pci_replay_counter, device, &value))
		set(&v->pcie_replays, value);
}

void smi_read(const struct smi *s, void *device, struct smi_values *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (s->library == AMD)
		read_amd(s, device, ret);
	else
		read_rocm(s, (uint32_t)((uintptr_t)device - 1), ret);
}
