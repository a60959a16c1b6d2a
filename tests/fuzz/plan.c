// SPDX-License-Identifier: Apache-2.0
// The catalogue of fuzz_sweep.c and fuzz_partial.c, and folders of their own.
#include "tests/fuzz/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/macro.h"

#define STANZA(name) "- {metric: a." name ", label: a, help: A., unit: s, document: a." name ", "

static const char stanzas[] = STANZA(
	"cores") "value: user / sum(*), over: job core,\n"
		 "  from: [{pcp: {user: kernel.percpu.cpu.user, idle: kernel.percpu.cpu.idle}}],\n"
		 "  series: {document: of_cores, points: samples, over: job core, by: core,\n"
		 "           value: rate(user)}}\n" STANZA(
			 "gpu") "time: samples, value: g, over: job gpu, from: [{pcp: {g: t.gpu}}],\n"
				"  series: {document: of_gpus, over: job gpu, by: device, value: g}}\n" STANZA("own") "over: job cgroup, value: u, from: [{pcp: {u: t.own.usage}}]}\n" STANZA(
					"count") "value: c, from: [{pcp: {c: t.count}}],\n"
						 "  series: {document: of_counts, value: c / seconds}}\n";

void fuzz_put(const char *folder, const char *name, const void *data, size_t len)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	if (f == NULL || (len && fwrite(data, 1, len, f) != len) || fclose(f) != 0)
		abort();
}

void fuzz_clean(const char *folder, const char *const *names, size_t n)
{
	char path[128];
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

void fuzz_folder(char folder[FUZZ_FOLDER_MAX])
{
	const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(folder, FUZZ_FOLDER_MAX, "%s/jobsight-fuzz.XXXXXX", shm);
	if (mkdtemp(folder) == NULL)
		abort();
}

static void bad_stanza(void *context, const struct error *why)
{
	(void)context;
	fprintf(stderr, "%s\n", why->text);
}

static void load(struct catalogue *c, struct plan *p, struct arena *a)
{
	char folder[FUZZ_FOLDER_MAX];
	static const char *const names[] = {"fuzz.yaml"};
	struct catalogue_problem problem = {.bad = bad_stanza};
	struct error err;
	fuzz_folder(folder);
	fuzz_put(folder, names[0], stanzas, sizeof(stanzas) - 1);
	const char *where = folder;
	if (catalogue_load(&where, 1, &problem, a, c, &err) != 0)
		abort();
	plan_make(c, 20, a, p);
	fuzz_clean(folder, names, ARRAY_LEN(names));
}

const struct plan *fuzz_plan(void)
{
	// Kept from input to input: a fuzzer has no other place for what it needs each time.
	static struct catalogue catalogue;
	static struct plan plan;
	static struct arena arena;
	if (plan.n_metrics == 0)
		load(&catalogue, &plan, &arena);
	return &plan;
}
