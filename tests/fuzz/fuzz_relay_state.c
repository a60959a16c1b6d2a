// SPDX-License-Identifier: Apache-2.0
// The relay's own files, as a crash or a hand may leave them: each opens, and what was taken over of it
// names archives.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/str.h"
#include "relay/envelope.h"
#include "relay/follow.h"
#include "relay/heard.h"
#include "relay/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put(const char *folder, const char *name, const uint8_t *data, size_t size)
{
	char path[128];

	str_format(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
		abort();
}

static void drop(const char *folder, const char *name)
{
	char path[128];

	str_format(path, sizeof(path), "%s/%s", folder, name);
	(void)unlink(path);
}

static void check_sender(const char *state)
{
	struct follow f;
	struct error err = {0};

	if (follow_open(&f, state, state, &err) < 0 || follow_save(&f, &err) < 0)
		abort();
	for (size_t i = 0; i < f.n; i++)
		if (!relay_path_valid(f.files[i]->path) || f.files[i]->confirmed > f.files[i]->size)
			abort();
	follow_close(&f);
}

static void check_receiver(const char *state)
{
	struct tree t;
	struct heard h;
	struct error err = {0};

	if (tree_open(&t, state, state, &err) < 0)
		abort();
	for (size_t i = 0; i < t.generations.n; i++)
		if (!relay_path_valid(t.generations.entries[i].key))
			abort();
	tree_close(&t);
	heard_open(&h, state);
	if (heard_save(&h, 1789, &err) < 0)
		abort();
	heard_close(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"send.state", "receive.generations", "receive.hosts"};
	char state[64];

	// in memory where that can be: the relay waits for the disk
	str_format(state, sizeof(state), "%s/jobsight-fuzz.XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (!mkdtemp(state))
		abort();
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put(state, names[i], data, size);
	check_sender(state);
	check_receiver(state);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		drop(state, names[i]);
	if (rmdir(state) < 0)
		abort();
	return 0;
}
