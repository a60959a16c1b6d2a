// SPDX-License-Identifier: Apache-2.0
// Reads days. A year or a month stands for its first day in --since and for its last in --until.
#include "query/period.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"

enum { MONTHS = 12, DAY_S = 86400, YEAR_MIN = 1970, YEAR_MAX = 9999 };

struct words { // of a date: how many there are, and their values
	int n;
	int numbers[3];
};

static bool take_number(const char **at, size_t digits, int *ret)
{
	int value = 0;

	for (size_t i = 0; i < digits; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return false;
		value = value * 10 + (**at - '0');
	}
	*ret = value;
	return true;
}

static bool read_words(const char *text, struct words *ret)
{
	static const size_t digits[] = {4, 2, 2};
	struct words w = {0};
	const char *at = text;

	for (; w.n < (int)ARRAY_LEN(digits); w.n++) {
		if (w.n > 0 && *at++ != '-')
			return false;
		if (!take_number(&at, digits[w.n], &w.numbers[w.n]))
			return false;
		if (!*at) {
			w.n++;
			*ret = w;
			return true;
		}
	}
	return false;
}

static int64_t last_of_month(int year, int month)
{
	return month_begin(year, month + 1) - DAY_S;
}

static bool is_day(const struct civil *c)
{
	struct civil back = civil_from_unix(unix_from_civil(*c));

	return back.year == c->year && back.month == c->month && back.day == c->day;
}

static int read_day(
	const char *option, const char *text, bool is_last, int64_t *ret, struct error *err)
{
	struct words w;
	struct civil c;

	if (!read_words(text, &w) || w.numbers[0] < YEAR_MIN || w.numbers[0] >= YEAR_MAX)
		return error_set(err, EINVAL,
			"%s %s: not a day such as 2026-03-05, 2026-03 or 2026", option, text);
	c = (struct civil){.year = w.numbers[0],
		.month = w.n > 1   ? w.numbers[1]
	                 : is_last ? MONTHS
	                           : 1,
		.day = w.n > 2 ? w.numbers[2] : 1};
	if (c.month < 1 || c.month > MONTHS || !is_day(&c))
		return error_set(err, EINVAL, "%s %s: there is no such day", option, text);
	*ret = is_last && w.n < 3 ? last_of_month(c.year, c.month) : unix_from_civil(c);
	return 0;
}

int period_read(const char *since, const char *until, int64_t now_s, bool whole_months,
	struct period *ret, struct error *err)
{
	struct civil now = civil_from_unix(now_s);
	int64_t last = whole_months ? last_of_month(now.year, now.month - 1) : now_s;
	int64_t first;
	struct civil end;

	if (until)
		TRY(read_day("--until", until, true, &last, err));
	end = civil_from_unix(last);
	first = month_begin(end.year, end.month - MONTHS + 1);
	if (since)
		TRY(read_day("--since", since, false, &first, err));
	if (first > last)
		return error_set(err, EINVAL, "--since %s is after --until %s", since ? since : "",
			until ? until : "today");
	format_day(first, ret->since);
	format_day(last, ret->until);
	return 0;
}
