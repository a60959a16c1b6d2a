// SPDX-License-Identifier: Apache-2.0
// Any bytes as an archive of a host that jobs ran on: boundaries, processes, control groups and lists
// of devices are read in it, all jobs are fed, and each gets its partial result.
//
// Input: three bytes the length of the metadata, then these; the rest is the volume.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "summarizer/reduce/host.h"
#include "summarizer/reduce/partial.h"
#include "tests/fuzz/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START_S 1767225600 // of the corpus
#define JOBS    4

static int check_head(void *context, uint64_t job, uint64_t node, struct bytes partial)
{
	(void)context;
	(void)partial;
	return job < JOBS && node == 0 ? 0 : -1;
}

static int take(void *context, struct bytes partial, struct error *err)
{
	unsigned *n = context;
	++*n;
	if (partial_each(partial, check_head, NULL, err) < 0)
		abort();
	return 0;
}

static void ignore(void *context, const struct error *why)
{
	(void)context;
	if (why->text[0] == '\0')
		abort();
}

static void sweep(const struct plan *p, const char *base)
{
	static const uint64_t ids[JOBS] = {50, 98, 104, 70};
	struct archive_place place = {.base = base, .host = "x", .start_ns = START_S * NS_PER_S};
	struct job jobs[JOBS] = {0};
	struct task tasks[JOBS] = {0};
	unsigned n = 0;
	for (size_t i = 0; i < JOBS; i++) {
		jobs[i] = (struct job){.key = {.cluster = "c", .raw_id = ids[i]},
			.user = "ann",
			.nodes = 1,
			.cpus = 1,
			.start_s = START_S + 10 * (int64_t)i,
			.end_s = START_S + 60};
		tasks[i] = (struct task){.job = &jobs[i],
			.job_index = i,
			.series_points = 20,
			.begin_ns = jobs[i].start_s * NS_PER_S,
			.end_ns = jobs[i].end_s * NS_PER_S};
	}
	struct host_request q = {.plan = p,
		.places = &place,
		.n_places = 1,
		.tasks = tasks,
		.n_tasks = JOBS,
		.done = take,
		.bad = ignore,
		.context = &n};
	struct error err = {0};
	if (host_sweep(&q, &err) < 0 || n != JOBS) // whatever the archive, each has its result
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"x.meta", "x.0"};
	char folder[FUZZ_FOLDER_MAX];
	char base[80];
	if (size < 3)
		return 0;
	size_t len = (size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2];
	len = len < size - 3 ? len : size - 3;
	fuzz_folder(folder);
	(void)snprintf(base, sizeof(base), "%s/x", folder);
	fuzz_put(folder, names[0], data + 3, len);
	fuzz_put(folder, names[1], data + 3 + len, size - 3 - len);
	sweep(fuzz_plan(), base);
	fuzz_clean(folder, names, ARRAY_LEN(names));
	return 0;
}
