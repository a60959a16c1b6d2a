// SPDX-License-Identifier: Apache-2.0
// Progress of long work: a line rewritten in place when stderr is a terminal, nothing otherwise.
#pragma once

#include <stdint.h>

struct progress {
	const char *what;
	uint64_t total; // 0: unknown
	uint64_t done;
	int64_t started_ns, shown_ns;
	int is_shown;
};

void progress_start(struct progress *p, const char *what, uint64_t total);
void progress_step(struct progress *p, uint64_t done); // draws at most ten times a second
void progress_end(struct progress *p);                 // wipes the line
