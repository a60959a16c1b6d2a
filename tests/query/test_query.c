// SPDX-License-Identifier: Apache-2.0
// Days as people type them, names as people remember them, tables.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>

#include "common/clock.h"
#include "query/period.h"
#include "query/print.h"
#include "query/words.h"

#define NOW INT64_C(1794965530) // 2026-11-18T01:32:10Z

// "since until", or the words of the error.
static const char *period(const char *since, const char *until, bool whole_months)
{
	static char text[400];
	struct period p;
	struct error err = {0};
	int rc = period_read(since, until, NOW, whole_months, &p, &err);

	if (rc == 0)
		(void)str_format(text, sizeof(text), "%s %s", p.since, p.until);
	else
		(void)str_format(text, sizeof(text), "%d %s", rc, err.text);
	return text;
}

Test(query, days)
{
	cr_expect_str_eq(period("2026-03-05", "2026-03-06", false), "2026-03-05 2026-03-06");
	cr_expect_str_eq(period("2026-02", "2026-02", false), "2026-02-01 2026-02-28");
	cr_expect_str_eq(period("2024", "2024-02", false), "2024-01-01 2024-02-29");
	cr_expect_str_eq(period("2025", "2025", false), "2025-01-01 2025-12-31");
	cr_expect_str_eq(period(NULL, NULL, false), "2025-12-01 2026-11-18");
	cr_expect_str_eq(period(NULL, NULL, true), "2025-11-01 2026-10-31");
	cr_expect_str_eq(period(NULL, "2026-01-31", false), "2025-02-01 2026-01-31");
	cr_expect_str_eq(period("2026-11", NULL, false), "2026-11-01 2026-11-18");
}

Test(query, no_days)
{
	static const char *const wrong[] = {"", "26", "2026-2", "2026-02-30", "2026-13", "2026-00",
		"2026-01-00", "2026-01-01x", "2026-", "20260101", "2026-01-01-01", "1969", "9999",
		"-2026", "2026 01"};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cr_expect(str_starts(period(wrong[i], NULL, false), "-22 --since"), "%s", wrong[i]);
		cr_expect(str_starts(period(NULL, wrong[i], false), "-22 --until"), "%s", wrong[i]);
	}
	cr_expect(str_starts(period("2026-03", "2026-02", false), "-22 --since 2026-03 is after"));
}

static struct word items[] = {{"total_cpu_hours", "Core hours", "core hours", "", true},
	{"avg_cpu_hours", "Core hours: per job", "core hours", "", true},
	{"job_count", "Jobs ended", "jobs", "", true}, {"queue", "Partition", "", "", true},
	{"person", "User", "", "", true}};
static const struct words words = {"statistic", items, ARRAY_LEN(items)};

static const char *find(const char *name)
{
	static char text[400];
	const struct word *w;
	struct error err = {0};

	(void)str_format(text, sizeof(text), "%s",
		words_find(&words, name, &w, &err) == 0 ? w->id : err.text);
	return text;
}

Test(query, names)
{
	cr_expect_str_eq(find("job_count"), "job_count");
	cr_expect_str_eq(find("Job_Count"), "job_count");
	cr_expect_str_eq(find("core hours"), "total_cpu_hours");
	cr_expect_str_eq(find("USER"), "person");
	cr_expect_str_eq(find("cpu_hours"), "there is no statistic cpu_hours; did you mean "
					    "avg_cpu_hours, total_cpu_hours (--list has all)");
	cr_expect_str_eq(
		find("qeue"), "there is no statistic qeue; did you mean queue (--list has all)");
	cr_expect_str_eq(find("xyzzy"), "there is no statistic xyzzy (--list has all)");
	cr_expect_str_eq(find(""), "there is no statistic  (--list has all)");
}

static const char *table_of(const char *const *cells, size_t n_rows)
{
	static char text[400];
	CLEANUP(strbuf_release) struct strbuf out = {0};

	put_table(cells, n_rows, 2, 1U << 1, &out);
	(void)str_format(text, sizeof(text), "%s", strbuf_text(&out));
	return text;
}

Test(query, tables)
{
	static const char *const cells[] = {"name", "n", "αλέξης", "12", "a\033[2Jb\n", "3"};

	cr_expect_str_eq(table_of(cells, 3), "name      n\nαλέξης   12\na?[2Jb?   3\n");
	cr_expect_str_eq(table_of(cells, 0), "");
}

Test(query, formats)
{
	cr_expect(format_find("csv") && format_find("json") && format_find("table"));
	cr_expect_null(format_find("parquet"));
}

// What a spreadsheet would run is text; what a name holds breaks no line.
Test(query, hostile_names)
{
	struct answer_row row = {"2026-01-01", "1", "=cmd|' /C calc'!A0, \"x\"", "1.5", NULL};
	struct answer answer = {&row, 1, 0};
	struct question q = {.realm = &items[0],
		.statistic = &items[0],
		.dimension = &items[4],
		.unit = "month"};
	CLEANUP(strbuf_release) struct strbuf out = {0};

	format_find("csv")->put_answer(&q, &answer, &out);
	cr_expect_str_eq(strbuf_text(&out),
		"period,id,person,total_cpu_hours,coverage\n"
		"2026-01-01,1,\"'=cmd|' /C calc'!A0, \"\"x\"\"\",1.5,\n");
}
