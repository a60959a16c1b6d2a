// SPDX-License-Identifier: Apache-2.0
// A synthetic archive of one HPC node, for benchmarks: 145 metrics, 64 CPUs, 8 NUMA nodes, disks,
// interfaces, InfiniBand, GPUs, control groups and 64 hot processes of which 4 change every ten
// minutes. The same values on every run; 2,880 samples are a day at 30 s and about 210 MB.
#pragma once

#include <stdint.h>

struct node_day {
	const char *base;
	int version; // 2 or 3
	int samples;
	int step_s;
	int64_t start_s;
};

// Values written; ends the program when libpcp_import fails.
uint64_t node_day_write(const struct node_day *d);
