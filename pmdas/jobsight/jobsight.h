// SPDX-License-Identifier: Apache-2.0
// The PMDA `jobsight`: what the sampler of job boundaries says of itself, and the spool of the hooks.
#pragma once

#include "pmdas/frame/frame.h"

enum jobsight_cluster {
#define CLUSTER(id, number) JOBSIGHT_CLUSTER_##id = (number),
#include "pmdas/jobsight/metrics.def"
};

enum jobsight_indom {
#define INDOM(id, ...) JOBSIGHT_INDOM_##id,
#include "pmdas/jobsight/metrics.def"
};
#define JOBSIGHT_INDOM_node FRAME_NODE

#define JOBSIGHT_EVENTS 6

struct jobsight_event {
	struct frame_reading recorded;
};

struct jobsight_node {
	struct frame_reading unsampled;
	struct frame_reading refused;
	struct frame_reading lost;
	struct frame_reading waiting;
	struct frame_reading connected;
	struct frame_reading age; // microseconds
	struct frame_reading spooled;
};

struct jobsight_values {
	struct jobsight_node node;
	struct jobsight_event events[JOBSIGHT_EVENTS];
};

struct jobsight { // begins with the record of the node's metrics
	struct jobsight_values shown;
	struct jobsight_values fresh; // of the last look
	int root;
};

extern const struct frame_pmda jobsight_pmda;

int jobsight_open(struct frame *f, const struct frame_options *options, void **ret_state);
void jobsight_close(void *state);

// Lines "NAME VALUE" of the sampler's state; what is not known is left alone.
void jobsight_parse(const char *text, struct jobsight_values *ret);
