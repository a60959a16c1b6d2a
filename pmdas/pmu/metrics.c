// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `pmu`, made from the rows of metrics.def.
#include "pmdas/pmu/pmu.h"

#define RECORD_cpu     struct pmu_values
#define RECORD_package struct pmu_values
#define RECORD_job     struct pmu_values
#define RECORD_event   struct pmu_values // of one value
#define RECORD_node    struct pmu_node

#define ROWS            "pmdas/pmu/metrics.def"
#define ROW_CLUSTER(id) PMU_CLUSTER_##id
#define ROW_INDOM(id)   PMU_INDOM_##id
#define ROW_RECORD(id)  RECORD_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda pmu_pmda = {
	FRAME_TABLES, .open = pmu_open, .close = pmu_close, .refresh = pmu_refresh,
	.need = pmu_need,
	.clock = FRAME_LOOK,       // the kernel's counters never wrap
	.keep = UINT64_C(1) << 38, // CAP_PERFMON, of Linux 5.8
};
