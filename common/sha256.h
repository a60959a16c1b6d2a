// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4), to name contents: catalogue hashes, checksums of migrations.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE      32
#define SHA256_TEXT_SIZE 65 // hexadecimal and NUL

struct sha256 {
	uint32_t state[8];
	uint64_t len; // bytes so far
	uint8_t block[64];
};

void sha256_start(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, uint8_t ret[SHA256_SIZE]);
const char *sha256_end_text(struct sha256 *h, char ret[SHA256_TEXT_SIZE]); // lower case

const char *sha256_text(const void *data, size_t len, char ret[SHA256_TEXT_SIZE]); // in one go
