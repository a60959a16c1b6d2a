// SPDX-License-Identifier: Apache-2.0
// The figures of a report, as the warehouse's statistics have them: what the portal shows, too.
#pragma once

#include <stdbool.h>

#include "common/postgres/postgres.h"
#include "export/period.h"
#include "export/report.h"

struct column {
	const char *realm, *id, *label, *unit, *help;
};

struct cell {
	bool is_known; // else it was not measured
	double value;
	double coverage; // share of the weight that it is of; NAN: of all
};

struct row {
	const char *id; // NULL: not known
	const char *label;
	int64_t day_s; // of SECTION_TIME
	struct cell *cells;
};

struct answer {
	const struct section *section;
	const char *by; // the dimension's label; NULL: none
	struct column *columns;
	size_t n_columns;
	struct row *rows;
	size_t n_rows, n_more; // more: beyond the section's limit
	struct cell *totals;   // of all, whatever the rows
};

struct chapter {
	const char *cluster; // NULL: all together
	struct answer *answers;
};

struct edition {
	const struct report *report;
	struct period period;
	const char *site; // NULL: it has no name
	const char *made; // when
	struct chapter *chapters;
	size_t n_chapters;
};

// Asks for a report's figures, of one cluster or all.
int chapter_ask(struct postgres *p, const struct report *r, const struct period *period,
	const char *cluster, struct arena *a, struct chapter *ret, struct error *err) MUST_USE;
