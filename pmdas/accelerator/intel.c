// SPDX-License-Identifier: Apache-2.0
// Intel's devices, from the files of the drivers i915 and xe: energy, clock, temperature, idle time.
#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"

#define NS_PER_MS      INT64_C(1000000)
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

void intel_sample(struct accelerator_unit *u, uint64_t want)
{
	static const char *const clocks[] = {
		"device/tile0/gt0/freq0/act_freq", "gt/gt0/rps_act_freq_mhz", "gt_act_freq_mhz"};
	struct accelerator_device *d = &u->next;

	if (accelerator_wants(want, ACCELERATOR_CLUSTER_USE))
		set_utilization(u, accelerator_now_ns());
	d->clock_compute = first_of(u, clocks, ARRAY_LEN(clocks));
	drm_number(u, u->hwmon, "temp1_input", 1000, &d->temperature);
	if (!d->temperature.known)
		drm_number(u, u->hwmon, "temp2_input", 1000, &d->temperature);
	drm_number(u, u->hwmon, "power1_input", 1000, &d->power);
	drm_number(u, u->hwmon, "energy1_input", 1000, &d->energy);
	if (d->energy.known)
		pmsprintf(d->energy_source, sizeof(d->energy_source), "counter");
}
