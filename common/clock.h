// SPDX-License-Identifier: Apache-2.0
// Time. Inside the program an instant is int64_t seconds (accounting) or nanoseconds (samples)
// since 1970 UTC; zones exist only at the walls, and never through the process-wide TZ.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/macro.h"

#define NS_PER_S INT64_C(1000000000)

struct timezone_rules; // a loaded IANA zone; thread-safe once loaded

int timezone_open(const char *name, struct timezone_rules **ret, struct error *err) MUST_USE;
void timezone_close(struct timezone_rules *z);                      // NULL allowed
int timezone_offset(const struct timezone_rules *z, int64_t utc_s); // seconds east of UTC

struct civil { // proleptic Gregorian
	int year, month, day, hour, minute, second;
};

struct civil civil_from_unix(int64_t s); // UTC
int64_t unix_from_civil(struct civil c); // UTC
// The first day of a month, whose number counts on past December and back before January.
int64_t month_begin(int year, int month);
struct civil civil_in_zone(const struct timezone_rules *z, int64_t utc_s);
// Local wall clock → UTC. In the autumn fold the first of the two instants; in the spring gap the
// instant after the gap.
int64_t unix_in_zone(const struct timezone_rules *z, struct civil local);

// Accepts 2026-11-21, 2026-11-21T03:32[:10], the same with a blank, with Z or +01:00, and @1789.
// zone applies when the text names none (NULL: UTC).
int parse_time(const char *s, const struct timezone_rules *zone, int64_t *ret_s) MUST_USE;
// 90, 90s, 5m, 1h30m, 2d; and Slurm's [days-]hh:mm:ss, mm:ss. UNLIMITED and empty give -ERANGE.
int parse_duration(const char *s, int64_t *ret_s) MUST_USE;

#define TIME_TEXT_SIZE 32
const char *format_time(int64_t utc_s, char buf[TIME_TEXT_SIZE]); // 2026-11-21T03:32:10Z
#define DAY_TEXT_SIZE 16
const char *format_day(int64_t utc_s, char buf[DAY_TEXT_SIZE]); // 2026-11-21

int64_t clock_now_s(void);
int64_t clock_now_ns(void);       // real time
int64_t clock_monotonic_ns(void); // for durations
