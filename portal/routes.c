// SPDX-License-Identifier: Apache-2.0
// The table of routes and the matching of paths.
#include "portal/routes.h"

#include <string.h>

const struct route routes[] = {
	{"/", ROLE_PUBLIC, page_home},
	{"/jobs", ROLE_PERSON, page_jobs},
	{"/jobs/{cluster}/{job}", ROLE_PERSON, page_job},
	{"/jobs/{cluster}/{job}/document", ROLE_PERSON, page_job_document},
	{"/explore", ROLE_PUBLIC, page_explore},
	{"/efficiency", ROLE_PERSON, page_efficiency},
	{"/energy", ROLE_PERSON, page_energy},
	{"/availability", ROLE_PERSON, page_availability},
	{"/quality", ROLE_PERSON, page_quality},
	{"/api/figure", ROLE_PUBLIC, api_figure},
	{"/api/jobs", ROLE_PERSON, api_jobs},
	{"/api/jobs/{cluster}/{job}", ROLE_PERSON, api_job},
	{"/api/jobs/{cluster}/{job}/series", ROLE_PERSON, api_series},
	{"/api/jobs/{cluster}/{job}/series/{key}", ROLE_PERSON, api_series},
	{"/api/catalogue", ROLE_PERSON, api_catalogue},
	{"/health", ROLE_PUBLIC, page_health},
	{"/favicon.ico", ROLE_PUBLIC, page_icon},
	{"/web/{hash}/{file}", ROLE_PUBLIC, page_static},
	{"/web/{hash}/{folder}/{file}", ROLE_PUBLIC, page_static},
};
const size_t n_routes = ARRAY_LEN(routes);

static bool matches(const char *pattern, struct request *q)
{
	size_t n_captures = 0;
	size_t i = 0;
	while (pattern[0] == '/' && pattern[1]) {
		const char *part = pattern + 1;
		size_t len = strcspn(part, "/");
		if (i == q->n_segments)
			return false;
		if (part[0] == '{')
			q->captures[n_captures++] = q->segments[i];
		else if (strlen(q->segments[i]) != len || memcmp(part, q->segments[i], len) != 0)
			return false;
		i++;
		pattern = part + len;
	}
	for (size_t k = n_captures; k < REQUEST_MAX_SEGMENTS; k++)
		q->captures[k] = NULL;
	return i == q->n_segments;
}

const struct route *route_find(const struct route *table, size_t n, struct request *q)
{
	for (size_t i = 0; i < n; i++)
		if (matches(table[i].pattern, q))
			return &table[i];
	return NULL;
}
