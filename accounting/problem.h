// SPDX-License-Identifier: Apache-2.0
// What a step of the import has met that was wrong: counted by code, the first of each remembered,
// a few said aloud. Records that cannot be taken are kept for the quarantine.
#pragma once

#include <stdint.h>

#include "accounting/codes.h"
#include "common/arena.h"

struct problem_count {
	uint64_t n;
	char example[300];
};

struct problem_record { // one for the quarantine
	struct problem_record *next;
	const char *key;
	enum code code;
	const char *reason;
};

struct problems {
	const struct code_set *ignored, *strict;
	const char *where;                  // "alpha: job", for the log
	struct problem_count counts[CODES]; // since the last commit
	uint64_t said[CODES];               // of the step
	uint64_t total[CODES];              // of the step, committed
	struct problem_record *records;     // since the last commit
	uint64_t n_records;
	struct arena arena; // of these
};

void problem(struct problems *p, enum code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
void problem_many(struct problems *p, enum code code, uint64_t n, const char *example);
// The record called key cannot be taken.
void problem_record(struct problems *p, enum code code, const char *key, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

// The first code met that the configuration does not bear; CODES: none.
enum code problems_fatal(const struct problems *p);
// What was met since the last commit, to *to, which has nothing of the kind.
void problems_move(struct problems *from, struct problems *to);
void problems_committed(struct problems *p); // forgets what is in the warehouse now
void problems_release(struct problems *p);
