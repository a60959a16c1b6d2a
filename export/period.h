// SPDX-License-Identifier: Apache-2.0
// The days that a report is about.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct period {
	int64_t begin_s, end_s; // the first and the last day, as midnights UTC
};

// 2026, 2026-Q3, 2026-10, 2026-10-05, or two of these with .. between: from the first day of one to
// the last of the other.
int period_parse(const char *text, struct period *ret, struct error *err) MUST_USE;
// The whole month before the one that this day is in.
struct period period_last_month(int64_t today_s);

int64_t period_days(const struct period *p);
const char *period_unit(
	const struct period *p); // day, month or year: what a chart over it counts in

enum { PERIOD_TEXT_SIZE = 48 };
// October 2026, for people.
const char *period_text(const struct period *p, char buf[PERIOD_TEXT_SIZE]);
// What a day, month or year is called in a chart.
const char *period_label(int64_t day_s, const char *unit, char buf[PERIOD_TEXT_SIZE]);
