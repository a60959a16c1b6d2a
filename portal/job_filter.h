// SPDX-License-Identifier: Apache-2.0
// What a list of jobs is asked for: the query string as checked parameters of a statement, and
// back into a query string for links.
#pragma once

#include "common/str.h"
#include "portal/postgres.h"
#include "portal/request.h"

enum filter_field {
	FILTER_CLUSTER,
	FILTER_USER,
	FILTER_ACCOUNT,
	FILTER_PARTITION,
	FILTER_STATE,
	FILTER_TEXT,
	FILTER_SINCE,
	FILTER_UNTIL,
	FILTER_FIELDS,
};

struct job_filter {
	const char *params[FILTER_FIELDS]; // as the statements want them; NULL: not asked
	const char *period;                // one of job_periods, or "" (from, until or all)
	const char *from, *until;          // as typed; NULL
	bool is_oldest_first;
	bool is_back;                       // the page before the cursor, not the one after it
	const char *cursor_end, *cursor_id; // NULL: from the beginning; cursor_end NULL: running
	uint64_t rows;
	bool is_filtered; // anything but cluster and page asked for
};

struct job_period {
	const char *name, *label;
	int64_t seconds; // 0: no limit
};
extern const struct job_period job_periods[];
extern const size_t n_job_periods;

int job_filter_read(const struct request *q, int64_t now_s, uint64_t standard_rows,
	uint64_t max_rows, struct job_filter *ret, struct error *err) MUST_USE;

// Adds ?cluster=...&user=... of the filter to an address, without page.
void job_filter_query(const struct job_filter *f, struct strbuf *url);

// The cursor that goes on after this row of the statements: "1789000000.42", "r.42".
const char *job_cursor(const struct doc *row, struct arena *a);

// The statement that lists them; its rows come in reverse when is_back.
enum statement job_filter_statement(const struct job_filter *f);
