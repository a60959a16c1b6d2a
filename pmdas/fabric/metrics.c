// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `fabric`, made from the rows of metrics.def.
#include "pmdas/fabric/fabric.h"

#define ROWS            "pmdas/fabric/metrics.def"
#define ROW_CLUSTER(id) FABRIC_CLUSTER_##id
#define ROW_INDOM(id)   FABRIC_INDOM_##id
#define ROW_RECORD(id)  struct fabric_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda fabric_pmda = {
	FRAME_TABLES,
	.open = fabric_open,
	.close = fabric_close,
	.refresh = fabric_refresh,
	.clock = FRAME_LOOK | FRAME_TICK,
};
