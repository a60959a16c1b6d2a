// SPDX-License-Identifier: Apache-2.0
// Files of control groups, of resctrl and of processes, each text to each parser: nothing is taken for more than
// there is room for, and what becomes a name has no character that could break a label.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/jobs/jobs.h"

#define ROOM 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void numbers(const char *text)
{
	for (unsigned i = 0; i < jobs_n_files; i++) {
		struct frame_reading r[JOBS_KEYS_MAX] = {0};

		if (jobs_files[i].parse == NULL)
			continue;
		jobs_files[i].parse(text, jobs_files[i].keys, jobs_files[i].n_keys, r);
		for (unsigned k = 0; k < JOBS_KEYS_MAX; k++) {
			if (!r[k].known && r[k].value != 0)
				abort();
		}
	}
}

static void devices(const char *text)
{
	struct jobs_io io[ROOM] = {0};
	struct jobs_device nodes[ROOM];
	unsigned n = jobs_parse_io(text, io, ROOM);

	if (n > ROOM)
		abort();
	jobs_parse_blkio(text, JOBS_IO_KINDS, io, &n, ROOM);
	if (n > ROOM || jobs_parse_devices(text, nodes, ROOM) > ROOM)
		abort();
}

// Which graphics device it is.
static void graphics(const char *text)
{
	char slot[24] = "";
	unsigned minor;

	(void)jobs_parse_minor(text, &minor);
	if (jobs_parse_slot(text, slot, sizeof(slot)) < 0 && slot[0] != '\0')
		abort();
	if (strpbrk(slot, "\"\\\n{} /"))
		abort();
}

static void processes(const char *text)
{
	uint64_t cpus[ROOM];
	unsigned pids[ROOM];
	unsigned gpus[ROOM];
	unsigned uid;
	unsigned n;
	struct jobs_stat stat;

	if (jobs_parse_each_cpu(text, cpus, ROOM) > ROOM)
		abort();
	n = jobs_parse_pids(text, pids, ROOM);
	for (unsigned i = 0; i < n; i++) {
		if (n > ROOM || pids[i] == 0)
			abort();
	}
	(void)jobs_parse_stat(text, &stat);
	(void)jobs_parse_uid(text, &uid);
	(void)jobs_parse_path_uid(text, &uid);
	if (jobs_parse_gpus(text, gpus, ROOM) > ROOM)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char word[24] = "";

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	numbers(text);
	devices(text);
	processes(text);
	graphics(text);
	(void)jobs_parse_word(text, "account", word, sizeof(word));
	if (strpbrk(word, "\"\\\n{} "))
		abort();
	free(text);
	return 0;
}
