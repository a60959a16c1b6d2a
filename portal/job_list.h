// SPDX-License-Identifier: Apache-2.0
// One page of a job list, as the HTML page and the API both show it.
#pragma once

#include "portal/job_filter.h"
#include "portal/portal.h"

struct job_list {
	struct job_filter filter;
	struct rows jobs; // in the order they are shown
	const char *next; // cursor of the page after; NULL: this is the last
	const char *previous;
	int64_t count;       // of all that match, at most JOB_COUNT_MAX; -1: not asked
	struct rows metrics; // of the catalogue
	struct rows choices; // one row: what the filter's fields offer
};

#define JOB_COUNT_MAX 10001

int job_list_load(struct portal *p, struct request *q, uint64_t standard_rows, uint64_t max_rows,
	struct job_list *ret, struct error *err) MUST_USE;
