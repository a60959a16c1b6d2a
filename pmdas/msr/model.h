// SPDX-License-Identifier: Apache-2.0
// CPU models: which energy domains and other registers each has, and in which units energy is
// counted. Rows in models.def.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum msr_vendor {
	MSR_INTEL,
	MSR_AMD, // and Hygon
	MSR_VENDORS,
};

enum msr_domain {
	MSR_PACKAGE,
	MSR_CORES,
	MSR_GRAPHICS,
	MSR_DRAM,
	MSR_PLATFORM,
	MSR_DOMAINS,
};

// What else a model may have, counted on from the domains. A suffix of three digits is the address,
// where the same thing is at different ones.
enum msr_feature {
	MSR_CORE_C1 = MSR_DOMAINS,
	MSR_CORE_C3,
	MSR_CORE_C6,
	MSR_CORE_C6_3FF,
	MSR_CORE_C7,
	MSR_MODULE_C6,
	MSR_PACKAGE_C2,
	MSR_PACKAGE_C3,
	MSR_PACKAGE_C6,
	MSR_PACKAGE_C6_3FA,
	MSR_PACKAGE_C7,
	MSR_PACKAGE_C8,
	MSR_PACKAGE_C9,
	MSR_PACKAGE_C10,
	MSR_LIMIT_690,
	MSR_LIMIT_64F,
	MSR_LIMIT_PARTS, // reasons of graphics and ring
	MSR_UNCORE,
	MSR_PPERF,
	MSR_PSTATE_LIMIT,
	MSR_IRPERF,
	MSR_FEATURES,
};

// How the unit of a domain is found. REGISTER: 2^-n joule, n from the unit register. MICROJOULE:
// 2^n microjoule. SIXTEENTH: 2^-16 joule whatever the register says. JOULE: one joule.
enum msr_unit_rule {
	MSR_UNIT_REGISTER,
	MSR_UNIT_MICROJOULE,
	MSR_UNIT_SIXTEENTH,
	MSR_UNIT_JOULE,
};

// How the frequency that MPERF counts at is found in the model's base register.
enum msr_base_rule {
	MSR_BASE_NONE,
	MSR_BASE_100,  // ratio [15:8] times 100 MHz
	MSR_BASE_133,  // ratio [15:8] times 133.33 MHz
	MSR_BASE_ZEN,  // P-state 0: [7:0] / [13:8] times 200 MHz
	MSR_BASE_ZEN5, // P-state 0: [11:0] times 5 MHz
};

struct msr_model {
	enum msr_vendor vendor;
	unsigned family;
	unsigned first; // models, both inclusive
	unsigned last;
	const char *name;
	unsigned has; // one bit each enum msr_domain and enum msr_feature
	enum msr_unit_rule unit;
	enum msr_unit_rule dram;
	enum msr_unit_rule platform;
	enum msr_base_rule base;
};

struct msr_identity {
	enum msr_vendor vendor; // MSR_VENDORS: none that we know
	unsigned family;
	unsigned model;
	unsigned stepping;
};

struct msr_unit { // microjoules = count * factor >> shift
	uint64_t factor;
	unsigned shift;
};

extern const struct msr_model msr_models[];
extern const size_t msr_n_models;

// From the text of /proc/cpuinfo, of which the first processor is read; 0, or -EINVAL when a field
// is missing or no number.
int msr_parse_cpuinfo(const char *text, struct msr_identity *ret);

// The model's row; a row without domains and named "unknown" when there is none.
const struct msr_model *msr_model_of(const struct msr_identity *id);

struct msr_unit msr_unit_of(
	const struct msr_model *m, enum msr_domain domain, uint64_t unit_register);
uint64_t msr_microjoules(struct msr_unit unit, uint64_t count);
uint64_t msr_counts_of(struct msr_unit unit, uint64_t joules); // the other way round
unsigned msr_time_shift(uint64_t unit_register); // times are counted in 2^-shift seconds

// kHz, 0 = not known.
uint64_t msr_base_khz(const struct msr_model *m, uint64_t base_register);
