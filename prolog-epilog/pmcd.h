// SPDX-License-Identifier: Apache-2.0
// The warm connection to pmcd: names, PMIDs and descriptors of all that the catalogue wants are
// looked up in two requests when it is made, so that a sample is one. pmcd may be down, hang or be
// restarted at any time: nothing here waits for longer than about a second.
#pragma once

#include <pcp/pmapi.h>

#include "common/arena.h"
#include "common/catalogue/catalogue.h"
#include "prolog-epilog/writer.h"

struct pmcd; // one, used by one thread

// Before the first use of libpcp, which reads it from the environment.
void pmcd_limits(void);

struct pmcd *pmcd_make(const char *host_spec, const struct catalogue *c);
void pmcd_release(struct pmcd *p); // NULL allowed

int pmcd_connect(struct pmcd *p, struct error *err) MUST_USE; // 0 too when it is connected
const char *pmcd_host(const struct pmcd *p); // as pmcd calls it; NULL: not known yet

// One sample of everything; connects first, and again once when the connection was lost.
int pmcd_sample(struct pmcd *p, pmResult **ret, struct error *err) MUST_USE;
int64_t pmcd_sample_ns(const pmResult *r);

// A new archive knows nothing yet: everything is described again.
void pmcd_forget(struct pmcd *p);
// Descriptors and instances that the archive lacks, then the values as part of its current record.
void pmcd_describe(struct pmcd *p, const pmResult *r, struct writer *w);
void pmcd_put(const struct pmcd *p, const pmResult *r, struct writer *w);
