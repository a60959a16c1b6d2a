// SPDX-License-Identifier: Apache-2.0
// What the archive tree has last of one host.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum host_kind { HOST_SAMPLE, HOST_BOUNDARY, HOST_KINDS };

struct host_newest {
	int64_t last_s[HOST_KINDS]; // time of the last record; 0: none was found
	int64_t archive_s;          // when the archive that began last did
	int64_t day_s;              // of the newest dated folder; 0: there is none
	char label[257];            // of whom the newest archive says it is
	struct error damage;        // met in the newest archives; code 0: none
	unsigned archives;          // looked at
};

// Looks into the newest days of ROOT/<host>/<yyyy>/<mm>/<dd>/ only. <0: the folder cannot be read.
int host_look(int root, const char *host, struct host_newest *ret, struct error *err) MUST_USE;
