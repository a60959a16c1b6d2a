// SPDX-License-Identifier: Apache-2.0
// A CSV file that grows by lines up to a size, then loses its oldest. It is replaced whole, so that
// who copies it at any moment has whole lines.
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "common/str.h"

int csv_log_append(
	const char *path, uint64_t max, const struct strbuf *lines, struct error *err) MUST_USE;
