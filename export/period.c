// SPDX-License-Identifier: Apache-2.0
// Periods as people write them. Days are those of the site; no clock is asked here.
#include "export/period.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"

enum { DAY_S = 86400, YEAR_LEAST = 1970, YEAR_MOST = 9999 };
enum { DAYS_OF_DAYS = 92, DAYS_OF_MONTHS = 36 * 31 }; // charts have at most so many steps, or so

static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};

static int64_t day(int year, int month, int day_of_month)
{
	struct civil c = {.year = year, .month = month, .day = day_of_month};

	return unix_from_civil(c);
}

// So many digits; -1: they are none.
static int digits(const char **text, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return -1;
		v = v * 10 + (**text - '0');
	}
	return v;
}

static bool take_month(const char *t, int year, struct period *ret)
{
	int month = digits(&t, 2);
	int of_month;

	if (month < 1 || month > 12)
		return false;
	ret->begin_s = month_begin(year, month);
	ret->end_s = month_begin(year, month + 1) - DAY_S;
	if (*t == '\0')
		return true;
	if (*t++ != '-')
		return false;
	of_month = digits(&t, 2);
	if (*t != '\0' || of_month < 1 || day(year, month, of_month) > ret->end_s)
		return false;
	ret->begin_s = day(year, month, of_month);
	ret->end_s = ret->begin_s;
	return true;
}

static bool take_one(const char *t, struct period *ret)
{
	int year = digits(&t, 4);
	int quarter;

	if (year < YEAR_LEAST || year > YEAR_MOST)
		return false;
	ret->begin_s = day(year, 1, 1);
	ret->end_s = day(year, 12, 31);
	if (*t == '\0')
		return true;
	if (*t++ != '-')
		return false;
	if (*t != 'Q' && *t != 'q')
		return take_month(t, year, ret);
	t++;
	quarter = digits(&t, 1);
	if (*t != '\0' || quarter < 1 || quarter > 4)
		return false;
	ret->begin_s = month_begin(year, quarter * 3 - 2);
	ret->end_s = month_begin(year, quarter * 3 + 1) - DAY_S;
	return true;
}

int period_parse(const char *text, struct period *ret, struct error *err)
{
	const char *dots = strstr(text, "..");
	struct period first = {0};
	struct period last = {0};
	char head[12]; // 2026-10-05
	bool is_well;

	if (dots) {
		is_well = str_format(head, sizeof(head), "%.*s", (int)(dots - text), text) &&
		          take_one(head, &first) && take_one(dots + 2, &last);
	} else {
		is_well = take_one(text, &first);
		last = first;
	}
	if (!is_well)
		return error_set(err, EINVAL,
			"'%.40s' is no period: say 2026, 2026-Q3, 2026-10, 2026-10-05, or two of these "
			"with .. between",
			text);
	if (last.end_s < first.begin_s)
		return error_set(err, EINVAL, "period '%.40s' ends before it begins", text);
	*ret = (struct period){.begin_s = first.begin_s, .end_s = last.end_s};
	return 0;
}

struct period period_last_month(int64_t today_s)
{
	struct civil c = civil_from_unix(today_s);
	int64_t end = day(c.year, c.month, 1) - DAY_S;
	struct civil last = civil_from_unix(end);

	return (struct period){.begin_s = day(last.year, last.month, 1), .end_s = end};
}

int64_t period_days(const struct period *p)
{
	return (p->end_s - p->begin_s) / DAY_S + 1;
}

const char *period_unit(const struct period *p)
{
	int64_t n = period_days(p);

	if (n <= DAYS_OF_DAYS)
		return "day";
	return n <= DAYS_OF_MONTHS ? "month" : "year";
}

const char *period_text(const struct period *p, char buf[PERIOD_TEXT_SIZE])
{
	struct civil b = civil_from_unix(p->begin_s);
	struct civil e = civil_from_unix(p->end_s);
	int64_t n = period_days(p);

	if (n == 1)
		(void)str_format(
			buf, PERIOD_TEXT_SIZE, "%d %s %d", b.day, months[b.month - 1], b.year);
	else if (b.day == 1 && p->end_s + DAY_S == month_begin(b.year, b.month + 1))
		(void)str_format(buf, PERIOD_TEXT_SIZE, "%s %d", months[b.month - 1], b.year);
	else if (b.day == 1 && b.month == 1 && p->end_s + DAY_S == day(b.year + 1, 1, 1))
		(void)str_format(buf, PERIOD_TEXT_SIZE, "%d", b.year);
	else if (b.day == 1 && b.month % 3 == 1 &&
		 p->end_s + DAY_S == month_begin(b.year, b.month + 3))
		(void)str_format(
			buf, PERIOD_TEXT_SIZE, "quarter %d of %d", b.month / 3 + 1, b.year);
	else
		(void)str_format(buf, PERIOD_TEXT_SIZE, "%d %s %d to %d %s %d", b.day,
			months[b.month - 1], b.year, e.day, months[e.month - 1], e.year);
	return buf;
}

const char *period_label(int64_t day_s, const char *unit, char buf[PERIOD_TEXT_SIZE])
{
	struct civil c = civil_from_unix(day_s);

	if (str_eq(unit, "day"))
		(void)str_format(buf, PERIOD_TEXT_SIZE, "%d %.3s", c.day, months[c.month - 1]);
	else if (str_eq(unit, "month"))
		(void)str_format(buf, PERIOD_TEXT_SIZE, "%.3s %d", months[c.month - 1], c.year);
	else
		(void)str_format(buf, PERIOD_TEXT_SIZE, "%d", c.year);
	return buf;
}
