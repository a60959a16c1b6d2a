// SPDX-License-Identifier: Apache-2.0
// GPFS (Storage Scale), through its own mmpmon, which is started once and asked over pipes. Only that
// program is run, by its absolute path, without a shell.
#pragma once

#include "pmdas/filesystems/filesystems.h"

#define GPFS_MMPMON "usr/lpp/mmfs/bin/mmpmon" // below the root; JOBSIGHT_MMPMON names another

struct gpfs_reply { // of one line
	char filesystem[64];
	char cluster[64];
	char node[64];
	struct filesystems_gpfs values;
};

// A line of `mmpmon -p`: 1 a file system's counters, 2 the end of the answer (that to "ver"), 0 something
// else, -EINVAL what it cannot be.
int gpfs_parse_line(const char *line, struct gpfs_reply *ret);

int gpfs_start(struct filesystems *f, const char *root);
void gpfs_free(struct gpfs *g);
