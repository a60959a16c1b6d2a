// SPDX-License-Identifier: Apache-2.0
// The environment of a hook, lines NAME=VALUE, and its argument, the first line: what is learned of it can
// be said in a datagram that says the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/str.h"
#include "prolog-epilog/boundary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct environment {
	const char *text;
	struct arena *arena;
};

static const char *get(void *context, const char *name)
{
	const struct environment *e = context;
	size_t len = strlen(name);

	for (const char *line = e->text; *line; line += strcspn(line, "\n")) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0 && line[len] == '=')
			return arena_strndup(
				e->arena, line + len + 1, strcspn(line + len + 1, "\n"));
	}
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct environment e = {arena_strndup(&arena, (const char *)data, size), &arena};
	const char *argument = arena_strndup(&arena, e.text, strcspn(e.text, "\n"));
	struct boundary b;
	struct boundary again;
	char text[BOUNDARY_MAX_BYTES];

	if (!boundary_learn(get, &e, *argument ? argument : NULL, 1789, &b))
		return 0;
	int len = boundary_write(&b, text);
	if (len <= 0 || boundary_parse(text, (size_t)len, &again) != len ||
		again.event != b.event || !str_eq(again.job, b.job) ||
		!str_eq(again.sluid, b.sluid) || again.uid != b.uid ||
		again.restarts != b.restarts || again.asked_ns != 1789)
		abort();
	return 0;
}
