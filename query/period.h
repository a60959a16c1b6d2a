// SPDX-License-Identifier: Apache-2.0
// The days that a question is about, as people type them: 2026, 2026-03, 2026-03-05.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/error.h"

struct period { // both days belong to it
	char since[DAY_TEXT_SIZE], until[DAY_TEXT_SIZE];
};

// NULL asks for the usual: until today, since the first day of the month eleven months before the last
// day. With whole_months the last day is the end of a month that is over.
int period_read(const char *since, const char *until, int64_t now_s, bool whole_months,
	struct period *ret, struct error *err) MUST_USE;
