// SPDX-License-Identifier: Apache-2.0
// Charts as inline SVG that needs no script. Places across are per cent, so that a chart fills any
// width and its letters keep their size; colours are attributes, for PDF, and classes, for the dark.
#pragma once

#include "common/str.h"
#include "export/answer.h"

enum { CHART_SERIES_MAX = 8 };

extern const char *const chart_colours[CHART_SERIES_MAX];

// Over time: columns, a stack or lines. Gaps stay open.
void chart_time(struct strbuf *out, const struct answer *a);
// A bar of a table's row: its share of the largest.
void chart_bar(struct strbuf *out, const struct cell *c, double largest);

// The least round number that is not below v, and how many steps it is made of.
double chart_round(double v, int *ret_steps);
