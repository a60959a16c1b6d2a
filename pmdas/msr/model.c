// SPDX-License-Identifier: Apache-2.0
// Which CPU this is and how its registers are to be understood; the knowledge is in models.def.
#include "pmdas/msr/model.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/frame/wide.h"

#define BIT(part) (1U << MSR_##part)

#define P BIT(PACKAGE)
#define C BIT(CORES)
#define G BIT(GRAPHICS)
#define D BIT(DRAM)
#define S BIT(PLATFORM)

#define PACKAGE_C8_TO_C10 (BIT(PACKAGE_C8) | BIT(PACKAGE_C9) | BIT(PACKAGE_C10))
// clang-format off
#define IDLE_NHM                                                                           \
	(BIT(CORE_C3) | BIT(CORE_C6) | BIT(PACKAGE_C3) | BIT(PACKAGE_C6) | BIT(PACKAGE_C7))
// clang-format on
#define IDLE_SNB (IDLE_NHM | BIT(CORE_C7) | BIT(PACKAGE_C2))
#define IDLE_HSL (IDLE_SNB | PACKAGE_C8_TO_C10)
#define IDLE_CNL (IDLE_HSL | BIT(CORE_C1))
#define IDLE_ICL (IDLE_HSL & ~BIT(CORE_C3))
#define IDLE_ADL (IDLE_CNL & ~BIT(CORE_C3))
#define IDLE_ICX (BIT(CORE_C1) | BIT(CORE_C6) | BIT(PACKAGE_C2) | BIT(PACKAGE_C6))
#define IDLE_SRF (BIT(CORE_C1) | BIT(CORE_C6) | BIT(MODULE_C6) | BIT(PACKAGE_C6))
#define IDLE_KNL (BIT(CORE_C6_3FF) | BIT(PACKAGE_C2) | BIT(PACKAGE_C3) | BIT(PACKAGE_C6))
#define IDLE_SLM (BIT(CORE_C1) | BIT(CORE_C6) | BIT(PACKAGE_C6_3FA))
#define IDLE_GLM                                                                          \
	(BIT(CORE_C1) | BIT(CORE_C3) | BIT(CORE_C6) | BIT(PACKAGE_C2) | BIT(PACKAGE_C3) | \
		BIT(PACKAGE_C6) | BIT(PACKAGE_C10))

#define OTHER_HSW (BIT(LIMIT_690) | BIT(LIMIT_PARTS))
#define OTHER_HSX (BIT(LIMIT_690) | BIT(UNCORE))
#define OTHER_KNL OTHER_HSX
#define OTHER_SPX (BIT(LIMIT_64F) | BIT(PPERF)) // the uncore's ratio is in no MSR
#define OTHER_SKX (OTHER_SPX | BIT(UNCORE))
#define OTHER_SKL (OTHER_SKX | BIT(LIMIT_PARTS))
#define OTHER_ZEN (BIT(PSTATE_LIMIT) | BIT(IRPERF))

// .unit, .dram, .platform
#define UNITS_REGISTER   MSR_UNIT_REGISTER, MSR_UNIT_REGISTER, MSR_UNIT_REGISTER
#define UNITS_SIXTEENTH  MSR_UNIT_REGISTER, MSR_UNIT_SIXTEENTH, MSR_UNIT_REGISTER
#define UNITS_JOULE      MSR_UNIT_REGISTER, MSR_UNIT_REGISTER, MSR_UNIT_JOULE
#define UNITS_MICROJOULE MSR_UNIT_MICROJOULE, MSR_UNIT_MICROJOULE, MSR_UNIT_MICROJOULE

const struct msr_model msr_models[] = {
#define MODEL(vendor_, family_, first_, last_, name_, domains, idle, other, units, base_) \
	{.vendor = MSR_##vendor_,                                                         \
		.family = (family_),                                                      \
		.first = (first_),                                                        \
		.last = (last_),                                                          \
		.name = (name_),                                                          \
		.base = MSR_BASE_##base_,                                                 \
		.has = (domains) | (idle) | (other),                                      \
		.unit = UNITS_##units},
#include "pmdas/msr/models.def"
};

const size_t msr_n_models = ARRAY_LEN(msr_models);

static const struct {
	const char *text;
	enum msr_vendor vendor;
} vendors[] = {
	{"GenuineIntel", MSR_INTEL},
	{"AuthenticAMD", MSR_AMD},
	{"HygonGenuine", MSR_AMD},
};

// Copies the value of the line "KEY : VALUE" of the first processor; false when it has none.
static bool cpuinfo_value(const char *text, const char *key, char *value, size_t size)
{
	size_t key_len = strlen(key);

	while (*text != '\0' && *text != '\n') {
		const char *end = text + strcspn(text, "\n");
		const char *s = text + key_len;

		if (strncmp(text, key, key_len) == 0) {
			s += strspn(s, " \t");
			if (*s == ':') {
				s++;
				s += strspn(s, " \t");
				if ((size_t)(end - s) >= size || s > end)
					return false;
				memcpy(value, s, (size_t)(end - s));
				value[end - s] = '\0';
				return true;
			}
		}
		text = *end ? end + 1 : end;
	}
	return false;
}

static int cpuinfo_number(const char *text, const char *key, unsigned *ret)
{
	char value[32];
	uint64_t number;

	if (!cpuinfo_value(text, key, value, sizeof(value)))
		return -EINVAL;
	if (frame_parse_number(value, &number) < 0 || number > UINT16_MAX)
		return -EINVAL;
	*ret = (unsigned)number;
	return 0;
}

int msr_parse_cpuinfo(const char *text, struct msr_identity *ret)
{
	struct msr_identity id = {.vendor = MSR_VENDORS};
	char vendor[32];

	if (!cpuinfo_value(text, "vendor_id", vendor, sizeof(vendor)))
		return -EINVAL;
	TRY(cpuinfo_number(text, "cpu family", &id.family));
	TRY(cpuinfo_number(text, "model", &id.model));
	TRY(cpuinfo_number(text, "stepping", &id.stepping));
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		if (strcmp(vendor, vendors[i].text) == 0)
			id.vendor = vendors[i].vendor;
	}
	*ret = id;
	return 0;
}

const struct msr_model *msr_model_of(const struct msr_identity *id)
{
	static const struct msr_model unknown[] = {
		[MSR_INTEL] = {.vendor = MSR_INTEL, .name = "unknown"},
		[MSR_AMD] = {.vendor = MSR_AMD, .name = "unknown"},
		[MSR_VENDORS] = {.vendor = MSR_VENDORS, .name = "unknown"},
	};

	for (size_t i = 0; i < msr_n_models; i++) {
		const struct msr_model *m = &msr_models[i];

		if (m->vendor == id->vendor && m->family == id->family && id->model >= m->first &&
			id->model <= m->last)
			return m;
	}
	return &unknown[id->vendor];
}

struct msr_unit msr_unit_of(
	const struct msr_model *m, enum msr_domain domain, uint64_t unit_register)
{
	unsigned n = (unsigned)(unit_register >> 8) & 0x1f;
	enum msr_unit_rule rule = domain == MSR_DRAM       ? m->dram
	                          : domain == MSR_PLATFORM ? m->platform
	                                                   : m->unit;
	const struct msr_unit units[] = {
		[MSR_UNIT_REGISTER] = {.factor = 1000000, .shift = n},
		[MSR_UNIT_MICROJOULE] = {.factor = UINT64_C(1) << n, .shift = 0},
		[MSR_UNIT_SIXTEENTH] = {.factor = 1000000, .shift = 16},
		[MSR_UNIT_JOULE] = {.factor = 1000000, .shift = 0},
	};

	return units[rule];
}

uint64_t msr_microjoules(struct msr_unit unit, uint64_t count)
{
	return (uint64_t)((frame_wide)count * unit.factor >> unit.shift);
}

uint64_t msr_counts_of(struct msr_unit unit, uint64_t joules)
{
	return (uint64_t)(((frame_wide)joules * 1000000 << unit.shift) / unit.factor);
}

unsigned msr_time_shift(uint64_t unit_register)
{
	return unit_register >> 16 & 0xf;
}

uint64_t msr_base_khz(const struct msr_model *m, uint64_t base_register)
{
	uint64_t ratio = base_register >> 8 & 0xff;
	uint64_t divisor = base_register >> 8 & 0x3f;
	uint64_t khz[] = {
		[MSR_BASE_NONE] = 0,
		[MSR_BASE_100] = ratio * 100000,
		[MSR_BASE_133] = ratio * 400000 / 3,
		[MSR_BASE_ZEN] = divisor ? (base_register & 0xff) * 200000 / divisor : 0,
		[MSR_BASE_ZEN5] = (base_register & 0xfff) * 5000,
	};

	return khz[m->base];
}
