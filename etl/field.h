// SPDX-License-Identifier: Apache-2.0
// One field of a document → one field of a COPY row.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/document/document.h"
#include "common/macro.h"
#include "common/str.h"
#include "etl/extract.h"

enum field_type {
	FIELD_TIME,        // seconds since 1970, or a BSON time; 0 is unknown
	FIELD_BIGINT,      // whole number >= 0; what is negative is unknown
	FIELD_INT,         // the same, int32
	FIELD_COUNT,       // the same; absent is 0 where it is not required
	FIELD_ARRAY,       // FIELD_BIGINT, where acct.local_job_array_index is not negative
	FIELD_SECONDS,     // int32 seconds, or [days-]hh:mm:ss
	FIELD_EXIT_CODE,   // number, or the first of "code:signal"
	FIELD_EXIT_SIGNAL, // the second of "code:signal"
	FIELD_NOT,         // a boolean turned round
	FIELD_TEXT,        // any length
	FIELD_NAME,        // at most NAME_MAX_BYTES; a number is written out
	FIELD_WORD,        // a name up to its first blank
	FIELD_NAMES,       // array of names
};

struct field {
	const char *column;
	enum field_type type;
	bool is_required;
	const char *paths[2]; // the first that is there counts
};

// Instants outside are typing errors, not jobs: 1990 to 2100, and no span beyond 60 years, which
// also keeps seconds within 32 bits.
#define TIME_FIRST     INT64_C(631152000)
#define TIME_LAST      INT64_C(4102444800)
#define SPAN_MAX_S     (INT64_C(60) * 366 * 86400)
#define NAME_MAX_BYTES 255

// What a document has at the paths of a field, in their order; NULL where it has no more paths.
struct field_found {
	const struct bson_found *at[2];
	bool is_array_task; // the document is of a task of an array
};

// Appends the field; -EINVAL and *ret_defect when it is wrong. An optional field of the wrong type
// is null, except times and names, which are wrong for good.
int field_put(const struct field *f, const struct field_found *found, struct strbuf *row,
	struct defect *ret_defect) MUST_USE;

bool field_whole(const struct bson_found *found, int64_t *ret); // a whole number, however written
int64_t field_time(const struct bson_found *found);             // 0: none

int field_defect(struct defect *d, const char *path, const char *fmt, ...) PRINTF_LIKE(3, 4);
