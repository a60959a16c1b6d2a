// SPDX-License-Identifier: Apache-2.0
// The bytes of a file, plain or compressed (.xz, .zst, .gz), through a window of bounded size. Files
// are read, not mapped: one that is truncated under us ends early instead of killing us (SIGBUS), a
// growing one shows what is there, and a compressed one costs no more memory than a plain one.
#pragma once

#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/str.h"

struct stream;

int stream_open(const char *path, struct stream **ret, struct error *err) MUST_USE;
void stream_close(struct stream *s); // NULL allowed

// Bytes of a plain file now; UINT64_MAX: compressed, only reading tells.
uint64_t stream_size(const struct stream *s);

// The bytes from an offset of what is uncompressed: at least `want` of them, unless the file ends
// before. <0: it is damaged there; what comes before the damage is in *ret. Valid until the next
// call. Going back in a compressed file means reading it from its beginning again.
int stream_window(
	struct stream *s, uint64_t at, size_t want, struct bytes *ret, struct error *err) MUST_USE;

// The whole file, to be freed by the caller; more than max bytes are an error. Of a file that is
// damaged what comes before, and 1.
int stream_read_all(const char *path, size_t max, struct bytes *ret, struct error *err) MUST_USE;

// Length of the compression suffix that a name ends with (".xz"); 0: it is plain.
size_t stream_suffix(const char *name);
// Makes the path of "BASE" or of "BASE.xz" and so on, whichever exists; "BASE" when none does.
void stream_path(const char *base, struct strbuf *ret);
