// SPDX-License-Identifier: Apache-2.0
// One loader, one importer at a time on a warehouse.
#pragma once

#include <stdint.h>

#include "common/postgres/postgres.h"

enum { // "load", "lod2" of its second session, "impt"
	LOCK_LOADER = 0x6c6f6164,
	LOCK_LOADER_SECOND = 0x6c6f6432,
	LOCK_IMPORTER = 0x696d7074,
};

// Holds until the connection ends. The server notices that some time after a program was killed, so a
// lock that is taken is asked for again for a few seconds. -EBUSY: who is at work.
int lock_take(struct postgres *p, int32_t which, const char *who, struct error *err) MUST_USE;
