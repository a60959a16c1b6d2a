// SPDX-License-Identifier: Apache-2.0
// Energy of what only tells its power: the power integrated over time.
#pragma once

#include <stdint.h>

struct frame_integral { // all zero = no power known yet
	int64_t before_ns;
	uint64_t before_mw;
	uint64_t picojoules; // rest below a millijoule
	uint64_t millijoules;
};

// One more reading of the power; the energy so far, in millijoules. Across a long time without a
// reading nothing is added: nobody knows what was used.
uint64_t frame_integrate(struct frame_integral *p, uint64_t milliwatts, int64_t now_ns);
