// SPDX-License-Identifier: Apache-2.0
// Text that connectors read whole: a file of this host, or one of the cluster's login node by SSH.
#pragma once

#include <stdbool.h>

#include "accounting/connector.h"
#include "common/bytes.h"

// *ret_name is what to call it in words. The request's spec is the path.
int text_read(const struct import_request *r, bool by_ssh, struct arena *a, const char **ret_name,
	struct bytes *ret, struct error *err) MUST_USE;

// When that text was written; of another host's: now.
int64_t text_written(const struct import_request *r, bool by_ssh);

// What tells a dump from a later one of the same name; "" where nothing does, as of standard input.
const char *text_place(const char *file, struct arena *a);

// As parse_time, and with a fraction of a second, as Python writes them.
int text_time(const char *text, const struct timezone_rules *zone, int64_t *ret_s) MUST_USE;
