// SPDX-License-Identifier: Apache-2.0
// What a report is made of: conf/reports/*.yaml, which a site may change or add to.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

enum section_kind {
	SECTION_FIGURES, // one figure each for the whole period
	SECTION_TABLE,   // by a dimension
	SECTION_TIME,    // over the period
};

enum chart {
	CHART_NONE,
	CHART_BARS,    // of a table: its first column
	CHART_COLUMNS, // over time, one beside the other
	CHART_STACK,   // over time, one on the other
	CHART_LINES,
};

struct wanted { // a statistic, as conf/statistics names it
	const char *realm, *id;
};

struct section {
	enum section_kind kind;
	enum chart chart;
	int line;
	const char *title, *text; // text may be NULL
	const char *dimension;    // of a table
	bool in_order;            // of the dimension's values, not of the first column
	uint64_t rows;            // at most so many
	struct wanted *statistics;
	size_t n_statistics;
};

struct report {
	const char *file, *title, *text; // text may be NULL
	struct section *sections;
	size_t n_sections;
	const char *style; // CSS
};

// name: of a file NAME.yaml in the first of the folders that has it, or a path with a slash. The style
// is report.css, found the same way.
int report_load(const char *name, const char *const *folders, size_t n_folders, struct arena *a,
	struct report *ret, struct error *err) MUST_USE;
// Reads the text of one; a fuzz target uses it.
int report_parse(const char *file, const char *text, size_t len, struct arena *a,
	struct report *ret, struct error *err) MUST_USE;
