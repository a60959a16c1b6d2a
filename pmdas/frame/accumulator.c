// SPDX-License-Identifier: Apache-2.0
// Folds wraps of narrow hardware counters and tells them from resets; see accumulator.h.
#include "pmdas/frame/accumulator.h"

#include "pmdas/frame/wide.h"

#define NS_PER_SECOND INT64_C(1000000000)
#define SLACK_NS      NS_PER_SECOND // hardware updates its counters in steps, clocks differ

// The most that can have been counted since the last read.
static frame_wide most(uint64_t rate, int64_t elapsed_ns)
{
	if (elapsed_ns < 0)
		elapsed_ns = 0;
	return (frame_wide)rate * (uint64_t)elapsed_ns / NS_PER_SECOND;
}

void accumulator_fold(
	struct accumulator *a, uint64_t raw, unsigned width, uint64_t rate, int64_t now_ns)
{
	uint64_t mask = width >= 64 ? UINT64_MAX : (UINT64_C(1) << width) - 1;
	uint64_t delta;

	raw &= mask;
	delta = (raw - a->last) & mask;
	if (!a->started) {
		a->started = true;
		a->total = raw;
	} else {
		if (most(rate, now_ns - a->at_ns) > mask)
			a->late++;
		if (raw < a->last && delta > most(rate, now_ns - a->at_ns + SLACK_NS))
			a->resets++;
		else
			a->total += delta;
	}
	a->last = raw;
	a->at_ns = now_ns;
}
