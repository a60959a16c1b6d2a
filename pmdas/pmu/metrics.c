// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `pmu`, made from the rows of metrics.def.
#include "pmdas/pmu/pmu.h"

#include "common/macro.h"

#define RECORD_cpu     struct pmu_values
#define RECORD_package struct pmu_values
#define RECORD_job     struct pmu_values
#define RECORD_event   struct pmu_values // of one value
#define RECORD_node    struct pmu_node

static const struct frame_metric metrics[] = {
#define PMDA(...)
#define CLUSTER(...)
#define INDOM(...)
#define METRIC(                                                                               \
	cluster_, item_, name_, type_, indom_, sem_, unit_, reader_, field_, oneline_, help_) \
	{.cluster = PMU_CLUSTER_##cluster_,                                                   \
		.item = (item_),                                                              \
		.name = (name_),                                                              \
		.type = PM_TYPE_##type_,                                                      \
		.indom = PMU_INDOM_##indom_,                                                  \
		.sem = PM_SEM_##sem_,                                                         \
		.unit = &frame_unit_##unit_,                                                  \
		.read = (reader_),                                                            \
		.field = offsetof(RECORD_##indom_, field_),                                   \
		.oneline = (oneline_),                                                        \
		.help = (help_)},
#include "pmdas/pmu/metrics.def"
};

static const struct frame_indom_row indoms[] = {
#define PMDA(...)
#define CLUSTER(...)
#define METRIC(...)
#define INDOM(id, oneline_, help_) {.name = #id, .oneline = (oneline_), .help = (help_)},
#include "pmdas/pmu/metrics.def"
};

const struct frame_pmda pmu_pmda = {
#define INDOM(...)
#define CLUSTER(...)
#define METRIC(...)
#define PMDA(name_, symbol, domain_, ...) .name = #name_, .domain = (domain_),
#include "pmdas/pmu/metrics.def"
	.metrics = metrics,
	.n_metrics = ARRAY_LEN(metrics),
	.indoms = indoms,
	.n_indoms = ARRAY_LEN(indoms),
	.open = pmu_open,
	.close = pmu_close,
	.refresh = pmu_refresh,
	.keep = UINT64_C(1) << 38, // CAP_PERFMON, of Linux 5.8
};
