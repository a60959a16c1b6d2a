// SPDX-License-Identifier: Apache-2.0
// A borrowed run of bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data;
	size_t len;
};
