// SPDX-License-Identifier: Apache-2.0
// The job that a process belongs to, from its control group.
#pragma once

#include <stddef.h>

// Finds the job id in the text of /proc/PID/cgroup: a part "job_ID" of a path (Slurm). 0 or -ENOENT.
int job_parse(const char *cgroup, char *ret, size_t size);
int job_of(int root, unsigned pid, char *ret, size_t size);
