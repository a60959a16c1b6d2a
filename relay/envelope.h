// SPDX-License-Identifier: Apache-2.0
// One message of the relay: a run of bytes of one archive file, and where they belong.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/str.h"

#define ENVELOPE_VERSION     2
#define ENVELOPE_HEADER      32
#define ENVELOPE_SUM         4 // CRC-32C of all before
#define ENVELOPE_PATH_MAX    512
#define ENVELOPE_PAYLOAD_MAX (UINT32_C(1) << 20)
#define ENVELOPE_FILE_MAX    (UINT64_C(16) << 30) // no archive file reaches beyond

struct envelope {
	char path[ENVELOPE_PATH_MAX + 1]; // host/yyyy/mm/dd/name.{meta,index,N}
	uint64_t generation;              // of the file's contents; the highest one holds
	uint64_t offset;
	const uint8_t *data; // borrowed from the message
	uint32_t len;
};

void envelope_put(const struct envelope *e, struct strbuf *out);
int envelope_read(
	const void *message, size_t len, struct envelope *ret, struct error *err) MUST_USE;

// host/yyyy/mm/dd/name.{meta,index,N}[.xz|.zst|.gz|.bz2], of letters, digits, '.', '_', '-' and with no
// part that begins with a dot: nothing that could lead out of the tree.
bool relay_path_valid(const char *path);
int64_t relay_path_day(const char *path); // of a valid path: when its day begins, UTC
