// SPDX-License-Identifier: Apache-2.0
// Worker processes that sweep hosts. Each takes the next host that nobody has and writes partial
// results to a temporary file of its own without a name; the parent maps the files when all ended.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"
#include "summarizer/archive/tree.h"
#include "summarizer/reduce/task.h"

struct pool_host {
	const struct archive_host *host;
	struct task *tasks;
	size_t n_tasks, room;
};

struct pool_request {
	const struct plan *plan;
	struct pool_host *hosts;
	size_t n_hosts;
	unsigned workers;
	uint64_t *defects; // archives that were damaged are added
};

struct pool_results {
	struct bytes *files; // mapped
	size_t n;
};

int pool_sweep(const struct pool_request *q, struct pool_results *ret, struct error *err) MUST_USE;
void pool_results_close(struct pool_results *x);
