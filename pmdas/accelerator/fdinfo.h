// SPDX-License-Identifier: Apache-2.0
// What the kernel tells about each user of a graphics device: /proc/PID/fdinfo/FD of its open device
// files, in the form that the drivers xe, i915 and amdgpu share (drm-KEY: VALUE).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "pmdas/accelerator/accelerator.h"

struct fdinfo { // of one open file
	char pci[24];
	uint64_t client; // the same for several files of one user
	bool has_client;
	uint64_t busy[ACCELERATOR_ENGINES];     // ns, or cycles
	uint64_t cycles[ACCELERATOR_ENGINES];   // of the engine's clock; 0 = busy is in ns
	uint64_t capacity[ACCELERATOR_ENGINES]; // engines of the class, at least 1
	bool has[ACCELERATOR_ENGINES];
	struct frame_reading memory; // bytes of the device's own memory
};

// 0, or -ENOENT: not a user of a graphics device.
int fdinfo_parse(const char *text, struct fdinfo *ret);

struct fdinfo_client {
	struct fdinfo info;
	unsigned pid;
	int64_t at_ns;
	uint64_t share[ACCELERATOR_ENGINES]; // thousandths of a percent, since the reading before
	bool known;                          // there was one
};

struct fdinfo_scan;

int fdinfo_scan_new(int root, struct fdinfo_scan **ret);
void fdinfo_scan_free(struct fdinfo_scan *s);

// Looks for all users of the device of that PCI address, at most every half second. Copies them; their
// number, or a negative errno value. May block.
int fdinfo_scan_clients(
	struct fdinfo_scan *s, const char *pci, struct fdinfo_client *ret, unsigned room);
