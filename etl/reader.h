// SPDX-License-Identifier: Apache-2.0
// Reads documents and makes rows of them in a thread of its own, a batch ahead of the server.
#pragma once

#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/store/store.h"
#include "common/str.h"
#include "etl/extract.h"

struct reader;

struct reader_reject { // a document that is unfit
	struct reader_reject *next;
	struct store_item item;
	struct defect defect;
};

struct reader_batch {
	struct strbuf rows; // what COPY gets, whole
	uint64_t documents, rejected;
	struct reader_reject *rejects;
	const char *cursor;        // behind the last document
	struct store_item *single; // the document, where a batch is one
};

// The store and the extractor belong to the reader until it is stopped.
int reader_start(struct store *s, struct extractor *e, const char *cursor, uint64_t limit,
	struct reader **ret, struct error *err) MUST_USE;
// The next batch, valid until the next call; one without documents: there are no more.
int reader_next(struct reader *r, struct reader_batch **ret, struct error *err) MUST_USE;
void reader_stop(struct reader *r); // NULL allowed
