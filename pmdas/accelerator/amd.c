// SPDX-License-Identifier: Apache-2.0
// AMD's devices, from the files of the driver amdgpu. pcie_bw is not read: it blocks for a second.
#include <string.h>

#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/gpu_metrics.h"
#include "pmdas/frame/parse.h"

#define GPU_METRICS_BYTES 4096

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
	if (d->energy.known)
		pmsprintf(d->energy_source, sizeof(d->energy_source), "counter");
	else if (d->power.known)
		accelerator_integrate(u, d->power.value, accelerator_now_ns());
}

static void set_memory(struct accelerator_device *d)
{
	if (d->memory_total.known && d->memory_used.known &&
		d->memory_used.value <= d->memory_total.value)
		accelerator_set(&d->memory_free, d->memory_total.value - d->memory_used.value);
}

void amd_sample(struct accelerator_unit *u, uint64_t want)
{
	struct accelerator_device *d = &u->next;
	struct gpu_metrics m;
	char device[48];

	(void)want; // one table has most of it
	pmsprintf(device, sizeof(device), "%s/device", u->card);
	read_table(u, &m);
	drm_number(u, device, "gpu_busy_percent", 1, &d->utilization);
	drm_number(u, device, "mem_busy_percent", 1, &d->memory_utilization);
	prefer(&d->utilization, &m.gfx_activity, 1);
	prefer(&d->memory_utilization, &m.memory_activity, 1);
	drm_number(u, device, "mem_info_vram_used", 1, &d->memory_used);
	drm_number(u, device, "mem_info_vram_total", 1, &d->memory_total);
	set_memory(d);
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
	drm_number(u, device, "pcie_replay_count", 1, &d->pcie_replays);
	prefer(&d->pcie_replays, &m.pcie_replays, 1);
	prefer(&d->link_rx, &m.xgmi_read, 1024);
	prefer(&d->link_tx, &m.xgmi_written, 1024);
}
