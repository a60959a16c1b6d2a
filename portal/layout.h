// SPDX-License-Identifier: Apache-2.0
// The frame of every page: head, top bar, search, theme switch, footer.
#pragma once

#include "portal/portal.h"

struct layout {
	const char *title;
	const char *search; // what stands in the search field
	bool has_charts;    // loads the chart library
};

void layout_begin(const struct portal *p, const struct request *q, const struct layout *l,
	struct strbuf *out);
void layout_end(struct strbuf *out);

// The page that says what is wrong; JSON below /api/.
void layout_error(const struct portal *p, const struct request *q, struct reply *r, int status,
	const char *text);

// <time> of an instant in the zone; "–" for 0.
void layout_time(struct strbuf *out, const struct timezone_rules *zone, int64_t utc_s);
// A state as people know it, with a mark that does not depend on colour.
void layout_state(struct strbuf *out, const char *state);
const char *zone_time(struct arena *a, const struct timezone_rules *zone, int64_t utc_s);
const char *day_text(struct arena *a, int64_t utc_s); // 2026-11-21
