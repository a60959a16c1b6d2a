// SPDX-License-Identifier: Apache-2.0
// Request targets: parsing, routing, the filter of the job list, and the links made from it.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/html.h"
#include "portal/job_filter.h"
#include "portal/request.h"
#include "portal/routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What the parser lets through is clean text, and a link made of it leads back to the same.
static void check_segments(struct request *q)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};
	for (size_t i = 0; i < q->n_segments; i++)
		if (!str_is_utf8(q->segments[i], strlen(q->segments[i])) || !q->segments[i][0])
			abort();
	url_path(&url, q->n_segments, q->segments);
	struct request again = {.arena = q->arena, .person = ""};
	if (q->n_segments == 0 || url.len > REQUEST_MAX_TARGET)
		return;
	if (request_parse(&again, strbuf_text(&url), NULL) < 0 || again.n_segments != q->n_segments)
		abort();
	for (size_t i = 0; i < q->n_segments; i++)
		if (!str_eq(again.segments[i], q->segments[i]))
			abort();
}

static void check_filter(struct request *q)
{
	struct job_filter f;
	struct job_filter again;
	if (job_filter_read(q, INT64_C(1794960000), 50, 500, &f, NULL) < 0)
		return;
	CLEANUP(strbuf_release) struct strbuf url = {0};
	strbuf_puts(&url, "/jobs");
	job_filter_query(&f, &url);
	struct request next = {.arena = q->arena, .person = ""};
	if (url.len > REQUEST_MAX_TARGET)
		return;
	if (request_parse(&next, strbuf_text(&url), NULL) < 0 ||
		job_filter_read(&next, INT64_C(1794960000), 50, 500, &again, NULL) < 0)
		abort();
	for (size_t i = 0; i < FILTER_SINCE; i++)
		if (!str_eq(f.params[i], again.params[i]))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct request q = {.arena = &a, .person = ""};
	const char *target = arena_strndup(&a, (const char *)data, size);
	if (request_parse(&q, target, NULL) < 0)
		return 0;
	check_segments(&q);
	(void)route_find(routes, n_routes, &q);
	check_filter(&q);
	for (size_t i = 0; i < q.n_query; i++)
		html_attribute(&out, "value", q.query[i].value);
	if (strpbrk(strbuf_text(&out), "<>'"))
		abort();
	return 0;
}
