// SPDX-License-Identifier: Apache-2.0
// The binary table gpu_metrics of the driver amdgpu, in the forms of data center devices: 1.1 to 1.3
// (MI100, MI200) and 1.4 to 1.8 (MI300). Numbers are little-endian; all bits set means "not measured".
#pragma once

#include <stdint.h>

#include "pmdas/frame/frame.h"

struct gpu_metrics {
	struct frame_reading gfx_activity, memory_activity; // percent
	struct frame_reading power;                         // W
	struct frame_reading energy;                        // 2^-16 J
	struct frame_reading temperature;                   // degrees Celsius
	struct frame_reading throttle;
	struct frame_reading held_checks, held_power, held_thermal; // 32-bit counts
	struct frame_reading pcie_replays;
	struct frame_reading xgmi_read, xgmi_written; // kB, all links
};

// 0, or -EINVAL (too short) or -ENOTSUP (another form); what is not in the form is not known.
int gpu_metrics_parse(const void *data, size_t size, struct gpu_metrics *ret);
