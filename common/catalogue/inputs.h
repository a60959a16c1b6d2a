// SPDX-License-Identifier: Apache-2.0
// All that must be sampled of PCP for a catalogue: by pmlogger, and at job boundaries.
#pragma once

#include "common/catalogue/catalogue.h"

struct pcp_input {
	const char *metric;
	int64_t every_s; // 0: once
};

// Each once, at its shortest interval; by interval (once is last) and name. Returns how many.
size_t catalogue_pcp_inputs(const struct catalogue *c, struct arena *a, struct pcp_input **ret);
