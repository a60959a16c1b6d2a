// SPDX-License-Identifier: Apache-2.0
// Calendar, times and durations as text, and the clocks. Zones are in timezone.c.
#include "common/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/str.h"

enum { DAY_S = 86400 };

// Days are counted in eras of 400 years from 0000-03-01, so that the leap day ends a year.
enum { ERA_DAYS = 146097, EPOCH_DAYS = 719468 };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t days_from_date(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = floor_div(y, 400);
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * ERA_DAYS + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - EPOCH_DAYS;
}

struct civil civil_from_unix(int64_t s)
{
	int64_t days = floor_div(s, DAY_S);
	int64_t rest = s - days * DAY_S;
	int64_t z = days + EPOCH_DAYS;
	int64_t era = floor_div(z, ERA_DAYS);
	int64_t doe = z - era * ERA_DAYS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153; // March is 0
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);

	return (struct civil){
		.year = (int)(yoe + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
	};
}

int64_t unix_from_civil(struct civil c)
{
	return days_from_date(c.year, c.month, c.day) * DAY_S + c.hour * 3600 + c.minute * 60 +
	       c.second;
}

int64_t month_begin(int year, int month)
{
	enum { MONTHS = 12 };
	int months = year * MONTHS + month - 1;

	return unix_from_civil(
		(struct civil){.year = months / MONTHS, .month = months % MONTHS + 1, .day = 1});
}

// Exactly n digits at *p, a number of lo..hi; moves *p on.
static int take_number(const char **p, int n, int lo, int hi, int *ret)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		char c = (*p)[i];

		if (c < '0' || c > '9')
			return -EINVAL;
		v = v * 10 + (c - '0');
	}
	if (v < lo || v > hi)
		return -EINVAL;
	*p += n;
	*ret = v;
	return 0;
}

static bool take_char(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && is_leap ? 29 : days[month - 1];
}

static int take_date(const char **p, struct civil *c)
{
	TRY(take_number(p, 4, 1, 9999, &c->year));
	if (!take_char(p, '-'))
		return -EINVAL;
	TRY(take_number(p, 2, 1, 12, &c->month));
	if (!take_char(p, '-'))
		return -EINVAL;
	return take_number(p, 2, 1, days_in_month(c->year, c->month), &c->day);
}

static int take_clock(const char **p, struct civil *c)
{
	TRY(take_number(p, 2, 0, 23, &c->hour));
	if (!take_char(p, ':'))
		return -EINVAL;
	TRY(take_number(p, 2, 0, 59, &c->minute));
	if (!take_char(p, ':'))
		return 0;
	TRY(take_number(p, 2, 0, 59, &c->second));
	if (take_char(p, '.')) { // a fraction is read over: instants here are whole seconds
		if (**p < '0' || **p > '9')
			return -EINVAL;
		while (**p >= '0' && **p <= '9')
			(*p)++;
	}
	return 0;
}

// "Z", "+01:00", "+0100" or "+01": 1 and the offset; 0 when the text ends here.
static int take_offset(const char **p, int *ret_s)
{
	int sign = **p == '-' ? -1 : 1;
	int hours;
	int minutes = 0;

	if (!**p)
		return 0;
	if (take_char(p, 'Z')) {
		*ret_s = 0;
		return 1;
	}
	if (!take_char(p, '+') && !take_char(p, '-'))
		return -EINVAL;
	TRY(take_number(p, 2, 0, 23, &hours));
	if (take_char(p, ':') || **p)
		TRY(take_number(p, 2, 0, 59, &minutes));
	*ret_s = sign * (hours * 3600 + minutes * 60);
	return 1;
}

int parse_time(const char *s, const struct timezone_rules *zone, int64_t *ret_s)
{
	struct civil c = {0};
	int offset_s = 0;
	int has_offset = 0;

	if (!s)
		return -EINVAL;
	if (*s == '@')
		return parse_i64(s + 1, ret_s);
	TRY(take_date(&s, &c));
	if (*s) {
		if (!take_char(&s, 'T') && !take_char(&s, ' '))
			return -EINVAL;
		TRY(take_clock(&s, &c));
		has_offset = take_offset(&s, &offset_s);
		TRY(has_offset);
		if (*s)
			return -EINVAL;
	}
	*ret_s = has_offset || !zone ? unix_from_civil(c) - offset_s : unix_in_zone(zone, c);
	return 0;
}

#define DURATION_MAX_S INT64_C(999999999999) // 30,000 years

// A whole number at *p, at most 12 digits: no sum below overflows.
static int take_count(const char **p, int64_t *ret)
{
	int64_t v = 0;
	int n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++, n++) {
		if (n == 12)
			return -ERANGE;
		v = v * 10 + (**p - '0');
	}
	*ret = v;
	return n ? 0 : -EINVAL;
}

// 1h30m: parts of falling size, each at most once.
static int parse_units(const char *s, int64_t *ret_s)
{
	static const struct {
		char letter;
		int seconds;
	} units[] = {{'d', DAY_S}, {'h', 3600}, {'m', 60}, {'s', 1}};
	int64_t total = 0;
	size_t i = 0;

	while (*s) {
		int64_t v;

		TRY(take_count(&s, &v));
		while (i < ARRAY_LEN(units) && units[i].letter != *s)
			i++;
		if (i == ARRAY_LEN(units))
			return -EINVAL;
		total += v * units[i++].seconds;
		s++;
	}
	*ret_s = total;
	return 0;
}

// Slurm's days-hh[:mm[:ss]], hh:mm:ss and mm:ss, each also with a fraction of a second.
static int parse_colons(const char *s, int64_t *ret_s)
{
	int64_t days = 0;
	int64_t part[3] = {0};
	bool has_days = strchr(s, '-') != NULL;
	int n = 0;

	if (has_days) {
		TRY(take_count(&s, &days));
		if (!take_char(&s, '-'))
			return -EINVAL;
	}
	do {
		if (n == 3)
			return -EINVAL;
		TRY(take_count(&s, &part[n++]));
	} while (take_char(&s, ':'));
	if (take_char(&s, '.'))
		s += strspn(s, "0123456789");
	if (*s)
		return -EINVAL;
	if (n == 2 && !has_days) { // mm:ss
		part[2] = part[1];
		part[1] = part[0];
		part[0] = 0;
	}
	*ret_s = days * DAY_S + part[0] * 3600 + part[1] * 60 + part[2];
	return 0;
}

static int parse_any_duration(const char *s, int64_t *ret_s)
{
	if (strpbrk(s, ":-"))
		return parse_colons(s, ret_s);
	if (!s[strspn(s, "0123456789")])
		return take_count(&s, ret_s);
	return parse_units(s, ret_s);
}

int parse_duration(const char *s, int64_t *ret_s)
{
	int64_t total = 0;

	if (!s)
		return -EINVAL;
	if (!*s || str_eq(s, "UNLIMITED"))
		return -ERANGE;
	TRY(parse_any_duration(s, &total));
	if (total > DURATION_MAX_S)
		return -ERANGE;
	*ret_s = total;
	return 0;
}

const char *format_time(int64_t utc_s, char buf[TIME_TEXT_SIZE])
{
	struct civil c = civil_from_unix(utc_s);

	str_format(buf, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month, c.day,
		c.hour, c.minute, c.second);
	return buf;
}

const char *format_day(int64_t utc_s, char buf[DAY_TEXT_SIZE])
{
	struct civil c = civil_from_unix(utc_s);

	str_format(buf, DAY_TEXT_SIZE, "%04d-%02d-%02d", c.year, c.month, c.day);
	return buf;
}

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t); // cannot fail for the two clocks below
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_now_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_now_s(void)
{
	return clock_now_ns() / NS_PER_S;
}

int64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
