// SPDX-License-Identifier: Apache-2.0
// NFS mounts, from /proc/self/mountstats: the kernel answers from memory, also for a mount that hangs.
#pragma once

#include "pmdas/filesystems/filesystems.h"

int nfs_start(struct filesystems *f);
void nfs_free(struct nfs *n);

// What mountstats says: for the fuzz target. Takes the text apart; the number of mounts and of lines that
// were not understood.
unsigned nfs_parse(struct nfs *n, char *text, uint64_t *ret_unknown);
struct nfs *nfs_new(struct filesystems *f);
