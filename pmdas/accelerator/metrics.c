// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `accelerator`, made from the rows of metrics.def.
#include "pmdas/accelerator/accelerator.h"

#define ROWS            "pmdas/accelerator/metrics.def"
#define ROW_CLUSTER(id) ACCELERATOR_CLUSTER_##id
#define ROW_INDOM(id)   ACCELERATOR_INDOM_##id
#define ROW_RECORD(id)  struct accelerator_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda accelerator_pmda = {
	FRAME_TABLES,
	.open = accelerator_open,
	.close = accelerator_close,
	.refresh = accelerator_refresh,
	.clock = FRAME_LOOK | FRAME_TICK,
};
