// SPDX-License-Identifier: Apache-2.0
// From what was counted to what is shown: floating-point operations from instructions by width, and
// totals. What depends on something that is not known is not known.
#include "common/macro.h"
#include "pmdas/pmu/pmu.h"

struct part {
	enum pmu_role role;
	unsigned weight;
};

#define PARTS_MAX 12

// In this order: later ones may use earlier ones. An operation that multiplies and adds is counted as
// two instructions by the hardware.
static const struct {
	enum pmu_role role;
	struct part parts[PARTS_MAX];
	unsigned n;
} sums_of[] = {
	{PMU_flops_double,
		{{PMU_double_scalar, 1}, {PMU_double_128, 2}, {PMU_double_256, 4},
			{PMU_double_512, 8}},
		4},
	{PMU_flops_single,
		{{PMU_single_scalar, 1}, {PMU_single_128, 4}, {PMU_single_256, 8},
			{PMU_single_512, 16}},
		4},
	{PMU_flops_half,
		{{PMU_half_scalar, 1}, {PMU_half_128, 8}, {PMU_half_256, 16}, {PMU_half_512, 32}},
		4},
	{PMU_flops, {{PMU_flops_double, 1}, {PMU_flops_single, 1}, {PMU_flops_half, 1}}, 3},
	{PMU_width_scalar, {{PMU_double_scalar, 1}, {PMU_single_scalar, 1}, {PMU_half_scalar, 1}},
		3},
	{PMU_width_128, {{PMU_double_128, 1}, {PMU_single_128, 1}, {PMU_half_128, 1}}, 3},
	{PMU_width_256, {{PMU_double_256, 1}, {PMU_single_256, 1}, {PMU_half_256, 1}}, 3},
	{PMU_width_512, {{PMU_double_512, 1}, {PMU_single_512, 1}, {PMU_half_512, 1}}, 3},
	{PMU_memory_bytes, {{PMU_memory_read, 1}, {PMU_memory_written, 1}}, 2},
};

uint64_t pmu_derive(uint64_t slots, struct pmu_values *v)
{
	for (size_t i = 0; i < ARRAY_LEN(sums_of); i++) {
		struct frame_reading sum = {.known = true};
		bool any = false;

		if (slots >> sums_of[i].role & 1)
			continue; // counted itself
		for (unsigned k = 0; k < sums_of[i].n; k++) {
			const struct part *part = &sums_of[i].parts[k];
			const struct frame_reading *r = &v->v[part->role];

			if (!(slots >> part->role & 1))
				continue; // the model has no such thing
			any = true;
			sum.known = sum.known && r->known;
			sum.value += r->value * part->weight;
		}
		if (!any)
			continue;
		slots |= UINT64_C(1) << sums_of[i].role;
		v->v[sums_of[i].role] = sum.known ? sum : (struct frame_reading){0};
	}
	return slots;
}

uint64_t pmu_derived_from(enum pmu_role role)
{
	uint64_t roles = UINT64_C(1) << role;

	// What a sum is made of stands before it.
	for (size_t i = ARRAY_LEN(sums_of); i > 0; i--) {
		for (unsigned k = 0; roles >> sums_of[i - 1].role & 1 && k < sums_of[i - 1].n; k++)
			roles |= UINT64_C(1) << sums_of[i - 1].parts[k].role;
	}
	return roles;
}

void pmu_fill(const struct pmu_sums *sums, uint64_t slots, struct pmu_values *ret)
{
	uint64_t known = sums->known & ~sums->unknown;

	for (; slots != 0; slots &= slots - 1) {
		unsigned i = (unsigned)__builtin_ctzll(slots);

		ret->v[i] = (struct frame_reading){0};
		if (known >> i & 1)
			pmu_set(&ret->v[i], sums->value[i]);
	}
}
