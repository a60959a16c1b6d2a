// SPDX-License-Identifier: Apache-2.0
// The rule of summer time for all years after a zone file's last transition (POSIX TZ form).
#include "common/timezone.h"

enum { HOUR_S = 3600, DAY_S = 86400 };

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// "CET" or "<+0530>": read over, three characters at least.
static bool take_name(const char **p)
{
	bool is_quoted = **p == '<';
	int n = 0;

	*p += is_quoted;
	while (is_letter(**p) || (is_quoted && (is_digit(**p) || **p == '+' || **p == '-'))) {
		(*p)++;
		n++;
	}
	if (is_quoted && *(*p)++ != '>')
		return false;
	return n >= 3;
}

static bool take_number(const char **p, int lo, int hi, int *ret)
{
	int v = 0;
	int n = 0;

	for (; is_digit(**p) && n < 3; (*p)++, n++)
		v = v * 10 + (**p - '0');
	*ret = v;
	return n && v >= lo && v <= hi;
}

// [+-]hh[:mm[:ss]]
static bool take_time(const char **p, int max_hours, int *ret_s)
{
	int sign = **p == '-' ? -1 : 1;
	int part[3] = {0};

	*p += **p == '-' || **p == '+';
	if (!take_number(p, 0, max_hours, &part[0]))
		return false;
	for (int i = 1; i < 3 && **p == ':'; i++) {
		(*p)++;
		if (!take_number(p, 0, 59, &part[i]))
			return false;
	}
	*ret_s = sign * (part[0] * HOUR_S + part[1] * 60 + part[2]);
	return true;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool take_day(const char **p, struct rule_date *d)
{
	if (take_char(p, 'J')) {
		d->kind = RULE_JULIAN;
		return take_number(p, 1, 365, &d->day);
	}
	if (take_char(p, 'M')) {
		d->kind = RULE_WEEKDAY;
		return take_number(p, 1, 12, &d->month) && take_char(p, '.') &&
		       take_number(p, 1, 5, &d->week) && take_char(p, '.') &&
		       take_number(p, 0, 6, &d->day);
	}
	d->kind = RULE_DAY_OF_YEAR;
	return take_number(p, 0, 365, &d->day);
}

static bool take_date(const char **p, struct rule_date *d)
{
	d->time_s = 2 * HOUR_S;
	return take_char(p, ',') && take_day(p, d) &&
	       (!take_char(p, '/') || take_time(p, 167, &d->time_s));
}

bool zone_rule_parse(const char *text, struct zone_rule *ret)
{
	const char *p = text;

	*ret = (struct zone_rule){0};
	if (!take_name(&p) || !take_time(&p, 24, &ret->standard_offset))
		return false;
	ret->standard_offset = -ret->standard_offset; // the text counts west of UTC
	if (!*p)
		return true;
	ret->has_summer = true;
	ret->summer_offset = ret->standard_offset + HOUR_S;
	if (!take_name(&p))
		return false;
	if (*p != ',') {
		if (!take_time(&p, 24, &ret->summer_offset))
			return false;
		ret->summer_offset = -ret->summer_offset;
	}
	return take_date(&p, &ret->start) && take_date(&p, &ret->end) && !*p;
}

static int64_t day_start(int year, int month, int day)
{
	return unix_from_civil((struct civil){.year = year, .month = month, .day = day});
}

static int weekday(int64_t midnight_s)
{
	int64_t day = midnight_s / DAY_S; // 1970-01-01 was a Thursday

	return (int)(((day + 4) % 7 + 7) % 7);
}

static int64_t find_weekday(const struct rule_date *d, int year)
{
	int64_t first = day_start(year, d->month, 1);
	int64_t next =
		d->month == 12 ? day_start(year + 1, 1, 1) : day_start(year, d->month + 1, 1);
	int64_t day = first + (d->day - weekday(first) + 7) % 7 * DAY_S + (d->week - 1) * 7 * DAY_S;

	while (day >= next)
		day -= 7 * DAY_S;
	return day;
}

// The date of a year as if the wall clock showed UTC.
static int64_t date_in_year(const struct rule_date *d, int year)
{
	int64_t new_year = day_start(year, 1, 1);
	bool is_leap = day_start(year + 1, 1, 1) - new_year == 366 * DAY_S;

	switch (d->kind) {
	case RULE_JULIAN:
		return new_year + (d->day - 1 + (is_leap && d->day >= 60)) * DAY_S + d->time_s;
	case RULE_DAY_OF_YEAR:
		return new_year + d->day * DAY_S + d->time_s;
	case RULE_WEEKDAY:
		break;
	}
	return find_weekday(d, year) + d->time_s;
}

int zone_rule_offset(const struct zone_rule *r, int64_t utc_s)
{
	int64_t start;
	int64_t end;
	bool is_summer;
	int year;

	if (!r->has_summer)
		return r->standard_offset;
	year = civil_from_unix(utc_s + r->standard_offset).year;
	start = date_in_year(&r->start, year) - r->standard_offset;
	end = date_in_year(&r->end, year) - r->summer_offset;
	is_summer = start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
	return is_summer ? r->summer_offset : r->standard_offset;
}
