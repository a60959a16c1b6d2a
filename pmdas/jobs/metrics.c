// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `jobs`, made from the rows of metrics.def.
#include "pmdas/jobs/jobs.h"

#define ROWS            "pmdas/jobs/metrics.def"
#define ROW_CLUSTER(id) JOBS_CLUSTER_##id
#define ROW_INDOM(id)   JOBS_INDOM_##id
#define ROW_RECORD(id)  struct jobs_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda jobs_pmda = {
	FRAME_TABLES,
	.open = jobs_open,
	.close = jobs_close,
	.refresh = jobs_refresh,
	// What a job has counted is shown when it has ended: as of the clock's last reading.
	.clock = FRAME_LOOK | JOBS_BIT(CPU) | JOBS_BIT(CORE) | JOBS_BIT(PEAK) | JOBS_BIT(EVENTS) |
                 JOBS_BIT(IO) | JOBS_BIT(STEP_CPU) | JOBS_BIT(STEP_PEAK),
};
