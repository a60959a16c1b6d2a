// SPDX-License-Identifier: Apache-2.0
// Inside of common/timezone.c, open to its tests: zone files and the rule that ends them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/clock.h"

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

enum rule_day_kind { RULE_JULIAN, RULE_DAY_OF_YEAR, RULE_WEEKDAY };

struct rule_date { // a day of every year, and a wall-clock time on it
	enum rule_day_kind kind;
	int day;    // JULIAN: 1..365 without 29 February; DAY_OF_YEAR: 0..365; WEEKDAY: 0 = Sunday
	int month;  // WEEKDAY: 1..12
	int week;   // WEEKDAY: 1..5, 5 is the last
	int time_s; // -167 h .. 167 h
};

struct zone_rule {                          // "CET-1CEST,M3.5.0,M10.5.0/3"
	int standard_offset, summer_offset; // seconds east of UTC
	bool has_summer;
	struct rule_date start, end; // of summer time
};

bool zone_rule_parse(const char *text, struct zone_rule *ret);
int zone_rule_offset(const struct zone_rule *r, int64_t utc_s);

int timezone_parse(const char *name, struct bytes text, struct timezone_rules **ret,
	struct error *err) MUST_USE;
