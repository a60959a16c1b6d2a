// SPDX-License-Identifier: Apache-2.0
// A line about somebody's quota, whatever it was written by.
#pragma once

#include <stdbool.h>

#include "accounting/stage.h"
#include "common/arena.h"

enum quota_limit { // in this order in every form that we know
	QUOTA_USED,
	QUOTA_SOFT,
	QUOTA_HARD,
	QUOTA_LIMITS,
};

struct quota {
	const char *filesystem, *kind, *name;
	int64_t t;
	int64_t kib[QUOTA_LIMITS], files[QUOTA_LIMITS];
	int64_t doubt_kib, doubt_files; // -1 = not told
	const char *grace, *grace_files;
};

// USR, usr, user, GRP ...: the warehouse's word, or NULL.
const char *quota_kind(const char *word);

// A number, perhaps with a mark that it is too large: 123, 123*, [123].
bool quota_number(const char *text, int64_t *ret);

// Fills the record; no limit (0) is NULL. False: there is no name, or a number is absurd.
bool quota_record(const struct quota *q, struct arena *a, struct record *ret);

// Reads the text of quota(1), lfs quota, repquota(8) and mmrepquota -Y, a line after the other.
struct quota_text {
	struct arena *arena;
	int64_t t;
	char *at; // the rest of the text, which is written to
	int line;
	enum { QUOTA_FORM_NONE, QUOTA_FORM_USER, QUOTA_FORM_REPORT, QUOTA_FORM_GPFS } form;
	const char *filesystem, *kind, *name;
	const char *wrapped;     // a file system whose numbers are on the next line
	const char *columns[32]; // of mmrepquota
	size_t n_columns;
};

// 1 and the next; 0 at the end; -EINVAL: the line makes no sense (its number is in line), go on.
int quota_text_next(struct quota_text *q, struct quota *ret);
