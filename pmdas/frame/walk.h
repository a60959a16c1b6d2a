// SPDX-License-Identifier: Apache-2.0
// Looks through a hierarchy of control groups for those of jobs, without opening what can have none.
#pragma once

#include <stdint.h>

#include "pmdas/frame/job.h"

#define FRAME_GROUPS   "sys/fs/cgroup"
#define FRAME_WALK_MAX 256 // characters of a path; longer ones are left out

// parent and path: as in /proc/PID/cgroup. inode: another one is another group of the same name.
typedef void frame_walk_found(void *context, const char *parent, const char *path,
	const struct frame_job *job, uint64_t inode);

// hierarchy: a folder below the root. Begins at path ("" = its top): in a job's group it finds steps.
void frame_walk(
	int root, const char *hierarchy, const char *path, frame_walk_found *found, void *context);
