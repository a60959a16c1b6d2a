// SPDX-License-Identifier: Apache-2.0
// The numbers that an output writes: its document path and the statistics below it.
#pragma once

#include "common/catalogue/catalogue.h"

#define PATHS_MAX_FIELDS 10

// The names below the document path, the most telling first; "" where the number is at the path
// itself. Returns how many.
size_t output_fields(const struct output *o, const char *ret[PATHS_MAX_FIELDS]);

// Whether the number at path is one that the output writes; '*' in the output's path stands for
// any one name.
bool output_has_path(const struct output *o, const char *path);
