// SPDX-License-Identifier: Apache-2.0
// What a hook tells the sampler: one datagram of text lines, "jobsight-boundary 1" and then
// "KEY VALUE" each, in any order; all but sluid must be there. A datagram comes from outside: everything in it is checked, nothing of it ever
// becomes part of a path.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BOUNDARY_MAX_BYTES 512
#define BOUNDARY_SOCKET    "/run/jobsight/sampler.sock"
#define BOUNDARY_STATE     "sampler.state" // beside the socket, new every few seconds
// In memory, as the socket is: a hook must not wait for a disk.
#define BOUNDARY_SPOOL "/run/jobsight/boundaries"

enum boundary_event { // values are recorded in archives: never renumber
	BOUNDARY_BEGIN = 1,
	BOUNDARY_END = 2,
	BOUNDARY_TASK_BEGIN = 3,
	BOUNDARY_TASK_END = 4,
	BOUNDARY_CONTROLLER_BEGIN = 5,
	BOUNDARY_CONTROLLER_END = 6,
	BOUNDARY_EVENTS,
};

struct boundary {
	enum boundary_event event;
	char job[32];      // raw job id, digits: no two jobs of Slurm run under one at a time
	char sluid[16];    // of the run, Slurm 26.05 and later: names its cgroups; "" else
	uint32_t restarts; // how often the job was requeued before
	uint32_t uid;      // of the job
	int64_t asked_ns;  // when the hook ran, real time
};

const char *boundary_event_name(enum boundary_event e); // "begin"
bool boundary_is_sluid(const char *s);                  // "s" and 13 digits of Crockford's base 32
// What SLURM_SCRIPT_CONTEXT calls it; 0: no hook of a job.
enum boundary_event boundary_event_of_context(const char *context);

// What a hook's environment and its first argument (NULL: none) say; get returns NULL for what is not
// set. False: it is no hook of a job, or names none.
bool boundary_learn(const char *(*get)(void *context, const char *name), void *context,
	const char *argument, int64_t now_ns, struct boundary *ret);

// Both return the number of bytes, or -EINVAL: not well formed.
int boundary_write(const struct boundary *b, char buf[BOUNDARY_MAX_BYTES]);
int boundary_parse(const void *data, size_t size, struct boundary *ret);
