// SPDX-License-Identifier: Apache-2.0
// Small drawings in inline SVG, so that a page says all it has to say without scripts. Colours
// come from the style sheet by class.
#pragma once

#include "common/str.h"
#include "portal/series.h"

// Mean line and, with several hosts, the band between lowest and highest. Gaps stay open.
void svg_series(struct strbuf *out, const struct series_data *d, struct arena *a);

// A bar for a share in [0, 1]; label is what a screen reader says.
void svg_share(struct strbuf *out, double share, const char *label);

// The job's time from submission: waiting, running, unused rest of the limit.
struct svg_timing {
	int64_t wait_s, run_s, rest_s;
};
void svg_timing(struct strbuf *out, const struct svg_timing *t, const char *label);
