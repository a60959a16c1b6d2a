// SPDX-License-Identifier: Apache-2.0
// Figures as people read them.
#pragma once

#include "export/answer.h"

enum { FIGURE_SIZE = 96 };

// 1 234 567, 12.3 %, 3.26 GiB, 3:10:22; NULL where it was not measured. The unit is part of it where
// figures of one unit differ in it (%, bytes, time).
const char *figure_text(const struct cell *c, const char *unit, char buf[FIGURE_SIZE]);
// What a column's heading says besides its label; NULL: the label or the figures say it.
const char *column_unit(const struct column *c);
// "of 83 %": where a figure is of a part only; NULL: of all.
const char *coverage_text(const struct cell *c, char buf[FIGURE_SIZE]);
