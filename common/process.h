// SPDX-License-Identifier: Apache-2.0
// A program run to its end, or to a limit of time, with what it said.
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "common/str.h"

struct process {
	struct strbuf out, errors; // errors are cut at 64 KiB, out at most, or there, too
	size_t most;               // set by who calls; 0: 64 KiB
	int status;                // exit code; 128 + signal
};

// ret is all zero but for most. argv as for execvp(3); input: what it reads, NULL = nothing. -ETIMEDOUT: it was killed at the
// limit. That it failed is no error here: status says so.
int process_run(const char *const *argv, const char *input, int64_t limit_s, struct process *ret,
	struct error *err) MUST_USE;
void process_release(struct process *p);
