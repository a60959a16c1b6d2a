// SPDX-License-Identifier: Apache-2.0
// BeeGFS's client: what the kernel module shows of itself below /proc/fs/beegfs. It counts no
// operations there; the servers do.
#pragma once

#include "pmdas/filesystems/filesystems.h"

// "numDelayedClose: 3" and the like; the number of lines that were not understood.
uint64_t beegfs_parse_status(char *text, struct filesystems_beegfs *ret);

// The lists of servers; adds up their connections. The number of servers.
unsigned beegfs_parse_nodes(char *text, struct filesystems_beegfs *ret);

void beegfs_find(struct filesystems *f); // for the scan
