// SPDX-License-Identifier: Apache-2.0
// The rows of conf/statistics: YAML files that say what figures there are. They lie beside the
// stanzas: the folder statistics next to each directory of the catalogue.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/postgres/postgres.h"

// Puts the files (*.yaml, in order of their names) that belong to these directories of the
// catalogue into the warehouse in place of what is there, and lets the server try each formula: one
// transaction. A directory without a folder statistics beside it has no files.
int statistics_put(struct postgres *p, const char *const *catalogues, size_t n, struct arena *a,
	struct error *err) MUST_USE;
