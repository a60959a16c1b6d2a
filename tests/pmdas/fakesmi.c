// SPDX-License-Identifier: Apache-2.0
// Stands in for AMD's two libraries: one shared object with the symbols of both, which answers from the
// text file FAKESMI, read anew at each call. Lines are "KEY VALUE"; "id" is the PCI number of its only
// device, "init" what starting gives ("hang": it hangs for as long as the line stays). A key that is not
// there is not supported.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pmdas/accelerator/smi.h"

#define NOT_SUPPORTED 2

#define SYMBOL_ROCM(name, arguments)     int rsmi_##name arguments;
#define SYMBOL_AMD(name, arguments)      int amdsmi_##name arguments;
#define SYMBOL(library, name, arguments) SYMBOL_##library(name, arguments)
#include "pmdas/accelerator/smi.def"

static int text(const char *key, char *value, size_t size)
{
	const char *path = getenv("FAKESMI");
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t n = strlen(key);
	char line[256];
	int rc = NOT_SUPPORTED;

	while (f && rc && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, n) != 0 || line[n] != ' ')
			continue;
		snprintf(value, size, "%s", line + n + 1);
		rc = 0;
	}
	if (f)
		fclose(f);
	return rc;
}

static int number(const char *key, uint64_t *ret)
{
	char value[64];
	int rc = text(key, value, sizeof(value));

	if (rc == 0)
		*ret = strtoull(value, NULL, 0);
	return rc;
}

static int small(const char *key, uint32_t *ret)
{
	uint64_t value = 0;
	int rc = number(key, &value);

	*ret = (uint32_t)value;
	return rc;
}

static int init(void)
{
	char value[16];

	while (text("init", value, sizeof(value)) == 0 && strcmp(value, "hang") == 0)
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	return 0;
}

static int energy(uint64_t *count, float *microjoules, uint64_t *time_ns)
{
	*microjoules = 15.25F;
	*time_ns = 1;
	return number("energy", count);
}

static int errors(struct smi_errors *ret)
{
	int rc = number("corrected", &ret->corrected);

	return rc ? rc : number("uncorrected", &ret->uncorrected);
}

int rsmi_init(uint64_t flags)
{
	return flags == 0 ? init() : NOT_SUPPORTED;
}

int rsmi_num_monitor_devices(uint32_t *n)
{
	*n = 1;
	return 0;
}

int rsmi_dev_pci_id_get(uint32_t device, uint64_t *id)
{
	return device == 0 ? number("id", id) : NOT_SUPPORTED;
}

int rsmi_dev_busy_percent_get(uint32_t device, uint32_t *percent)
{
	return device == 0 ? small("busy", percent) : NOT_SUPPORTED;
}

int rsmi_dev_memory_busy_percent_get(uint32_t device, uint32_t *percent)
{
	return device == 0 ? small("memory-busy", percent) : NOT_SUPPORTED;
}

int rsmi_dev_memory_usage_get(uint32_t device, int type, uint64_t *bytes)
{
	return device == 0 && type == 0 ? number("used", bytes) : NOT_SUPPORTED;
}

int rsmi_dev_memory_total_get(uint32_t device, int type, uint64_t *bytes)
{
	return device == 0 && type == 0 ? number("total", bytes) : NOT_SUPPORTED;
}

int rsmi_dev_power_ave_get(uint32_t device, uint32_t sensor, uint64_t *microwatts)
{
	return device == 0 && sensor == 0 ? number("power", microwatts) : NOT_SUPPORTED;
}

int rsmi_dev_energy_count_get(
	uint32_t device, uint64_t *count, float *microjoules, uint64_t *time_ns)
{
	return device == 0 ? energy(count, microjoules, time_ns) : NOT_SUPPORTED;
}

int rsmi_dev_temp_metric_get(uint32_t device, uint32_t sensor, int metric, int64_t *millidegrees)
{
	uint64_t degrees = 0;

	if (device != 0 || sensor != 1 || metric != 0 || number("degrees", &degrees) != 0)
		return NOT_SUPPORTED;
	*millidegrees = (int64_t)degrees * 1000;
	return 0;
}

int rsmi_dev_ecc_count_get(uint32_t device, int block, struct smi_errors *ret)
{
	return device == 0 && block == 1 ? errors(ret) : NOT_SUPPORTED;
}

int rsmi_dev_pci_replay_counter_get(uint32_t device, uint64_t *count)
{
	return device == 0 ? number("replays", count) : NOT_SUPPORTED;
}

int amdsmi_init(uint64_t flags)
{
	return flags == 2 ? init() : NOT_SUPPORTED;
}

int amdsmi_get_socket_handles(uint32_t *n, void **sockets)
{
	*n = 1;
	sockets[0] = sockets;
	return 0;
}

static void *the_device(void)
{
	return (void *)"device";
}

int amdsmi_get_processor_handles(void *socket, uint32_t *n, void **processors)
{
	*n = 1;
	processors[0] = the_device();
	return socket ? 0 : NOT_SUPPORTED;
}

static int is_device(const void *device)
{
	return strcmp(device, "device") == 0;
}

int amdsmi_get_gpu_bdf_id(void *device, uint64_t *id)
{
	return is_device(device) ? number("id", id) : NOT_SUPPORTED;
}

int amdsmi_get_gpu_activity(void *device, struct smi_activity *activity)
{
	activity->media = UINT16_MAX;
	if (!is_device(device))
		return NOT_SUPPORTED;
	if (small("memory-busy", &activity->memory) != 0)
		activity->memory = UINT16_MAX;
	return small("busy", &activity->compute);
}

int amdsmi_get_gpu_memory_usage(void *device, int type, uint64_t *bytes)
{
	return is_device(device) && type == 0 ? number("used", bytes) : NOT_SUPPORTED;
}

int amdsmi_get_gpu_memory_total(void *device, int type, uint64_t *bytes)
{
	return is_device(device) && type == 0 ? number("total", bytes) : NOT_SUPPORTED;
}

int amdsmi_get_energy_count(void *device, uint64_t *count, float *microjoules, uint64_t *time_ns)
{
	return is_device(device) ? energy(count, microjoules, time_ns) : NOT_SUPPORTED;
}

int amdsmi_get_temp_metric(void *device, int sensor, int metric, int64_t *degrees)
{
	uint64_t value = 0;

	if (!is_device(device) || sensor != 1 || metric != 0 || number("degrees", &value) != 0)
		return NOT_SUPPORTED;
	*degrees = (int64_t)value;
	return 0;
}

int amdsmi_get_gpu_total_ecc_count(void *device, struct smi_errors *ret)
{
	return is_device(device) ? errors(ret) : NOT_SUPPORTED;
}

int amdsmi_get_gpu_pci_replay_counter(void *device, uint64_t *count)
{
	return is_device(device) ? number("replays", count) : NOT_SUPPORTED;
}
