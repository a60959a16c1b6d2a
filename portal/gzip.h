// SPDX-License-Identifier: Apache-2.0
// Compression of replies. gzip.c is the only file that includes <zlib.h>.
#pragma once

#include <stddef.h>

#include "common/macro.h"
#include "common/str.h"

int gzip_compress(const void *data, size_t len, struct strbuf *out) MUST_USE; // 0 or -ENOMEM
