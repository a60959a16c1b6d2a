// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#include "common/file.h"
#include "common/timezone.h"

static struct timezone_rules *zone(const char *name)
{
	struct timezone_rules *z = NULL;
	struct error err = {0};

	cr_assert(eq(int, timezone_open(name, &z, &err), 0), "%s", err.text);
	return z;
}

static void check(const char *name, const char *local, const char *utc)
{
	struct timezone_rules *z = zone(name);
	char buf[TIME_TEXT_SIZE];
	int64_t t = 0;

	cr_assert(eq(int, parse_time(local, z, &t), 0));
	cr_assert(eq(str, format_time(t, buf), utc), "%s %s", name, local);
	timezone_close(z);
}

Test(zone, ordinary_times)
{
	check("UTC", "2026-07-01T12:00:00", "2026-07-01T12:00:00Z");
	check("Europe/Paris", "2026-01-15T12:00:00", "2026-01-15T11:00:00Z");
	check("Europe/Paris", "2026-07-15T12:00:00", "2026-07-15T10:00:00Z");
	check("America/New_York", "2026-07-15T12:00:00", "2026-07-15T16:00:00Z");
	check("Asia/Kathmandu", "2026-07-15T12:00:00", "2026-07-15T06:15:00Z");
	check("Australia/Lord_Howe", "2026-07-15T12:00:00", "2026-07-15T01:30:00Z");
	check("Pacific/Kiritimati", "2026-07-15T12:00:00", "2026-07-14T22:00:00Z");
}

// In the fold the first of two instants.
Test(zone, autumn_fold)
{
	check("Europe/Paris", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z");
	check("Europe/Paris", "2026-10-25T02:00:00", "2026-10-25T00:00:00Z");
	check("Europe/Paris", "2026-10-25T02:59:59", "2026-10-25T00:59:59Z");
	check("Europe/Paris", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z");
	check("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z");
	check("America/Santiago", "2026-04-04T23:30:00", "2026-04-05T02:30:00Z");
	check("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z");
}

// In the gap the instant that ends it.
Test(zone, spring_gap)
{
	check("Europe/Paris", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z");
	check("Europe/Paris", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z");
	check("Europe/Paris", "2026-03-29T02:30:00", "2026-03-29T01:00:00Z");
	check("Europe/Paris", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z");
	check("America/New_York", "2026-03-08T02:15:00", "2026-03-08T07:00:00Z");
	check("America/Santiago", "2026-09-06T00:10:00", "2026-09-06T04:00:00Z");
	check("Australia/Lord_Howe", "2026-10-04T02:10:00", "2026-10-03T15:30:00Z");
}

// A day that never was: Samoa went from the 29th to the 31st.
Test(zone, whole_day_gap)
{
	check("Pacific/Apia", "2011-12-29T23:59:59", "2011-12-30T09:59:59Z");
	check("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T10:00:00Z");
	check("Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z");
}

// Beyond the table of the file: its last rule.
Test(zone, far_future_follows_the_rule)
{
	check("Europe/Paris", "2090-01-15T12:00:00", "2090-01-15T11:00:00Z");
	check("Europe/Paris", "2090-07-15T12:00:00", "2090-07-15T10:00:00Z");
	check("Europe/Paris", "2090-10-29T02:30:00", "2090-10-29T00:30:00Z");
	check("Australia/Sydney", "2090-01-15T12:00:00", "2090-01-15T01:00:00Z");
	check("Australia/Sydney", "2090-07-15T12:00:00", "2090-07-15T02:00:00Z");
}

// The C library, in a process of its own (Criterion forks), is the oracle for many instants.
Test(zone, agrees_with_the_c_library)
{
	static const char *const names[] = {"Europe/Paris", "America/New_York", "America/Santiago",
		"Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/Nuuk",
		"Europe/Dublin", "Antarctica/Troll", "Asia/Gaza"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct timezone_rules *z = zone(names[i]);

		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t t = -1000000000; t < 4000000000; t += 1234567) {
			time_t when = t;
			struct tm tm;

			localtime_r(&when, &tm);
			cr_assert(eq(long, timezone_offset(z, t), tm.tm_gmtoff), "%s at %lld",
				names[i], (long long)t);
		}
		timezone_close(z);
	}
}

Test(zone, wall_times_lead_back)
{
	struct timezone_rules *z = zone("America/New_York");

	for (int64_t t = 1700000000; t < 1900000000; t += 1799) {
		int64_t back = unix_in_zone(z, civil_in_zone(z, t));

		cr_assert(back == t || back == t - 3600, "%lld", (long long)t);
	}
	timezone_close(z);
}

Test(zone, names_are_names_not_paths)
{
	static const char *const wrong[] = {"", "../../../etc/passwd", "/etc/localtime",
		"Europe/Paris ", "Europe\\Paris", "No/Such_Zone", "Europe", "a\nb"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct timezone_rules *z = NULL;
		struct error err = {0};

		cr_assert(lt(int, timezone_open(wrong[i], &z, &err), 0), "%s", wrong[i]);
		cr_assert(ne(str, err.text, ""));
	}
}

// Every cut of a real file is refused or works; no cut crashes.
Test(zone, cut_files_are_refused)
{
	struct arena a = {0};
	struct bytes text;
	struct error err = {0};

	cr_assert(eq(int, file_read(ZONE_DIRECTORY "/Europe/Paris", 1 << 20, &a, &text, &err), 0));
	for (size_t len = 0; len < text.len; len++) {
		struct timezone_rules *z = NULL;
		struct bytes cut = {arena_copy(&a, text.data, len), len};

		cr_assert(eq(int, timezone_parse("x", cut, &z, &err), -EBADMSG), "%zu", len);
	}
	arena_release(&a);
}

Test(rule, forms)
{
	struct zone_rule r;

	cr_assert(zone_rule_parse("UTC0", &r));
	cr_assert(zone_rule_parse("<+0530>-5:30", &r));
	cr_assert(eq(int, r.standard_offset, 19800));
	cr_assert(zone_rule_parse("IST-1GMT0,M10.5.0,M3.5.0/1", &r));
	cr_assert(eq(int, r.summer_offset, 0));
	cr_assert(zone_rule_parse("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", &r));
	cr_assert(eq(int, r.start.time_s, -3600));
	cr_assert(zone_rule_parse("AAA3BBB,J60/0,300/167", &r));
	static const char *const wrong[] = {"", "C", "CET", "CET-25", "CET-1CEST",
		"CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
		"CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1", "CET-1CEST,366,1",
		"CET-1CEST,M3.5.0,M10.5.0/168", "<+05-5", "CET-1CEST,M3.5.0,M10.5.0x"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		cr_assert(not(zone_rule_parse(wrong[i], &r)), "%s", wrong[i]);
}

Test(rule, days_of_the_year)
{
	struct zone_rule r;

	// J60 is 1 March in every year; 59 is 29 February in a leap year.
	cr_assert(zone_rule_parse("AAA0BBB,J60/0,300/0", &r));
	cr_assert(eq(int, zone_rule_offset(&r, 1709251199), 0));    // 2024-02-29 23:59:59
	cr_assert(eq(int, zone_rule_offset(&r, 1709251200), 3600)); // 2024-03-01
	cr_assert(eq(int, zone_rule_offset(&r, 1677628799), 0));    // 2023-02-28 23:59:59
	cr_assert(eq(int, zone_rule_offset(&r, 1677628800), 3600)); // 2023-03-01
	cr_assert(zone_rule_parse("AAA0BBB,59/0,300/0", &r));
	cr_assert(eq(int, zone_rule_offset(&r, 1709164800), 3600)); // 2024-02-29
	cr_assert(eq(int, zone_rule_offset(&r, 1677628799), 0));    // 2023-02-28
}
