// SPDX-License-Identifier: Apache-2.0
// The registers of one logical CPU: /dev/cpu/N/msr, or for tests the folder /dev/cpu/N/msr.d with a
// small text file for each register ("0x611"; a missing file reads as a register the CPU lacks).
// Reading only: files are opened read-only and nothing here can write.
#pragma once

#include <stdint.h>

struct msr_device {
	int root; // borrowed
	unsigned cpu;
	int msr;    // descriptor, -1 = closed
	int folder; // descriptor of msr.d, -1 = none
};

struct msr_device msr_device_init(int root, unsigned cpu);

// Opens what is not open yet. 0, or a negative errno value; -ENXIO and -ENOENT: no such CPU now.
int msr_device_open(struct msr_device *d);
void msr_device_close(struct msr_device *d);

// -EIO: the CPU has no such register.
int msr_device_read(const struct msr_device *d, uint32_t address, uint64_t *ret);
