// SPDX-License-Identifier: Apache-2.0
// A batch of jobs: hosts are swept by worker processes that share nothing, each host by one of
// them; then workers merge the hosts of each job, and this process stores the documents in the order
// of the jobs. So nothing can depend on the number of workers, and a job is either stored or not.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/applications/applications.h"
#include "common/error.h"
#include "common/job.h"
#include "common/settings.h"
#include "common/store/store.h"
#include "summarizer/prometheus/prometheus.h"
#include "summarizer/reduce/plan.h"
#include "summarizer/shard.h"

struct batch_counts {
	uint64_t done, incomplete, skipped, unstarted, running;
	uint64_t kept;   // the stored document knows more
	uint64_t failed; // no document could be made or stored
	uint64_t archives, hosts, defects;
};

struct batch {
	const struct plan *plan;
	const struct applications *applications;
	const struct cluster_settings *cluster;
	const char *const *roots; // of archives
	size_t n_roots;
	const struct prometheus_settings *prometheus; // NULL: archives
	struct store *store;                          // NULL: nothing is stored
	unsigned workers;
	const struct shard *shard; // only its hosts ...
	struct shard_file *into;   // ... whose partial results go here; NULL: documents are made
	const struct shard_results *merged; // partial results that are there already; NULL: none
	const struct job *jobs;
	size_t n_jobs;
	struct batch_counts counts;
};

// Summarizes and stores all jobs, or sweeps the hosts of a shard, or makes documents of what shards
// swept. What is wrong with archives is logged and counted.
int batch_run(struct batch *b, struct error *err) MUST_USE;
