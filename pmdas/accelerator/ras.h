// SPDX-License-Identifier: Apache-2.0
// Texts of amdgpu's folder ras: errors of a block, and pages of memory that are not used any more.
#pragma once

#include <stdint.h>

// "ue: 0\nce: 3\n": 0, or -EINVAL when one of the two is missing.
int ras_parse_errors(const char *text, uint64_t *ret_corrected, uint64_t *ret_uncorrected);

// Lines "0x00000001 : 0x00001000 : R": how many are retired.
uint64_t ras_count_retired(const char *text);
