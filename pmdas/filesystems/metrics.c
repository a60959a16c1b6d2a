// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `filesystems`, made from the rows of metrics.def.
#include "pmdas/filesystems/filesystems.h"

#define ROWS            "pmdas/filesystems/metrics.def"
#define ROW_CLUSTER(id) FILESYSTEMS_CLUSTER_##id
#define ROW_INDOM(id)   FILESYSTEMS_INDOM_##id
#define ROW_RECORD(id)  struct filesystems_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda filesystems_pmda = {
	FRAME_TABLES, .open = filesystems_open, .close = filesystems_close,
	.refresh = filesystems_refresh,
	.clock = FRAME_LOOK, // all counters are 64 bits wide
};
