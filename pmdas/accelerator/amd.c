// SPDX-License-Identifier: Apache-2.0
// AMD's devices, from the files of the driver amdgpu. pcie_bw is not read: it blocks for a second. What
// is essential and not in the files is asked of AMD's library, if there is one.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/gpu_metrics.h"
#include "pmdas/accelerator/ras.h"
#include "pmdas/accelerator/smi.h"
#include "pmdas/frame/parse.h"

#define GPU_METRICS_BYTES 4096
#define BAD_PAGES_BYTES   65536

static void read_table(const struct accelerator_unit *u, struct gpu_metrics *ret)
{
	char path[64];
	char data[GPU_METRICS_BYTES];
	ssize_t n;

	pmsprintf(path, sizeof(path), "%s/device/gpu_metrics", u->card);
	n = frame_read_file(u->accelerator->root, path, data, sizeof(data));
	if (n < 0 || gpu_metrics_parse(data, (size_t)n, ret) < 0)
		memset(ret, 0, sizeof(*ret));
}

static void prefer(struct frame_reading *r, const struct frame_reading *other, uint64_t scale)
{
	if (!r->known && other->known)
		accelerator_set(r, other->value * scale);
}

static void set_energy(struct accelerator_unit *u, const struct gpu_metrics *m)
{
	struct accelerator_device *d = &u->next;
	uint64_t e = m->energy.value;

	if (m->energy.known) // without overflow
		accelerator_set(&d->energy, (e >> 16) * 1000 + ((e & 0xffff) * 1000 >> 16));
	else
		drm_number(u, u->hwmon, "energy1_input", 1000, &d->energy);
}

static void set_memory(struct accelerator_device *d)
{
	if (d->memory_total.known && d->memory_used.known &&
		d->memory_used.value <= d->memory_total.value)
		accelerator_set(&d->memory_free, d->memory_total.value - d->memory_used.value);
}

// Since 1.6 the table counts how often the clocks were held down, and how often that was looked at: the
// part of the time since the reading before is the quotient of the two increases.
static void set_held(struct accelerator_unit *u, const struct gpu_metrics *m)
{
	const struct frame_reading *now[] = {&m->held_checks, &m->held_power, &m->held_thermal};
	struct accelerator_held *h = &u->held;
	uint32_t more[ARRAY_LEN(now)];
	int64_t ns = accelerator_now_ns();

	for (size_t i = 0; i < ARRAY_LEN(now); i++) {
		if (!now[i]->known)
			return;
		more[i] = (uint32_t)now[i]->value - h->before[i];
		h->before[i] = (uint32_t)now[i]->value;
	}
	if (h->before_ns && more[0]) {
		double unit = (double)(ns - h->before_ns) / more[0];

		h->power_ns += (uint64_t)(unit * (more[1] < more[0] ? more[1] : more[0]));
		h->thermal_ns += (uint64_t)(unit * (more[2] < more[0] ? more[2] : more[0]));
	}
	h->before_ns = ns;
	accelerator_set(&u->next.throttle_power, h->power_ns);
	accelerator_set(&u->next.throttle_thermal, h->thermal_ns);
}

static void add_errors(struct accelerator_unit *u, const char *folder, const char *file)
{
	uint64_t corrected;
	uint64_t uncorrected;
	char path[128];
	char text[256];

	pmsprintf(path, sizeof(path), "%s/%s", folder, file);
	if (frame_read_file(u->accelerator->root, path, text, sizeof(text)) <= 0 ||
		ras_parse_errors(text, &corrected, &uncorrected) < 0)
		return;
	accelerator_set(&u->next.ecc_corrected, u->next.ecc_corrected.value + corrected);
	accelerator_set(&u->next.ecc_uncorrected, u->next.ecc_uncorrected.value + uncorrected);
}

static void count_pages(struct accelerator_unit *u, const char *folder)
{
	char *text = malloc(BAD_PAGES_BYTES);
	char path[96];

	pmsprintf(path, sizeof(path), "%s/gpu_vram_bad_pages", folder);
	if (text && frame_read_file(u->accelerator->root, path, text, BAD_PAGES_BYTES) >= 0)
		accelerator_set(&u->next.memory_remapped, ras_count_retired(text));
	free(text);
}

// Errors of all blocks of the device (memory, caches, copy engines, ...), and retired pages.
static void sample_errors(struct accelerator_unit *u)
{
	char folder[64];
	struct dirent *e;
	DIR *dir;

	pmsprintf(folder, sizeof(folder), "%s/device/ras", u->card);
	dir = frame_open_folder(u->accelerator->root, folder);
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): a stream of our own
		size_t n = strlen(e->d_name);

		if (n > 10 && n < 48 && strcmp(e->d_name + n - 10, "_err_count") == 0)
			add_errors(u, folder, e->d_name);
	}
	closedir(dir);
	count_pages(u, folder);
}

static void sample_files(struct accelerator_unit *u)
{
	struct accelerator_device *d = &u->next;
	struct gpu_metrics m;
	char device[48];

	pmsprintf(device, sizeof(device), "%s/device", u->card);
	read_table(u, &m);
	drm_number(u, device, "gpu_busy_percent", 1, &d->utilization);
	drm_number(u, device, "mem_busy_percent", 1, &d->memory_utilization);
	prefer(&d->utilization, &m.gfx_activity, 1);
	prefer(&d->memory_utilization, &m.memory_activity, 1);
	drm_number(u, device, "mem_info_vram_used", 1, &d->memory_used);
	drm_number(u, device, "mem_info_vram_total", 1, &d->memory_total);
	drm_number(u, u->hwmon, "power1_average", 1000, &d->power);
	if (!d->power.known)
		drm_number(u, u->hwmon, "power1_input", 1000, &d->power);
	prefer(&d->power, &m.power, 1000);
	set_energy(u, &m);
	drm_number(u, u->hwmon, "freq1_input", 1000000, &d->clock_compute);
	drm_number(u, u->hwmon, "freq2_input", 1000000, &d->clock_memory);
	drm_number(u, u->hwmon, "temp1_input", 1000, &d->temperature);
	prefer(&d->temperature, &m.temperature, 1);
	d->throttle_reasons = m.throttle;
	set_held(u, &m);
	drm_number(u, device, "pcie_replay_count", 1, &d->pcie_replays);
	prefer(&d->pcie_replays, &m.pcie_replays, 1);
	prefer(&d->link_rx, &m.xgmi_read, 1024);
	prefer(&d->link_tx, &m.xgmi_written, 1024);
}

// The first device that needs the library opens it; while it hangs there the others do without.
static void open_library(struct accelerator_unit *u)
{
	struct accelerator *a = u->accelerator;

	if (u->smi_asked || pthread_mutex_trylock(&a->smi_lock) != 0)
		return;
	if (!a->smi_opened && smi_open(!a->is_elsewhere, &a->smi) < 0)
		a->smi = NULL;
	a->smi_opened = true;
	if (a->smi != NULL)
		u->smi_unit = smi_find(a->smi, u->pci);
	u->smi_asked = true;
	pthread_mutex_unlock(&a->smi_lock);
}

static void sample_library(struct accelerator_unit *u)
{
	struct accelerator_device *d = &u->next;
	struct smi_values v;

	open_library(u);
	if (u->smi_unit == NULL)
		return;
	smi_read(u->accelerator->smi, u->smi_unit, &v);
	prefer(&d->utilization, &v.utilization, 1);
	prefer(&d->memory_utilization, &v.memory_utilization, 1);
	prefer(&d->memory_used, &v.memory_used, 1);
	prefer(&d->memory_total, &v.memory_total, 1);
	prefer(&d->power, &v.power, 1);
	prefer(&d->energy, &v.energy, 1);
	prefer(&d->temperature, &v.temperature, 1);
	prefer(&d->ecc_corrected, &v.ecc_corrected, 1);
	prefer(&d->ecc_uncorrected, &v.ecc_uncorrected, 1);
	prefer(&d->pcie_replays, &v.pcie_replays, 1);
}

void amd_sample(struct accelerator_unit *u, uint64_t want)
{
	struct accelerator_device *d = &u->next;

	sample_files(u); // one table has most of it
	if (accelerator_wants(want, ACCELERATOR_CLUSTER_HEALTH))
		sample_errors(u);
	if (!d->utilization.known || !d->memory_used.known || !d->energy.known)
		sample_library(u);
	set_memory(d);
	if (d->energy.known)
		pmsprintf(d->energy_source, sizeof(d->energy_source), "counter");
	else if (d->power.known)
		accelerator_integrate(u, d->power.value, accelerator_now_ns());
	if (accelerator_wants(want, ACCELERATOR_CLUSTER_PROCESS))
		kfd_sample(u);
}
