// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `jobsight`, made from the rows of metrics.def.
#include "pmdas/jobsight/jobsight.h"

#define ROWS            "pmdas/jobsight/metrics.def"
#define ROW_CLUSTER(id) JOBSIGHT_CLUSTER_##id
#define ROW_INDOM(id)   JOBSIGHT_INDOM_##id
#define ROW_RECORD(id)  struct jobsight_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda jobsight_pmda = {
	FRAME_TABLES,
	.open = jobsight_open,
	.close = jobsight_close,
};
