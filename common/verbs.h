// SPDX-License-Identifier: Apache-2.0
// The verbs of the launcher: programs called jobsight-VERB beside it, in its libexec folder or in
// PATH, first found first.
#pragma once

#include <stdbool.h>

#include "common/arena.h"
#include "common/map.h"
#include "common/str.h"

bool verb_is_name(const char *verb); // letters, digits, '-'; begins with a letter

// The folders in the order in which they are searched.
size_t verbs_folders(struct arena *a, const char ***ret);

// verb → path, sorted by verb. The caller releases the map.
void verbs_find(struct arena *a, struct map *ret);

// What `PROGRAM --help` says in its first line after "NAME: "; "" when it does not answer in time.
void verb_purpose(const char *path, struct strbuf *ret);
