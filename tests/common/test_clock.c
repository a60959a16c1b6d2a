// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"

Test(civil, agrees_with_the_c_library)
{
	for (int64_t t = -62135596800; t < 253402300800; t += 98765432) {
		struct civil c = civil_from_unix(t);
		time_t when = t;
		struct tm tm;

		gmtime_r(&when, &tm);
		cr_assert(c.year == tm.tm_year + 1900 && c.month == tm.tm_mon + 1 &&
				  c.day == tm.tm_mday && c.hour == tm.tm_hour &&
				  c.minute == tm.tm_min && c.second == tm.tm_sec,
			"%lld", (long long)t);
		cr_assert(eq(i64, unix_from_civil(c), t));
	}
}

Test(time, forms)
{
	static const struct {
		const char *text, *utc;
	} cases[] = {
		{"2026-11-21", "2026-11-21T00:00:00Z"},
		{"2026-11-21T03:32", "2026-11-21T03:32:00Z"},
		{"2026-11-21T03:32:10", "2026-11-21T03:32:10Z"},
		{"2026-11-21 03:32:10", "2026-11-21T03:32:10Z"},
		{"2026-11-21T03:32:10Z", "2026-11-21T03:32:10Z"},
		{"2026-11-21T03:32:10.987Z", "2026-11-21T03:32:10Z"},
		{"2026-11-21T03:32:10+01:00", "2026-11-21T02:32:10Z"},
		{"2026-11-21T03:32:10-0330", "2026-11-21T07:02:10Z"},
		{"2026-11-21T03:32+01", "2026-11-21T02:32:00Z"},
		{"@1789", "1970-01-01T00:29:49Z"},
		{"@-1", "1969-12-31T23:59:59Z"},
		{"2024-02-29", "2024-02-29T00:00:00Z"},
		{"2000-02-29", "2000-02-29T00:00:00Z"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char buf[TIME_TEXT_SIZE];
		int64_t t = 0;

		cr_assert(eq(int, parse_time(cases[i].text, NULL, &t), 0), "%s", cases[i].text);
		cr_assert(eq(str, format_time(t, buf), cases[i].utc));
	}
}

Test(time, nonsense)
{
	static const char *const wrong[] = {"", "2026", "2026-13-01", "2026-02-29", "1900-02-29",
		"2026-00-10", "2026-01-00", "2026-01-32", "2026-01-01T24:00", "2026-01-01T23:60",
		"2026-01-01T23:59:60", "2026-01-01T", "2026-01-01T1:00", "2026-01-01T01:00:00x",
		"2026-01-01T01:00:00+1", "2026-01-01T01:00:00+01:", "2026-01-01T01:00:00.", "@",
		"@1x", "26-01-01", "2026-1-1", "Unknown", "2026-01-01T01:00:00Zx"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		int64_t t = 77;

		cr_assert(eq(int, parse_time(wrong[i], NULL, &t), -EINVAL), "%s", wrong[i]);
		cr_assert(eq(i64, t, 77));
	}
	cr_assert(eq(int, parse_time(NULL, NULL, &(int64_t){0}), -EINVAL));
}

Test(duration, forms)
{
	static const struct {
		const char *text;
		int code;
		int64_t seconds;
	} cases[] = {
		{"0", 0, 0},
		{"90", 0, 90},
		{"90s", 0, 90},
		{"5m", 0, 300},
		{"1h30m", 0, 5400},
		{"2d", 0, 172800},
		{"1d2h3m4s", 0, 93784},
		{"12:34", 0, 754},
		{"01:02:03", 0, 3723},
		{"1-00:00:00", 0, 86400},
		{"2-03:04:05", 0, 183845},
		{"1-12", 0, 129600},
		{"1-12:30", 0, 131400},
		{"00:01.234", 0, 1},
		{"UNLIMITED", -ERANGE, 0},
		{"", -ERANGE, 0},
		{"9999999999999", -ERANGE, 0},
		{"999999999999", 0, 999999999999},
		{"999999999999d", -ERANGE, 0},
		{"202202202201:00", -ERANGE, 0},
		{"Partition_Limit", -EINVAL, 0},
		{"1m1h", -EINVAL, 0},
		{"1m1m", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"m", -EINVAL, 0},
		{"5m3", -EINVAL, 0},
		{"-5", -EINVAL, 0},
		{"1:2:3:4", -EINVAL, 0},
		{"1-", -EINVAL, 0},
		{"1--2", -EINVAL, 0},
		{":1", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t s = 77;

		cr_assert(eq(int, parse_duration(cases[i].text, &s), cases[i].code), "%s",
			cases[i].text);
		cr_assert(eq(i64, s, cases[i].code ? 77 : cases[i].seconds), "%s", cases[i].text);
	}
}

Test(clock, runs_forward)
{
	int64_t a = clock_monotonic_ns();
	int64_t b = clock_monotonic_ns();

	cr_assert(ge(i64, b, a));
	cr_assert(gt(i64, clock_now_s(), 1700000000));
	cr_assert(eq(i64, clock_now_ns() / NS_PER_S / 100000, clock_now_s() / 100000));
}

Test(clock, months_go_on_past_december_and_back_before_january)
{
	static const struct {
		int year, month;
		const char *day;
	} rows[] = {
		{2024, 1, "2024-01-01"},
		{2024, 12, "2024-12-01"},
		{2024, 13, "2025-01-01"},
		{2024, 24, "2025-12-01"},
		{2024, 25, "2026-01-01"},
		{2024, 0, "2023-12-01"},
		{2024, -11, "2023-01-01"},
		{2024, -12, "2022-12-01"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[DAY_TEXT_SIZE];

		format_day(month_begin(rows[i].year, rows[i].month), text);
		cr_assert(eq(str, text, (char *)rows[i].day));
	}
}
