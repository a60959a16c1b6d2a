// SPDX-License-Identifier: Apache-2.0
// One job with all that is known of it: the rows of the warehouse first, which decide whether this
// person may see the job at all, then its documents.
#pragma once

#include "common/catalogue/catalogue.h"
#include "portal/portal.h"
#include "portal/postgres.h"
#include "portal/series.h"

enum detail_part { // bits
	DETAIL_VALUES = 1 << 0,
	DETAIL_HOSTS = 1 << 1,
	DETAIL_SUMMARY = 1 << 2,
	DETAIL_SERIES = 1 << 3,
};

struct job_detail {
	struct rows runs;      // of the same id, the last first
	const struct doc *run; // the chosen one
	struct rows values;    // one row a metric that this person may see
	struct rows hosts;
	struct doc *summary; // NULL: none
	struct series_set series;
	const char *problem; // why documents are absent; NULL
};

// The path captures are cluster and job; ?submit= chooses a run. -ENOENT when there is no such job
// for this person.
int job_detail_load(struct portal *p, struct request *q, unsigned parts, struct job_detail *ret,
	struct error *err) MUST_USE;

// Where the value of a metric stands in the document: path of the first place that holds a number
// ("cpu.jobcpus.user.avg") and its statistic ("avg"). NULL and "" when unknown.
struct provenance {
	const char *path, *statistic;
	double min, max, std; // of the same population; NaN when not kept
};
struct provenance job_provenance(
	const struct portal *p, const struct job_detail *d, const char *metric, struct arena *a);

// "/jobs/alpha/1234?submit=1789000000", or with what behind the id.
void job_url(struct strbuf *out, const char *prefix, const struct doc *run, const char *what);
