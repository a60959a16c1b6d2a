// SPDX-License-Identifier: Apache-2.0
// Writes PCP archives of version 2 or 3 so that they can be continued: libpcp_import cannot append,
// and repeats an instance domain for each instance. Each record goes out in one write; what a crash
// leaves half written at the end of a file is cut off when the archive is opened again. Metadata
// goes out before the data that need it, so a reader of the growing archive never meets a value
// that it cannot name.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/macro.h"

#define WRITER_NO_INDOM    UINT32_MAX
#define WRITER_NO_INSTANCE (-1)

struct writer_metric {
	const char *name;
	uint32_t pmid, indom; // packed as PCP does
	uint32_t type, semantics;
	uint32_t units; // as in the file
};

struct writer;

// Begins base.meta, base.index and base.0 in a folder (AT_FDCWD: where we are), or continues them when
// they are there and nobody else writes them (-EBUSY).
int writer_open(int folder, const char *base, int version, const char *host, int64_t start_ns,
	struct writer **ret, struct error *err) MUST_USE;
void writer_close(struct writer *w); // NULL allowed

// A metric that the archive has already is left as it is. Nothing reaches the file before
// writer_flush.
void writer_metric(struct writer *w, const struct writer_metric *m);
void writer_indom(struct writer *w, int64_t time_ns, uint32_t indom, size_t n, const int32_t *ids,
	char *const *names);
int writer_flush(struct writer *w, struct error *err) MUST_USE; // the metadata

// One record: its value sets in order, the values of each in order, then writer_commit, which
// flushes the metadata first. A time before the last record's is moved to it. An error leaves the files as before.
void writer_begin(struct writer *w, int64_t time_ns);
void writer_set(struct writer *w, uint32_t pmid, int32_t n, bool is_block); // n <= 0: no values
void writer_word(struct writer *w, int32_t instance, uint32_t value);
// Bytes as they go into the file, big-endian already.
void writer_block(struct writer *w, int32_t instance, uint32_t type, const void *data, size_t size);
int writer_commit(struct writer *w, struct error *err) MUST_USE;
