// SPDX-License-Identifier: Apache-2.0
// The sampler's own archive of the day: ROOT/<host>/<yyyy>/<mm>/<dd>/<kind>-<yyyymmdd> (UTC), one set
// of metadata for all boundaries of a day. Each record is a sample of the node together with the
// boundaries that it was taken for, as values of jobsight.boundary.* (docs/boundaries.md).
#pragma once

#include "prolog-epilog/boundary.h"
#include "prolog-epilog/pmcd.h"

#define JOURNAL_MAX_BOUNDARIES 64 // in one record
#define JOURNAL_DOMAIN         340U

struct journal {
	const char *root, *kind; // set by the owner
	const char *host;        // when pmcd never said
	int version;
	int64_t day; // that is open
	struct writer *writer;
};

// One record; r NULL: pmcd gave none, and only the boundaries are recorded.
int journal_put(struct journal *j, struct pmcd *p, const pmResult *r, const struct boundary *b,
	size_t n, struct error *err) MUST_USE;
void journal_close(struct journal *j);
