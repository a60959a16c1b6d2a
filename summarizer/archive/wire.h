// SPDX-License-Identifier: Apache-2.0
// Words of a PCP archive: big-endian, aligned to 4 at best, times in two forms.
#pragma once

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "common/clock.h"

static inline uint32_t wire_u32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t wire_u64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

// Version 3 writes 64-bit seconds as two words, the low one first. What is beyond half of what an int64_t
// of nanoseconds can hold (the year 2116) only occurs in damaged files; it is cut, so that neither it nor
// a margin added to it, or the difference of any two, overflows.
static inline int64_t wire_time(const uint8_t *p, int version)
{
	if (version == 2)
		return (int64_t)wire_u32(p) * NS_PER_S + (int64_t)wire_u32(p + 4) * 1000;
	int64_t s = (int64_t)((uint64_t)wire_u32(p + 4) << 32 | wire_u32(p));
	const int64_t limit = INT64_MAX / 2 / NS_PER_S;
	if (s > limit || s < 0)
		s = limit;
	return s * NS_PER_S + (int64_t)wire_u32(p + 8);
}

static inline unsigned wire_time_size(int version)
{
	return version == 2 ? 8 : 12;
}
