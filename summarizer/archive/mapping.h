// SPDX-License-Identifier: Apache-2.0
// A file mapped for reading, at the size it had when it was opened.
#pragma once

#include "common/bytes.h"
#include "common/error.h"

struct mapping { // all zero: none
	struct bytes bytes;
};

int mapping_open(const char *path, struct mapping *ret, struct error *err) MUST_USE;
void mapping_close(struct mapping *m);
