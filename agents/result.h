// SPDX-License-Identifier: Apache-2.0
// What the probe job wrote: a line each of "started TIME HOST", "filesystem ok|failed PATH", "ended
// TIME". Other lines are what its commands said.
#pragma once

#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"

struct result {
	int64_t started_s, ended_s; // 0 = not
	const char *failed;         // what failed, with what was said before; NULL = nothing
};

void result_parse(struct bytes text, struct arena *a, struct result *ret);
void result_read(const char *path, struct arena *a, struct result *ret); // no file: nothing yet
