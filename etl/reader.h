// SPDX-License-Identifier: Apache-2.0
// Reads documents and makes rows of them in a thread of its own, a batch ahead of the server, and
// hands them to a session that waits while another takes the batch before.
#pragma once

#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/postgres/postgres.h"
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
	struct postgres *session; // is in a transaction and has the rows; NULL: none has them
	struct strbuf rows;       // what COPY gets, whole, where no session has it
	struct error refusal;     // of the session
	int refused;              // 0, or its code
	uint64_t documents, rejected;
	struct reader_reject *rejects;
	const char *cursor;        // behind the last document
	struct store_item *single; // the document, where a batch is one
};

// The session that takes the n-th batch; NULL: none, the rows wait in the batch. Of two batches one
// after the other each has a session of its own. Called in the reader's thread.
typedef struct postgres *reader_session(void *context, uint64_t n);

struct reader_request {
	struct store *store;
	struct extractor *extractor;
	const char *cursor;
	uint64_t limit; // documents in a batch; the first ones are smaller, for the server to begin
	const char *copy;        // the statement that takes rows
	reader_session *session; // NULL: never any
	void *context;
};

// The store and the extractor belong to the reader until it is stopped.
int reader_start(const struct reader_request *r, struct reader **ret, struct error *err) MUST_USE;
// The next batch, valid until the next call; one without documents: there are no more.
int reader_next(struct reader *r, struct reader_batch **ret, struct error *err) MUST_USE;
// NULL allowed. A session that has rows of a batch nobody asked for is still in its transaction.
void reader_stop(struct reader *r);
