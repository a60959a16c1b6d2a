// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `msr`, made from the rows of metrics.def.
#include "pmdas/msr/msr.h"

#include <linux/capability.h>

#define ROWS            "pmdas/msr/metrics.def"
#define ROW_CLUSTER(id) MSR_CLUSTER_##id
#define ROW_INDOM(id)   MSR_INDOM_##id
#define ROW_RECORD(id)  struct msr_##id
#include "pmdas/frame/tables.h"

const struct frame_pmda msr_pmda = {
	FRAME_TABLES,
	.keep = UINT64_C(1) << CAP_SYS_RAWIO, // for a CPU that comes back online
	.need = msr_need,
	// The rest is as wide as its registers, or of the moment.
	.clock = UINT64_C(1) << MSR_CLUSTER_ENERGY | UINT64_C(1) << MSR_CLUSTER_LIMIT |
                 UINT64_C(1) << MSR_CLUSTER_METER,
	.open = msr_open,
	.close = msr_close,
};
