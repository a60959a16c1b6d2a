// SPDX-License-Identifier: Apache-2.0
// A sweep in shards as Slurm jobs: an array whose tasks sweep a shard each, and a job after them that
// merges. Only sbatch is called.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/options.h"

struct submit_request {
	uint64_t shards;
	const char *folder; // of all sweeps; then of this one
	const char *cluster;
	const char *config, *store, *prometheus; // NULL: not given
	struct option_list archives, sbatch;
	uint64_t workers; // 0: not given
	bool dry_run;     // prints the scripts instead of submitting them
};

// Makes a folder of its own for the sweep and makes paths absolute, as jobs start elsewhere.
int submit_prepare(struct submit_request *q, struct arena *a, struct error *err) MUST_USE;
int submit(const struct submit_request *q, size_t n_jobs, struct error *err) MUST_USE;
