// SPDX-License-Identifier: Apache-2.0
// Lustre's client: mounts (llite), targets (osc, mdc), and LNet. Statistics are lines that say their own
// meaning, "NAME N samples [UNIT] MIN MAX SUM SUMSQ", whatever the names are.
#pragma once

#include "pmdas/filesystems/filesystems.h"

struct lustre_line {
	char name[40];
	char unit[16];
	uint64_t samples, minimum, maximum, sum, squares;
	unsigned n; // how many of minimum, maximum, sum and squares there were
};

// One line: 1 it is one, 0 it is one without meaning for us (the time of the snapshot), -EINVAL.
int lustre_parse_line(const char *line, struct lustre_line *ret);

int lustre_parse_lnet(const char *text, uint64_t values[11]);

// The file system or target of a folder's name: without the kernel's number of the mount at its end.
void lustre_short_name(char *ret, size_t size, const char *folder);

void lustre_find(struct filesystems *f); // for the scan
int lustre_start(struct filesystems *f); // LNet's work
void lustre_release(struct frame_member *m);
