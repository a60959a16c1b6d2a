// SPDX-License-Identifier: Apache-2.0
// The tables of the PMDA `filesystems`, made from the rows of metrics.def.
#include "pmdas/filesystems/filesystems.h"

#include "common/macro.h"

static const struct frame_metric metrics[] = {
#define PMDA(...)
#define CLUSTER(...)
#define INDOM(...)
#define METRIC(                                                                               \
	cluster_, item_, name_, type_, indom_, sem_, unit_, reader_, field_, oneline_, help_) \
	{.cluster = FILESYSTEMS_CLUSTER_##cluster_,                                           \
		.item = (item_),                                                              \
		.name = (name_),                                                              \
		.type = PM_TYPE_##type_,                                                      \
		.indom = FILESYSTEMS_INDOM_##indom_,                                          \
		.sem = PM_SEM_##sem_,                                                         \
		.unit = &frame_unit_##unit_,                                                  \
		.read = (reader_),                                                            \
		.field = offsetof(struct filesystems_##indom_, field_),                       \
		.oneline = (oneline_),                                                        \
		.help = (help_)},
#include "pmdas/filesystems/metrics.def"
};

static const struct frame_indom_row indoms[] = {
#define PMDA(...)
#define CLUSTER(...)
#define METRIC(...)
#define INDOM(id, oneline_, help_) {.name = #id, .oneline = (oneline_), .help = (help_)},
#include "pmdas/filesystems/metrics.def"
};

const struct frame_pmda filesystems_pmda = {
#define INDOM(...)
#define CLUSTER(...)
#define METRIC(...)
#define PMDA(name_, symbol, domain_, ...) .name = #name_, .domain = (domain_),
#include "pmdas/filesystems/metrics.def"
	.metrics = metrics,
	.n_metrics = ARRAY_LEN(metrics),
	.indoms = indoms,
	.n_indoms = ARRAY_LEN(indoms),
	.open = filesystems_open,
	.close = filesystems_close,
	.refresh = filesystems_refresh,
};
