// SPDX-License-Identifier: Apache-2.0
// Routes: one row for each address of the portal. A page is a row here and a file in pages/.
#pragma once

#include "portal/portal.h"

// 0, or why not: -ENOENT gives 404, -EINVAL 400, -EACCES 403, -EAGAIN and what libraries say of
// a server that is away 503, anything else 500. The words in err reach the person for all but the
// last.
typedef int route_handler(struct portal *p, struct request *q, struct reply *r, struct error *err);

struct route {
	const char *pattern; // "/jobs/{cluster}/{job}": a name in braces captures one segment
	enum role role;
	route_handler *handle;
};

extern const struct route routes[];
extern const size_t n_routes;

// Finds the row for q's path and fills q->captures; NULL when there is none.
const struct route *route_find(const struct route *table, size_t n, struct request *q);

// The handlers, each in pages/NAME.c.
route_handler page_home, page_jobs, page_job, page_job_document;
route_handler page_explore, page_efficiency, page_energy, page_availability, page_quality;
route_handler api_figure, api_jobs, api_job, api_series, api_catalogue;
route_handler page_health, page_icon, page_static;
