// SPDX-License-Identifier: Apache-2.0
// The tables roles.def, models.def and events.def, and which of the models this processor is.
#include "pmdas/pmu/table.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

const struct pmu_role_row pmu_roles[PMU_ROLES] = {
#define ROLE(id, scope_, group_, where_, text_) \
	[PMU_##id] = {.name = #id,              \
		.scope = PMU_SCOPE_##scope_,    \
		.group = (group_),              \
		.where = PMU_##where_,          \
		.text = (text_)},
#include "pmdas/pmu/roles.def"
};

const struct pmu_model pmu_models[] = {
#define MODEL(id, name_, vendor_, family_, first_, last_, step1, step2, general_, fixed_, core, \
	memory, link)                                                                           \
	{.name = (name_),                                                                       \
		.vendor = PMU_##vendor_,                                                        \
		.general = (general_),                                                          \
		.fixed = (fixed_),                                                              \
		.family = (family_),                                                            \
		.first = (first_),                                                              \
		.last = (last_),                                                                \
		.first_stepping = (step1),                                                      \
		.last_stepping = (step2),                                                       \
		.pfm_core = (core),                                                             \
		.pfm_memory = (memory),                                                         \
		.pfm_link = (link)},
#include "pmdas/pmu/models.def"
};
const unsigned pmu_n_models = ARRAY_LEN(pmu_models);

enum {
#define MODEL(id, ...) INDEX_##id,
#include "pmdas/pmu/models.def"
};

enum { // the sets of models that rows speak of
#define MODEL(id, ...) id = 1 << INDEX_##id,
#include "pmdas/pmu/models.def"
};
#define ANY UINT32_MAX

const struct pmu_row pmu_rows[] = {
#define EVENT(models_, role_, set_, pmu_, terms_, times_, step_, multiply_, divide_, pfm_) \
	{.models = (models_),                                                              \
		.role = PMU_##role_,                                                       \
		.set = (set_),                                                             \
		.pmu = (pmu_),                                                             \
		.terms = (terms_),                                                         \
		.times = (times_),                                                         \
		.step = (step_),                                                           \
		.multiply = (multiply_),                                                   \
		.divide = (divide_),                                                       \
		.pfm = (pfm_)},
#include "pmdas/pmu/events.def"
};
const unsigned pmu_n_rows = ARRAY_LEN(pmu_rows);

// Copies the value of the line "KEY : VALUE" of the first processor; false when it has none.
static bool value_of(const char *text, const char *key, char *value, size_t size)
{
	size_t key_len = strlen(key);

	while (*text != '\0' && *text != '\n') {
		size_t len = strcspn(text, "\n");

		if (strncmp(text, key, key_len) == 0) {
			const char *s = text + key_len + strspn(text + key_len, " \t");
			size_t n = len - (size_t)(s - text);

			if (*s == ':') {
				size_t blanks = strspn(s + 1, " \t");

				if (n < 1 + blanks || n - 1 - blanks >= size)
					return false;
				memcpy(value, s + 1 + blanks, n - 1 - blanks);
				value[n - 1 - blanks] = '\0';
				return true;
			}
		}
		text += len + (text[len] != '\0');
	}
	return false;
}

static int number_of(const char *text, const char *key, unsigned *ret)
{
	char value[32];
	uint64_t number;

	if (!value_of(text, key, value, sizeof(value)))
		return -EINVAL;
	if (frame_parse_number(value, &number) < 0 || number > UINT16_MAX)
		return -EINVAL;
	*ret = (unsigned)number;
	return 0;
}

int pmu_parse_cpuinfo(const char *text, struct pmu_identity *ret)
{
	static const struct {
		const char *text;
		enum pmu_vendor vendor;
	} vendors[] = {{"GenuineIntel", PMU_INTEL}, {"AuthenticAMD", PMU_AMD}};
	struct pmu_identity id = {.vendor = PMU_VENDORS};
	char vendor[32];

	if (!value_of(text, "vendor_id", vendor, sizeof(vendor))) {
		TRY(number_of(text, "CPU implementer", &id.family));
		TRY(number_of(text, "CPU part", &id.model));
		id.vendor = PMU_ARM;
		*ret = id;
		return 0;
	}
	TRY(number_of(text, "cpu family", &id.family));
	TRY(number_of(text, "model", &id.model));
	TRY(number_of(text, "stepping", &id.stepping));
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		if (strcmp(vendor, vendors[i].text) == 0)
			id.vendor = vendors[i].vendor;
	}
	*ret = id;
	return 0;
}

unsigned pmu_model_of(const struct pmu_identity *id)
{
	unsigned i;

	for (i = 0; i < pmu_n_models; i++) {
		const struct pmu_model *m = &pmu_models[i];

		if (m->vendor == id->vendor && m->family == id->family && id->model >= m->first &&
			id->model <= m->last && id->stepping >= m->first_stepping &&
			id->stepping <= m->last_stepping)
			break;
	}
	return i;
}

enum pmu_role pmu_role_of(const char *name)
{
	unsigned i;

	for (i = 0; i < PMU_ROLES; i++) {
		if (strcmp(name, pmu_roles[i].name) == 0)
			break;
	}
	return i;
}
