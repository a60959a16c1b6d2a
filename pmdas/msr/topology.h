// SPDX-License-Identifier: Apache-2.0
// Which package, die and core each logical CPU belongs to, from /sys.
#pragma once

#include <stdbool.h>

struct msr_place {
	unsigned cpu;
	bool known; // an offline CPU has no topology
	unsigned package;
	unsigned die;
	unsigned core;
};

// All CPUs of the machine, the offline ones too, ascending. Their number (*ret to be freed), or a
// negative errno value.
int msr_topology(int root, struct msr_place **ret);
