// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"
#include "export/chart.h"
#include "export/number.h"
#include "export/period.h"

static void check_period(const char *text, const char *begin, const char *end, const char *said)
{
	struct period p;
	struct error err = {0};
	char first[DAY_TEXT_SIZE];
	char last[DAY_TEXT_SIZE];
	char words[PERIOD_TEXT_SIZE];

	cr_assert(eq(int, period_parse(text, &p, &err), 0), "%s", err.text);
	cr_assert(eq(str, (char *)format_day(p.begin_s, first), (char *)begin));
	cr_assert(eq(str, (char *)format_day(p.end_s, last), (char *)end));
	cr_assert(eq(str, (char *)period_text(&p, words), (char *)said));
}

Test(period, of_every_kind)
{
	check_period("2026", "2026-01-01", "2026-12-31", "2026");
	check_period("2026-Q1", "2026-01-01", "2026-03-31", "quarter 1 of 2026");
	check_period("2026-q4", "2026-10-01", "2026-12-31", "quarter 4 of 2026");
	check_period("2024-02", "2024-02-01", "2024-02-29", "February 2024");
	check_period("2026-12", "2026-12-01", "2026-12-31", "December 2026");
	check_period("2026-10-05", "2026-10-05", "2026-10-05", "5 October 2026");
	check_period("2026-11..2027-02-03", "2026-11-01", "2027-02-03",
		"1 November 2026 to 3 February 2027");
	check_period("2026-01..2026-03", "2026-01-01", "2026-03-31", "quarter 1 of 2026");
}

Test(period, that_is_none)
{
	static const char *const wrong[] = {"", "26", "2026-", "2026-13", "2026-00", "2026-Q5",
		"2026-Q", "2026-02-29", "2026-02-1", "2026-02-011", "2027..2026", "..2026",
		"2026..", "2026..2027..2028", "1969", "x", "2026-10-05T00:00", "2026-1x",
		"2026-10-05-2026-10-06..2027"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct period p;

		cr_assert(eq(int, period_parse(wrong[i], &p, NULL), -EINVAL), "%s", wrong[i]);
	}
}

Test(period, last_month_and_steps)
{
	struct period p;
	char text[PERIOD_TEXT_SIZE];
	struct civil january = {.year = 2026, .month = 1, .day = 31};

	p = period_last_month(unix_from_civil(january));
	cr_assert(eq(str, (char *)period_text(&p, text), "December 2025"));
	cr_assert(eq(str, (char *)period_unit(&p), "day"));
	cr_assert(eq(int, period_parse("2025", &p, NULL), 0));
	cr_assert(eq(str, (char *)period_unit(&p), "month"));
	cr_assert(eq(int, period_parse("2016..2025", &p, NULL), 0));
	cr_assert(eq(str, (char *)period_unit(&p), "year"));
}

Test(chart, scales_are_round)
{
	static const struct {
		double v, most;
		int steps;
	} cases[] = {{0, 1, 4}, {-3, 1, 4}, {1, 1, 4}, {0.7, 0.8, 4}, {11, 12, 4}, {99, 100, 5},
		{100, 100, 4}, {1234, 1600, 4}, {2.6e9, 3e9, 3}, {7e-5, 8e-5, 4}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int steps;

		cr_assert(ieee_ulp_eq(dbl, chart_round(cases[i].v, &steps), cases[i].most, 4));
		cr_assert(eq(int, steps, cases[i].steps), "%g", cases[i].v);
	}
}

Test(number, as_people_read_it)
{
	static const struct {
		double v;
		const char *unit, *text;
	} cases[] = {{1234567.4, "core hours", "1\u202f234\u202f567"},
		{12.34, "core hours", "12.3"}, {3, "jobs", "3"}, {0.5, "hours", "0.50"},
		{0.0036, "hours", "13.0 s"}, {40.44, "%", "40.4 %"}, {1073741824, "B", "1.00 GiB"},
		{3661, "s", "1:01:01"}, {0, "core hours", "0"}, {4, "core hours", "4.00"},
		{56, "GPU hours", "56.0"}, {0.0003, "core hours", "< 0.01"},
		{0.03, "core hours", "0.03"}, {0.0032, "kWh/core hour", "0.0032"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cell c = {.is_known = true, .value = cases[i].v, .coverage = NAN};
		char text[FIGURE_SIZE];

		cr_assert(eq(
			str, (char *)figure_text(&c, cases[i].unit, text), (char *)cases[i].text));
	}
}

Test(number, what_is_not_known)
{
	const struct cell none = {.coverage = NAN};
	const struct cell part = {.is_known = true, .value = 1, .coverage = 0.83};
	const struct cell most = {.is_known = true, .value = 1, .coverage = 0.999};
	char text[FIGURE_SIZE];

	cr_assert(zero(ptr, (void *)figure_text(&none, "jobs", text)));
	cr_assert(zero(ptr, (void *)coverage_text(&none, text)));
	cr_assert(zero(ptr, (void *)coverage_text(&most, text)));
	cr_assert(eq(str, (char *)coverage_text(&part, text), "of 83 %"));
}
