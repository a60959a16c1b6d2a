// SPDX-License-Identifier: Apache-2.0
// What became of one probe job: the line that jobsight-jobstats prints, jobsight-launcher collects
// and jobsight-import reads. Fields: time of the submission, outcome, job id, seconds until it
// started, seconds that it ran, reason.
#pragma once

#include <stdint.h>

#include "common/arena.h"
#include "common/csv.h"
#include "common/error.h"

enum probe_outcome {
#define OUTCOME(id, ...) PROBE_##id,
#include "agents/outcomes.def"
	PROBE_OUTCOMES,
};

struct probe {
	int64_t time_s;
	enum probe_outcome outcome;
	const char *job;    // "" = none
	int64_t wait_s;     // -1 = never started
	int64_t run_s;      // -1 = never ended
	const char *reason; // "" = none; one line of printable text
};

const char *probe_outcome_name(enum probe_outcome o);
const char *probe_outcome_text(enum probe_outcome o);

void probe_put(struct strbuf *out, const struct probe *p); // appends to a line that may have begun

// From fields of a row on; what is in them came from another host. 0 or -EINVAL.
int probe_take(const struct csv_row *row, size_t first, const char *file, struct arena *a,
	struct probe *ret, struct error *err) MUST_USE;

// Text of elsewhere as one line: bytes that are no printable UTF-8 become '?', and it is cut.
const char *probe_reason(struct arena *a, const char *text);
