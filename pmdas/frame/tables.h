// SPDX-License-Identifier: Apache-2.0
// The tables of an agent, made from the rows of its metrics.def. Included once, by its metrics.c, which
// says first where the rows are and what they are to the agent:
//
//	#define ROWS "pmdas/msr/metrics.def"
//	#define ROW_CLUSTER(id) MSR_CLUSTER_##id
//	#define ROW_INDOM(id) MSR_INDOM_##id
//	#define ROW_RECORD(id) struct msr_##id
//
// and then begins its struct frame_pmda with FRAME_TABLES.
#include "common/macro.h"
#include "pmdas/frame/frame.h"

static const struct frame_metric frame_metrics[] = {
#define METRIC(                                                                               \
	cluster_, item_, name_, type_, indom_, sem_, unit_, reader_, field_, oneline_, help_) \
	{.cluster = ROW_CLUSTER(cluster_),                                                    \
		.item = (item_),                                                              \
		.name = (name_),                                                              \
		.type = PM_TYPE_##type_,                                                      \
		.indom = ROW_INDOM(indom_),                                                   \
		.sem = PM_SEM_##sem_,                                                         \
		.unit = &frame_unit_##unit_,                                                  \
		.read = (reader_),                                                            \
		.field = offsetof(ROW_RECORD(indom_), field_),                                \
		.oneline = (oneline_),                                                        \
		.help = (help_)},
#include ROWS
};

static const struct frame_indom_row frame_indoms[] = {
#define INDOM(id, oneline_, help_) {.name = #id, .oneline = (oneline_), .help = (help_)},
#include ROWS
};

#define PMDA(name_, symbol, domain_, ...)              \
	static const char frame_agent_name[] = #name_; \
	enum { frame_agent_domain = (domain_) };
#include ROWS

#define FRAME_TABLES                                                                      \
	.name = frame_agent_name, .domain = frame_agent_domain, .metrics = frame_metrics, \
	.n_metrics = ARRAY_LEN(frame_metrics), .indoms = frame_indoms,                    \
	.n_indoms = ARRAY_LEN(frame_indoms)
