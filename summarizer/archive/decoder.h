// SPDX-License-Identifier: Apache-2.0
// What a compression is to a stream: one row, in the one file that knows its library.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"

struct decoder {
	const char *suffix; // ".xz"
	int (*open)(void **ret_state, struct error *err);
	// Takes bytes from the front of *in and puts at most room bytes out. is_last: none follow in.
	// 0; 1: nothing is open here, the compressed data may end; <0: damaged.
	int (*run)(void *state, struct bytes *in, bool is_last, uint8_t *out, size_t room,
		size_t *ret_n, struct error *err);
	void (*close)(void *state);
};

extern const struct decoder decoder_xz, decoder_zstd, decoder_gz;
