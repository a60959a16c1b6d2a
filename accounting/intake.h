// SPDX-License-Identifier: Apache-2.0
// Records of a connector, read and made rows of in a thread of its own, a batch ahead of the server.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "accounting/batch.h"
#include "accounting/connector.h"
#include "accounting/problem.h"
#include "common/ahead.h"

struct intake_batch {
	struct batch batch;
	struct problems problems; // met while it was read
	const char *place;        // behind it in its source; NULL: the source has no places
	bool is_last;
	struct arena arena; // of place
	struct error err;
	int rc;
};

struct intake {
	const struct category_row *category;
	const struct connector *connector;
	void *state;              // of the connector
	uint64_t limit;           // records in a batch
	struct problems problems; // met since the last batch; the connector's request has them

	// All else is the thread's.
	struct record record;
	bool is_held;    // record was read and belongs to the next batch
	bool is_skipped; // the record that others follow was not taken, so they are not either
	struct intake_batch batches[AHEAD_SLOTS];
	struct ahead *ahead;
};

// What is above all else is filled in; connector and state belong to the thread until it is released.
int intake_start(struct intake *i, struct error *err) MUST_USE;
// The next batch, valid until the next call; not to be called after the last. <0: the source broke.
int intake_next(struct intake *i, struct intake_batch **ret, struct error *err) MUST_USE;
void intake_release(struct intake *i); // also where it was never started
