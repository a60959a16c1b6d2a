// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same for the same seed on every machine, for ever (splitmix64). Each
// thing that varies has a stream of its own, named by what it belongs to, so that adding a thing
// changes nothing else.
#pragma once

#include <math.h>
#include <stdint.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_next(struct random *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static inline struct random random_stream(uint64_t seed, uint64_t what, uint64_t which)
{
	struct random r = {seed ^ (what * UINT64_C(0xd1342543de82ef95)) ^ (which << 20)};

	random_next(&r);
	r.state ^= random_next(&r);
	return r;
}

static inline double random_unit(struct random *r) // [0, 1)
{
	return (double)(random_next(r) >> 11) * 0x1p-53;
}

static inline double random_between(struct random *r, double low, double high)
{
	return low + (high - low) * random_unit(r);
}

static inline int random_int(struct random *r, int low, int high) // both included
{
	return low + (int)(random_unit(r) * (high - low + 1));
}

// Small things are more frequent than large ones.
static inline double random_log(struct random *r, double low, double high)
{
	return low * exp(log(high / low) * random_unit(r));
}
