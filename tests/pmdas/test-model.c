// SPDX-License-Identifier: Apache-2.0
// The table of CPU models, its rules of units and frequencies, and the parser of /proc/cpuinfo.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/msr/model.h"

#define DOMAINS ((1U << MSR_DOMAINS) - 1)

static const struct msr_model *find(enum msr_vendor vendor, unsigned family, unsigned model)
{
	const struct msr_identity id = {.vendor = vendor, .family = family, .model = model};

	return msr_model_of(&id);
}

Test(model, table_is_large_and_sound)
{
	size_t n[MSR_VENDORS] = {0};

	for (size_t i = 0; i < msr_n_models; i++) {
		const struct msr_model *m = &msr_models[i];

		cr_assert(m->vendor < MSR_VENDORS);
		n[m->vendor]++;
		cr_assert(le(uint, m->first, m->last), "%s", m->name);
		cr_assert(gt(sz, strlen(m->name), 0));
		// An energy domain without a package domain exists nowhere.
		cr_assert(eq(int, (m->has & DOMAINS) == 0, !(m->has & 1U << MSR_PACKAGE)), "%s",
			m->name);
		// Only servers since Sapphire Rapids count the platform in joules.
		cr_assert(m->platform != MSR_UNIT_JOULE || m->has & 1U << MSR_PLATFORM, "%s",
			m->name);
		for (size_t j = 0; j < i; j++) {
			const struct msr_model *o = &msr_models[j];

			cr_assert(o->vendor != m->vendor || o->family != m->family ||
					  o->last < m->first || o->first > m->last,
				"%s and %s overlap", m->name, o->name);
		}
	}
	cr_assert(ge(sz, n[MSR_INTEL], 25));
	cr_assert(ge(sz, n[MSR_AMD], 10));
}

Test(model, unknown_models_have_no_energy)
{
	cr_assert(eq(uint, find(MSR_INTEL, 6, 0xfe)->has, 0));
	cr_assert_str_eq(find(MSR_INTEL, 6, 0xfe)->name, "unknown");
	cr_assert(eq(uint, find(MSR_AMD, 0x10, 2)->has, 0));
	cr_assert(eq(uint, find(MSR_VENDORS, 6, 0x55)->has, 0));
	cr_assert(eq(int, (int)find(MSR_AMD, 0x10, 2)->vendor, MSR_AMD));
}

#define HAS(feature) (1U << MSR_##feature)

Test(model, idle_states_and_features)
{
	const unsigned idle = (1U << MSR_LIMIT_690) - (1U << MSR_CORE_C1);
	static const struct {
		unsigned model;
		unsigned idle;
		unsigned has;
		unsigned has_not;
	} cases[] = {
		{0x55,
			HAS(CORE_C3) | HAS(CORE_C6) | HAS(CORE_C7) | HAS(PACKAGE_C2) |
				HAS(PACKAGE_C3) | HAS(PACKAGE_C6) | HAS(PACKAGE_C7),
			HAS(LIMIT_64F) | HAS(UNCORE) | HAS(PPERF), HAS(LIMIT_690) | HAS(IRPERF)},
		{0x6a, HAS(CORE_C1) | HAS(CORE_C6) | HAS(PACKAGE_C2) | HAS(PACKAGE_C6), HAS(UNCORE),
			HAS(LIMIT_690)},
		{0x8f, HAS(CORE_C1) | HAS(CORE_C6) | HAS(PACKAGE_C2) | HAS(PACKAGE_C6),
			HAS(UNCORE) | HAS(PPERF), HAS(LIMIT_PARTS)},
		{0xaf, HAS(CORE_C1) | HAS(CORE_C6) | HAS(MODULE_C6) | HAS(PACKAGE_C6), HAS(PPERF),
			HAS(UNCORE)},
		{0x57, HAS(CORE_C6_3FF) | HAS(PACKAGE_C2) | HAS(PACKAGE_C3) | HAS(PACKAGE_C6),
			HAS(UNCORE), HAS(CORE_C6)},
		{0x37, HAS(CORE_C1) | HAS(CORE_C6) | HAS(PACKAGE_C6_3FA), 0, HAS(PACKAGE_C7)},
		{0x3f,
			HAS(CORE_C3) | HAS(CORE_C6) | HAS(CORE_C7) | HAS(PACKAGE_C2) |
				HAS(PACKAGE_C3) | HAS(PACKAGE_C6) | HAS(PACKAGE_C7),
			HAS(LIMIT_690) | HAS(UNCORE), HAS(LIMIT_64F) | HAS(PPERF)},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned has = find(MSR_INTEL, 6, cases[i].model)->has;

		cr_assert(eq(uint, has & idle, cases[i].idle), "model %x", cases[i].model);
		cr_assert(eq(uint, has & cases[i].has, cases[i].has), "model %x", cases[i].model);
		cr_assert(eq(uint, has & cases[i].has_not, 0), "model %x", cases[i].model);
	}
	cr_assert(eq(uint, find(MSR_AMD, 0x19, 1)->has & idle, 0));
	cr_assert(ne(uint, find(MSR_AMD, 0x19, 1)->has & HAS(IRPERF), 0));
}

Test(model, no_address_is_read_twice_for_one_model)
{
	const unsigned either = HAS(CORE_C6) | HAS(CORE_C6_3FF);
	const unsigned package = HAS(PACKAGE_C6_3FA) | HAS(PACKAGE_C7);
	const unsigned limit = HAS(LIMIT_690) | HAS(LIMIT_64F);

	for (size_t i = 0; i < msr_n_models; i++) {
		unsigned has = msr_models[i].has;

		cr_assert(ne(uint, has & either, either), "%s", msr_models[i].name);
		cr_assert(ne(uint, has & package, package), "%s", msr_models[i].name);
		cr_assert(ne(uint, has & limit, limit), "%s", msr_models[i].name);
	}
}

struct unit_case {
	unsigned family;
	unsigned model;
	enum msr_domain domain;
	uint64_t unit_register;
	uint64_t counts;
	uint64_t microjoules;
};

Test(model, units_of_every_rule)
{
	static const struct unit_case intel[] = {
		// the register's unit, 2^-14 J
		{6, 0x55, MSR_PACKAGE, 0xa0e03, 1 << 14, 1000000},
		{6, 0x55, MSR_PACKAGE, 0xa0e03, 1, 61},
		{6, 0x55, MSR_CORES, 0xa0e03, 3 << 14, 3000000},
		// DRAM fixed at 2^-16 J
		{6, 0x3f, MSR_DRAM, 0xa0e03, 1 << 16, 1000000},
		{6, 0x4f, MSR_DRAM, 0xa0e03, 1 << 16, 1000000},
		{6, 0x55, MSR_DRAM, 0xa0e03, 1 << 16, 1000000},
		{6, 0x57, MSR_DRAM, 0xa0e03, 1 << 16, 1000000},
		{6, 0x6a, MSR_DRAM, 0xa0e03, 1 << 16, 1000000},
		// and in the register's unit again
		{6, 0x2d, MSR_DRAM, 0xa1003, 1 << 16, 1000000},
		{6, 0x8f, MSR_DRAM, 0xa0e03, 1 << 14, 1000000},
		{6, 0xcf, MSR_DRAM, 0xa0e03, 1 << 14, 1000000},
		// platform: one joule on servers, the register's unit on clients
		{6, 0x8f, MSR_PLATFORM, 0xa0e03, 5, 5000000},
		{6, 0xad, MSR_PLATFORM, 0xa0e03, 5, 5000000},
		{6, 0x9e, MSR_PLATFORM, 0xa0e03, 1 << 14, 1000000},
		// Silvermont: 2^5 microjoule
		{6, 0x37, MSR_PACKAGE, 0x00505, 1000, 32000},
		{6, 0x4d, MSR_CORES, 0x00505, 1, 32},
	};
	static const struct unit_case amd[] = {
		{0x17, 0x31, MSR_PACKAGE, 0xa1003, 1 << 16, 1000000},
		{0x19, 0x11, MSR_CORES, 0xa1003, 7 << 16, 7000000},
		{0x1a, 0x02, MSR_PACKAGE, 0xa1003, 1, 15},
	};

	for (size_t i = 0; i < ARRAY_LEN(intel) + ARRAY_LEN(amd); i++) {
		bool is_amd = i >= ARRAY_LEN(intel);
		const struct unit_case *c = is_amd ? &amd[i - ARRAY_LEN(intel)] : &intel[i];
		const struct msr_model *m = find(is_amd ? MSR_AMD : MSR_INTEL, c->family, c->model);
		struct msr_unit unit = msr_unit_of(m, c->domain, c->unit_register);

		cr_assert(eq(u64, msr_microjoules(unit, c->counts), c->microjoules),
			"%s, domain %d", m->name, (int)c->domain);
	}
}

Test(model, energy_of_years_does_not_overflow)
{
	const struct msr_unit unit = {.factor = 1000000, .shift = 16};
	uint64_t joules = UINT64_C(2000) * 86400 * 365 * 20;

	cr_assert(eq(u64, msr_microjoules(unit, joules << 16), joules * 1000000));
	cr_assert(eq(u64, msr_counts_of(unit, 2000), 2000 << 16));
}

Test(model, base_frequencies)
{
	cr_assert(eq(u64, msr_base_khz(find(MSR_INTEL, 6, 0x55), 27 << 8 | 0xff), 2700000));
	cr_assert(eq(u64, msr_base_khz(find(MSR_INTEL, 6, 0x2c), 20 << 8), 2666666));
	cr_assert(eq(u64, msr_base_khz(find(MSR_AMD, 0x17, 0x31), UINT64_C(1) << 63 | 8 << 8 | 90),
		2250000));
	cr_assert(eq(u64, msr_base_khz(find(MSR_AMD, 0x17, 0x31), 90), 0)); // divisor 0
	cr_assert(eq(u64, msr_base_khz(find(MSR_AMD, 0x1a, 0x02), 540), 2700000));
	cr_assert(eq(u64, msr_base_khz(find(MSR_INTEL, 6, 0xfe), 27 << 8), 0));
}

Test(model, cpuinfo_of_both_vendors)
{
	struct msr_identity id;

	cr_assert(eq(int, 0,
		msr_parse_cpuinfo("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"
				  "model\t\t: 85\nmodel name\t: Intel(R) Xeon(R)\nstepping\t: 4\n"
				  "\nprocessor\t: 1\nmodel\t\t: 99\n",
			&id)));
	cr_assert(eq(int, (int)id.vendor, MSR_INTEL));
	cr_assert(eq(uint, id.family, 6));
	cr_assert(eq(uint, id.model, 85));
	cr_assert(eq(uint, id.stepping, 4));
	cr_assert(eq(int, 0,
		msr_parse_cpuinfo(
			"vendor_id: HygonGenuine\ncpu family: 24\nmodel: 0\nstepping: 1\n", &id)));
	cr_assert(eq(int, (int)id.vendor, MSR_AMD));
	cr_assert(eq(int, 0,
		msr_parse_cpuinfo("vendor_id: Else\ncpu family: 1\nmodel: 2\nstepping: 3\n", &id)));
	cr_assert(eq(int, (int)id.vendor, MSR_VENDORS));
}

Test(model, cpuinfo_that_lacks_a_field_is_refused)
{
	static const char *const texts[] = {
		"",
		"\n",
		"vendor_id",
		"vendor_id:",
		"vendor_id: GenuineIntel\n",
		"vendor_id: GenuineIntel\ncpu family: 6\nmodel: x\nstepping: 1\n",
		"vendor_id: GenuineIntel\ncpu family: 99999\nmodel: 1\nstepping: 1\n",
		"vendor_id: GenuineIntel\ncpu family: 6\nmodel: 1\n\nstepping: 1\n",
		"processor: 0\nBogoMIPS: 50.00\nCPU implementer: 0x41\n",
		"vendor_id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	};
	struct msr_identity id = {.model = 77};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		cr_assert(eq(int, msr_parse_cpuinfo(texts[i], &id), -EINVAL), "%s", texts[i]);
	cr_assert(eq(uint, id.model, 77));
}
