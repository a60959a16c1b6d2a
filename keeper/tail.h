// SPDX-License-Identifier: Apache-2.0
// The last record of a data volume, found from its end: what comes before is not read.
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "summarizer/archive/archive.h"

struct tail {
	struct archive_label label;
	int64_t last_ns; // time of the last whole record; 0: there is none
};

// name: a volume in the folder dir, perhaps compressed; index: of its archive, NULL: none. The end of a
// compressed volume is what its index says, or when the file was last written.
int tail_read(
	int dir, const char *name, const char *index, struct tail *ret, struct error *err) MUST_USE;
