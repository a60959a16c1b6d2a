// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `msr`, made from the rows of metrics.def.
#include "pmdas/msr/msr.h"

#include <linux/capability.h>

#include "common/macro.h"

static const struct frame_metric metrics[] = {
#define PMDA(...)
#define CLUSTER(...)
#define INDOM(...)
#define METRIC(                                                                               \
	cluster_, item_, name_, type_, indom_, sem_, unit_, reader_, field_, oneline_, help_) \
	{.cluster = MSR_CLUSTER_##cluster_,                                                   \
		.item = (item_),                                                              \
		.name = (name_),                                                              \
		.type = PM_TYPE_##type_,                                                      \
		.indom = MSR_INDOM_##indom_,                                                  \
		.sem = PM_SEM_##sem_,                                                         \
		.unit = &frame_unit_##unit_,                                                  \
		.read = (reader_),                                                            \
		.field = offsetof(struct msr_##indom_, field_),                               \
		.oneline = (oneline_),                                                        \
		.help = (help_)},
#include "pmdas/msr/metrics.def"
};

static const struct frame_indom_row indoms[] = {
#define PMDA(...)
#define CLUSTER(...)
#define METRIC(...)
#define INDOM(id, oneline_, help_) {.name = #id, .oneline = (oneline_), .help = (help_)},
#include "pmdas/msr/metrics.def"
};

const struct frame_pmda msr_pmda = {
#define INDOM(...)
#define CLUSTER(...)
#define METRIC(...)
#define PMDA(name_, symbol, domain_, ...) .name = #name_, .domain = (domain_),
#include "pmdas/msr/metrics.def"
	.metrics = metrics,
	.n_metrics = ARRAY_LEN(metrics),
	.indoms = indoms,
	.n_indoms = ARRAY_LEN(indoms),
	.keep = UINT64_C(1) << CAP_SYS_RAWIO, // for a CPU that comes back online
	.open = msr_open,
	.close = msr_close,
};
