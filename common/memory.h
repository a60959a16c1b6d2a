// SPDX-License-Identifier: Apache-2.0
// Allocation that succeeds or ends the program with one line: what is under arena, strbuf and map.
#pragma once

#include <stddef.h>

#include "common/macro.h"

void *memory_alloc(size_t n, size_t size) MUST_USE;           // zeroed; n * size is checked
void *memory_resize(void *p, size_t n, size_t size) MUST_USE; // the new part is not zeroed
