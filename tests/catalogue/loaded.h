// SPDX-License-Identifier: Apache-2.0
// A catalogue loaded by a test, with all that was said about it.
#pragma once

#include "common/catalogue/catalogue.h"

struct loaded {
	struct arena arena;
	struct catalogue catalogue;
	struct strbuf messages; // one a line
	struct error err;
	int result;
};

void load(struct loaded *l, const char *first, const char *second); // second may be NULL
void unload(struct loaded *l);

// A new directory that holds one file of that name and text. The path lives in l's arena.
const char *directory_of(struct loaded *l, const char *file, const char *text);
void remove_directory(const char *directory, const char *file);
