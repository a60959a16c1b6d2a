// SPDX-License-Identifier: Apache-2.0
// Intel's devices, from the files of the drivers i915 and xe: energy, clock, temperature, idle time.
#include <errno.h>
#include <stdlib.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/fdinfo.h"

#define NS_PER_MS      INT64_C(1000000)
#define CLUSTER(id)    (UINT64_C(1) << ACCELERATOR_CLUSTER_##id)
#define IDLE_WINDOW_MS 100 // the files count milliseconds: no share of a shorter time

// The first file that there is.
static struct frame_reading first_of(
	const struct accelerator_unit *u, const char *const *files, size_t n)
{
	struct frame_reading r = {0};

	for (size_t i = 0; i < n && !r.known; i++)
		drm_number(u, u->card, files[i], 1, &r);
	return r;
}

// Busy is what is not idle (i915's RC6, xe's gtidle) since the reading before.
static void set_utilization(struct accelerator_unit *u, int64_t now_ns)
{
	static const char *const files[] = {"device/tile0/gt0/gtidle/idle_residency_ms",
		"gt/gt0/rc6_residency_ms", "power/rc6_residency_ms"};
	struct frame_reading idle = first_of(u, files, ARRAY_LEN(files));
	int64_t ms = (now_ns - u->idle_ns) / NS_PER_MS;
	uint64_t rested = idle.value - u->idle_ms;

	if (!idle.known || (u->idle_ns && ms < IDLE_WINDOW_MS))
		return;
	if (u->idle_ns && idle.value >= u->idle_ms) {
		if (rested > (uint64_t)ms)
			rested = (uint64_t)ms;
		accelerator_set(&u->next.utilization, 100 - rested * 100 / (uint64_t)ms);
	}
	u->idle_ms = idle.value;
	u->idle_ns = now_ns;
}

// A process may have several clients; its share is that of the engine it uses most.
static void add_client(struct accelerator_unit *u, const struct fdinfo_client *c,
	struct accelerator_process *processes, unsigned *n)
{
	struct accelerator_device *d = &u->next;
	struct accelerator_process *p = NULL;
	uint64_t most = 0;

	for (size_t e = 0; e < ACCELERATOR_ENGINES; e++) {
		if (c->share[e] > most)
			most = c->share[e];
		if (c->known && c->info.has[e])
			accelerator_set(&d->engine[e], d->engine[e].value + c->share[e]);
	}
	for (unsigned i = 0; i < *n && p == NULL; i++) {
		if (processes[i].pid == c->pid)
			p = &processes[i];
	}
	if (p == NULL) {
		p = &processes[(*n)++];
		p->pid = c->pid;
	}
	if (c->known)
		accelerator_set(&p->busy, p->busy.value + most);
	if (c->info.memory.known) {
		accelerator_set(&p->memory, p->memory.value + c->info.memory.value);
		d->memory_used.value += c->info.memory.value;
	}
}

// The engines' use and the memory are sums over the device's users: no file has them for the device.
static void sample_clients(struct accelerator_unit *u)
{
	struct fdinfo_client *clients = calloc(ACCELERATOR_PROCESSES, sizeof(*clients));
	struct accelerator_process processes[ACCELERATOR_PROCESSES] = {0};
	unsigned n = 0;
	int found = -ENOMEM;

	if (clients != NULL)
		found = fdinfo_scan_clients(
			u->accelerator->scan, u->pci, clients, ACCELERATOR_PROCESSES);
	if (found >= 0) {
		accelerator_set(&u->next.memory_used, 0);
		for (int i = 0; i < found; i++)
			add_client(u, &clients[i], processes, &n);
		accelerator_show_processes(u, processes, n);
	}
	free(clients);
}

void intel_sample(struct accelerator_unit *u, uint64_t want)
{
	static const char *const clocks[] = {
		"device/tile0/gt0/freq0/act_freq", "gt/gt0/rps_act_freq_mhz", "gt_act_freq_mhz"};
	struct accelerator_device *d = &u->next;

	if (accelerator_wants(want, ACCELERATOR_CLUSTER_USE))
		set_utilization(u, accelerator_now_ns());
	d->clock_compute = first_of(u, clocks, ARRAY_LEN(clocks));
	if (want & (CLUSTER(USE) | CLUSTER(MEMORY) | CLUSTER(PROCESS)))
		sample_clients(u);
	drm_number(u, u->hwmon, "temp1_input", 1000, &d->temperature);
	if (!d->temperature.known)
		drm_number(u, u->hwmon, "temp2_input", 1000, &d->temperature);
	drm_number(u, u->hwmon, "power1_input", 1000, &d->power);
	drm_number(u, u->hwmon, "energy1_input", 1000, &d->energy);
	if (d->energy.known)
		pmsprintf(d->energy_source, sizeof(d->energy_source), "counter");
}
