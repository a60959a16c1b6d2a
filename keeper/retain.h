// SPDX-License-Identifier: Apache-2.0
// Inside of jobsight-archive: what happens to archives as they grow old (sweep.c), how a file is packed
// (pack.c), thinned (thin.c) and brought back (restore.c). All of it may be killed at any instant and is
// simply run again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/map.h"
#include "common/settings.h"
#include "keeper/vault.h"

struct packer {             // a way to pack
	const char *name;   // archive.pack
	const char *suffix; // as PCP names them
	const char *const *words;
};
const struct packer *packer_find(const char *name); // NULL: there is none; "none" has no suffix

struct retain_counts {
	uint64_t packed, thinned, moved, restored, kept, failed;
	uint64_t bytes_before, bytes_after; // of what was packed
};

struct retain {
	const struct settings *settings;
	const struct cluster_settings *cluster;
	struct arena *arena;
	const struct packer *packer;
	struct vault vault;
	struct map pinned; // host/yyyy/mm/dd that was brought back, to int64_t: until when it stays
	int64_t now_s;
	bool dry_run;
	struct retain_counts counts;
};

struct day_folder { // ROOT/<host>/<yyyy>/<mm>/<dd>
	int fd;
	const char *root; // for messages and for programs that want a path
	const char *day;  // host/yyyy/mm/dd
	int64_t end_s;
};

// Packs one plain file of a folder, thinned before when it is a data volume and that is asked for. The plain
// one goes when the packed one was read back. 1: packed; 0: another writes it.
int pack_file(struct retain *r, const struct day_folder *d, const char *name, bool is_volume,
	struct error *err) MUST_USE;

// Writes to `to` a volume with no more than one record of a kind in each interval.
int thin_volume(int dir, const char *name, int64_t interval_s, int to, struct error *err) MUST_USE;
// Makes the index of an archive that has none.
int thin_index(const struct day_folder *d, const char *base, struct error *err) MUST_USE;

int sweep_tree(struct retain *r, struct error *err) MUST_USE;

struct job;
int restore_job(
	struct retain *r, const struct job *job, int64_t keep_s, struct error *err) MUST_USE;
void pins_load(struct retain *r);
int pins_save(struct retain *r, struct error *err) MUST_USE;
