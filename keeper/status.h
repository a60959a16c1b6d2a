// SPDX-License-Identifier: Apache-2.0
// Status files: lines "NAME NUMBER".
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The number of the first line of that name; false: there is none, or it has no number.
bool status_number(const char *text, const char *name, uint64_t *ret);
