// SPDX-License-Identifier: Apache-2.0
// Any bytes as partial results, as a shard's file holds them: what hosts said of a job is merged, and its
// documents can be written, the same each time.
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"
#include "summarizer/reduce/partial.h"
#include "summarizer/summary.h"
#include "tests/fuzz/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START_S 1767225600 // of the corpus
#define HOSTS   4          // in the corpus one for each job of fuzz_sweep.c

static int take(void *context, uint64_t job, uint64_t node, struct bytes partial)
{
	struct bytes *partials = context;
	if (job >= HOSTS || node != 0)
		return -1;
	partials[job] = partial;
	return 0;
}

static struct bytes encoded(const struct doc *d, struct arena *a)
{
	struct bytes b = {0};
	struct error err = {0};
	if (d && doc_to_bson(d, a, &b, &err) < 0 && err.text[0] == '\0')
		abort();
	return b;
}

static bool is_same(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	static const char *names[HOSTS] = {"a", "b", "c", "d"};
	struct bytes partials[HOSTS] = {0};
	struct error err = {0};
	struct summary once;
	struct summary twice;
	if (partial_each((struct bytes){data, size}, take, partials, &err) < 0 &&
		err.text[0] == '\0')
		abort();
	struct job job = {.key = {.cluster = "c", .raw_id = 50, .submit_s = START_S},
		.id = "50",
		.user = "ann",
		.state = "COMPLETED",
		.nodes = HOSTS,
		.cpus = 8,
		.start_s = START_S,
		.end_s = START_S + 60,
		.hosts = {.hosts = names, .n = HOSTS}};
	struct summary_request q = {
		.plan = fuzz_plan(), .job = &job, .resource_id = "1", .partials = partials};
	summary_make(&q, &a, &once);
	summary_make(&q, &a, &twice);
	if (once.state == NULL || !is_same(encoded(once.summary, &a), encoded(twice.summary, &a)) ||
		!is_same(encoded(once.series, &a), encoded(twice.series, &a)))
		abort();
	return 0;
}
