// SPDX-License-Identifier: Apache-2.0
// Values that are parts of a register: bits of state, ratios, temperatures.
#include "pmdas/msr/msr.h"

#define KHZ_PER_RATIO 100000
#define THERMAL_PAIRS 8 // of a bit of state and the bit above it that stays set
#define THERMAL_VALID (UINT64_C(1) << 31)

static const struct frame_reading *reading_of(const struct frame_metric *m, const void *record)
{
	return (const void *)((const char *)record + m->field);
}

// Shows some bits of the field, times a factor.
static int show(const struct frame_metric *m, const void *record, unsigned shift, uint64_t mask,
	uint64_t factor, pmAtomValue *ret)
{
	const struct frame_reading *r = reading_of(m, record);

	if (!r->known)
		return PMDA_FETCH_NOVALUES;
	ret->ull = (r->value >> shift & mask) * factor;
	return PMDA_FETCH_STATIC;
}

// Every other bit, beginning with the first, side by side.
static int show_pairs(
	const struct frame_metric *m, const void *record, unsigned first, pmAtomValue *ret)
{
	const struct frame_reading *r = reading_of(m, record);

	if (!r->known)
		return PMDA_FETCH_NOVALUES;
	ret->ull = 0;
	for (unsigned i = 0; i < THERMAL_PAIRS; i++)
		ret->ull |= (r->value >> (first + 2 * i) & 1) << i;
	return PMDA_FETCH_STATIC;
}

int msr_read_present(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show_pairs(m, record, 0, ret);
}

int msr_read_log(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show_pairs(m, record, 1, ret);
}

int msr_read_low_half(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show(m, record, 0, UINT16_MAX, 1, ret);
}

int msr_read_high_half(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show(m, record, 16, UINT16_MAX, 1, ret);
}

int msr_read_ratio(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show(m, record, 0, 0x7f, KHZ_PER_RATIO, ret);
}

int msr_read_second_ratio(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show(m, record, 8, 0x7f, KHZ_PER_RATIO, ret);
}

int msr_read_pstate(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	return show(m, record, 0, 7, 1, ret);
}

int msr_read_core_temperature(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct msr_core *core = record;
	const struct frame_reading *status = &core->thermal_status;
	const struct frame_reading *target = &core->package->thermal_target;
	uint64_t below = status->value >> 16 & 0x7f;
	uint64_t most = target->value >> 16 & 0xff;

	(void)m;
	if (!status->known || !(status->value & THERMAL_VALID) || !target->known || most < below)
		return PMDA_FETCH_NOVALUES;
	ret->ull = most - below;
	return PMDA_FETCH_STATIC;
}

int msr_read_polls(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct msr *state = record;

	(void)m;
	ret->ull = frame_crew_polls(state->crew);
	return PMDA_FETCH_STATIC;
}
