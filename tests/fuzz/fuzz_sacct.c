// SPDX-License-Identifier: Apache-2.0
// Dumps of sacct: every job that comes out is whole and makes sense.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/accounting/source.h"
#include "common/clock.h"
#include "common/str.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note_bad(void *context, const struct error *why)
{
	size_t *n = context;

	if (!why->code || !strchr(why->text, ':'))
		abort();
	(*n)++;
}

static void check_job(const struct job *j)
{
	if (!j->key.raw_id || j->key.submit_s <= 0 || !j->key.cluster || !*j->id || !*j->state)
		abort();
	if (j->end_s && j->start_s && j->end_s < j->start_s)
		abort();
	if (!str_is_utf8(j->name, strlen(j->name)) || !str_is_utf8(j->user, strlen(j->user)))
		abort();
	if (j->hosts.n > HOSTLIST_MAX || !j->work_dir || !j->submit_line || !j->tres)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct memory_file f = memory_file_open(data, size);
	const char *spec = NULL;
	const struct accounting_source *source = accounting_source_find("sacct:-", &spec);
	struct accounting_request request = {.spec = f.path, .cluster = "c"};
	struct error err = {0};
	struct job job;
	size_t n_bad = 0;
	void *state;

	if (source->open(&request, &state, &err) < 0) {
		memory_file_close(&f);
		return 0;
	}
	while (source->next(state, &arena, &job, note_bad, &n_bad, &err) > 0) {
		check_job(&job);
		arena_reset(&arena);
	}
	source->close(state);
	memory_file_close(&f);
	return 0;
}
