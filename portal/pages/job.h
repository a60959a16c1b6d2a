// SPDX-License-Identifier: Apache-2.0
// The sections of the job page.
#pragma once

#include "portal/job_detail.h"

struct job_page {
	const struct portal *portal;
	struct arena *arena;
	const struct job_detail *detail;
	const struct timezone_rules *zone;
	struct strbuf *out;
};

void job_header(const struct job_page *j);
void job_summary(const struct job_page *j);
void job_charts(const struct job_page *j);
void job_hosts(const struct job_page *j);
void job_accounting(const struct job_page *j);
