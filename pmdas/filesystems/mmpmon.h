// SPDX-License-Identifier: Apache-2.0
// A child that is held open and asked over a socket: mmpmon.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct mmpmon {
	char path[256];
	pid_t pid;  // 0 = not running
	pid_t left; // one that we may not kill (it is root's, and we no more); 0 = none
	int in;     // its answers
	int out;
	char buffer[8192];
	size_t used;
};

int mmpmon_start(struct mmpmon *m); // 0 or a negative errno value
void mmpmon_stop(struct mmpmon *m); // ends it, at once

int mmpmon_ask(struct mmpmon *m, const char *requests);

// The next line of the answer, held until the next call. 1, 0 at its end (the child has ended),
// -ETIMEDOUT after the deadline (CLOCK_MONOTONIC).
int mmpmon_line(struct mmpmon *m, int64_t deadline_ns, const char **ret);
