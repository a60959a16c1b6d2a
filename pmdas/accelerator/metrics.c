// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `accelerator`, made from the rows of metrics.def.
#include "pmdas/accelerator/accelerator.h"

#define ROWS            "pmdas/accelerator/metrics.def"
#define ROW_CLUSTER(id) ACCELERATOR_CLUSTER_##id
#define ROW_INDOM(id)   ACCELERATOR_INDOM_##id
#define ROW_RECORD(id)  struct accelerator_##id
#include "pmdas/frame/tables.h"

#define CLUSTER(id) (UINT64_C(1) << ACCELERATOR_CLUSTER_##id)

const struct frame_pmda accelerator_pmda = {
	FRAME_TABLES,
	.open = accelerator_open,
	.close = accelerator_close,
	.refresh = accelerator_refresh,
	// Energy from power, counters of 32 bits, events that are told once.
	.clock = CLUSTER(POWER) | CLUSTER(LINK) | CLUSTER(HEALTH),
};
