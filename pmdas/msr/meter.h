// SPDX-License-Identifier: Apache-2.0
// Power meters that the firmware offers (ACPI 4.0's, as hwmon devices named power_meter): of the whole
// machine on many servers; of modules, CPU and I/O of each socket on NVIDIA's Grace. And those of HPE
// Cray's blade controllers, which count the energy themselves.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pmdas/frame/frame.h"
#include "pmdas/frame/integral.h"

#define MSR_METERS 32

struct msr_meter {
	int root; // borrowed
	char path[64];
	char name[40];
	uint64_t raw; // of the last sample, uW
	int rc;
	bool is_cray;
	char energy_path[64];
	uint64_t joules; // of the last sample
	int energy_rc;
	uint64_t joules_before;
	bool begun;
	struct frame_integral integral;
	struct frame_reading power;  // mW
	struct frame_reading energy; // mJ
};

// Finds at most MSR_METERS meters; their number.
size_t msr_find_meters(int root, struct msr_meter *meters);

// Makes an instance name of a label from outside: letters and digits, others become one "-".
void msr_meter_name(const char *label, char *ret, size_t size);

// "NUMBER UNIT ...": 0, -EINVAL or -ERANGE.
int msr_meter_parse(const char *text, const char *unit, uint64_t *ret);

// Work of one meter; see struct frame_work.
void msr_meter_sample(void *device, uint64_t want);
void msr_meter_publish(void *device, uint64_t want, int64_t now_ns);
void msr_meter_lose(void *device);
