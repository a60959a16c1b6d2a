// SPDX-License-Identifier: Apache-2.0
// The tables: roles (what can be counted), models, and the event of each model that counts a role.
#pragma once

#include <stdint.h>

enum pmu_role {
#define ROLE(id, ...) PMU_##id,
#include "pmdas/pmu/roles.def"
	PMU_ROLES,
};

enum pmu_scope {
	PMU_SCOPE_cpu,
	PMU_SCOPE_package,
};

enum pmu_where {
	PMU_NODE = 1,
	PMU_JOBS = 2,
	PMU_BOTH = 3,
};

struct pmu_role_row {
	const char *name;
	enum pmu_scope scope;
	unsigned group;
	enum pmu_where where;
	const char *text;
};

enum pmu_vendor {
	PMU_INTEL,
	PMU_AMD,
	PMU_ARM,
	PMU_VENDORS,
};

struct pmu_identity {
	enum pmu_vendor vendor; // PMU_VENDORS: none that we know
	unsigned family;        // ARM: implementer
	unsigned model;         // ARM: part
	unsigned stepping;
};

struct pmu_model {
	const char *name;
	enum pmu_vendor vendor;
	unsigned family;
	unsigned first, last;                   // models
	unsigned first_stepping, last_stepping; // inclusive, as the models
	unsigned general, fixed;                // counters
	const char *pfm_core, *pfm_memory, *pfm_link;
};

struct pmu_row { // of events.def
	uint32_t models;
	enum pmu_role role;
	unsigned set;
	const char *pmu;
	const char *terms;
	unsigned times, step;
	unsigned multiply, divide;
	const char *pfm;
};

extern const struct pmu_role_row pmu_roles[PMU_ROLES];
extern const struct pmu_model pmu_models[];
extern const unsigned pmu_n_models;
extern const struct pmu_row pmu_rows[];
extern const unsigned pmu_n_rows;

// From the text of /proc/cpuinfo, of which the first processor is read; 0, or -EINVAL.
int pmu_parse_cpuinfo(const char *text, struct pmu_identity *ret);

// Index of the model, or pmu_n_models: none that we know.
unsigned pmu_model_of(const struct pmu_identity *id);

enum pmu_role pmu_role_of(const char *name); // PMU_ROLES: none
