// SPDX-License-Identifier: Apache-2.0
// Commands that a site sets, run without a shell: a text becomes words, {file} and {path} in a word become
// what they stand for, and whatever that holds stays in that one word.
#pragma once

#include "common/arena.h"
#include "common/error.h"

// Words are separated by blanks; '...' and "..." keep blanks in a word. -EINVAL: a quote is not closed,
// or there is no word.
int command_split(const char *text, struct arena *a, const char ***ret, struct error *err) MUST_USE;

struct command_place {
	const char *name, *value; // "{file}"
};

// Runs words, NULL at their end, with the places filled in; in and out are descriptors, or -1: nothing.
// 0 when it ended with 0; else an error that names the command.
int command_run(const char *const *words, const struct command_place *places, size_t n_places,
	int in, int out, struct error *err) MUST_USE;
