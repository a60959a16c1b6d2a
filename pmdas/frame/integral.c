// SPDX-License-Identifier: Apache-2.0
// Integrates power by trapezoids, in integers; see integral.h.
#include "pmdas/frame/integral.h"

// A machine that slept, a driver that hung.
#define GAP_NS INT64_C(120000000000)

// No node draws 70 kW: a reading beyond is garbage. Twice that times the gap still fits 64 bits.
#define MILLIWATTS_MAX UINT64_C(70000000)

// Milliwatts times nanoseconds are picojoules.
#define PICOJOULES_PER_MILLIJOULE 1000000000

uint64_t frame_integrate(struct frame_integral *p, uint64_t milliwatts, int64_t now_ns)
{
	int64_t gap = now_ns - p->before_ns;

	if (milliwatts > MILLIWATTS_MAX)
		return p->millijoules;
	if (p->before_ns && gap > 0 && gap <= GAP_NS) {
		p->picojoules += (p->before_mw + milliwatts) * (uint64_t)gap / 2;
		p->millijoules += p->picojoules / PICOJOULES_PER_MILLIJOULE;
		p->picojoules %= PICOJOULES_PER_MILLIJOULE;
	}
	p->before_ns = now_ns;
	p->before_mw = milliwatts;
	return p->millijoules;
}
