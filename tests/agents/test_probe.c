// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>

#include "agents/probe.h"
#include "agents/result.h"
#include "common/ssh/ssh.h"

static struct arena memory;

static void release(void)
{
	arena_release(&memory);
}

TestSuite(probe, .fini = release);

static struct bytes bytes_of(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static int take(const char *line, struct probe *ret, struct error *err)
{
	struct csv_row row;
	struct csv c;

	csv_open(&c, "line", bytes_of(line), ',');
	cr_assert(eq(int, csv_next(&c, &memory, &row, err), 1));
	return probe_take(&row, 0, "line", &memory, ret, err);
}

Test(probe, what_is_put_is_taken)
{
	const struct probe p = {.time_s = 1789000000,
		.outcome = PROBE_FAILED,
		.job = "12_3",
		.wait_s = 7,
		.run_s = -1,
		.reason = "/scratch: No space left on device, \"really\""};
	CLEANUP(strbuf_release) struct strbuf line = {0};
	struct probe back = {0};
	struct error err = {0};

	probe_put(&line, &p);
	cr_assert(eq(int, take(line.text, &back, &err), 0), "%s", err.text);
	cr_expect(eq(i64, back.time_s, p.time_s));
	cr_expect(back.outcome == p.outcome);
	cr_expect(eq(str, back.job, p.job));
	cr_expect(eq(i64, back.wait_s, 7));
	cr_expect(eq(i64, back.run_s, -1));
	cr_expect(eq(str, back.reason, p.reason));
}

Test(probe, lines_of_somebody_else)
{
	static const char *const wrong[] = {
		"hello",
		"yesterday,ok,1,1,1,",
		"2026-11-21T00:00:00Z,fine,1,1,1,",
		"2026-11-21T00:00:00Z,ok,1;rm -rf,1,1,",
		"2026-11-21T00:00:00Z,ok,1,-5,1,",
		"2026-11-21T00:00:00Z,ok,1,1,1x,",
		"2026-11-21T00:00:00Z,ok,1,1,1,,",
	};
	struct probe p;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct error err = {0};

		cr_expect(eq(int, take(wrong[i], &p, &err), -EINVAL), "%s", wrong[i]);
		cr_expect(str_starts(err.text, "line:1: "), "%s", err.text);
	}
}

Test(probe, reasons_are_one_line_of_text)
{
	char long_text[1000];

	cr_expect(eq(str, probe_reason(&memory, "  a\nb\t\x1b[31mc \n"), "a b  [31mc"));
	cr_expect(eq(str, probe_reason(&memory, "voil\xc3\xa0"), "voil\xc3\xa0"));
	cr_expect(eq(str, probe_reason(&memory, "voil\xe0"), "voil?"));
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	memcpy(long_text + 299, "\xc3\xa0", 2);
	cr_expect(eq(sz, strlen(probe_reason(&memory, long_text)), 299));
}

Test(probe, results)
{
	struct result r;

	result_parse(bytes_of(""), &memory, &r);
	cr_expect(r.started_s == 0 && r.ended_s == 0 && !r.failed);
	result_parse(bytes_of("started 100 n1\nfilesystem ok /h"), &memory, &r);
	cr_expect(r.started_s == 100 && r.ended_s == 0 && !r.failed);
	result_parse(bytes_of("started 100 n1\nfilesystem ok /h\nended 107\n"), &memory, &r);
	cr_expect(r.ended_s == 107 && !r.failed);
	result_parse(bytes_of("started 100 n1\nprobe.sh: /s: Read-only file system\n"
			      "filesystem failed /s\nfilesystem failed /t\nended 107\n"),
		&memory, &r);
	cr_expect(eq(str, r.failed, "/s: probe.sh: /s: Read-only file system"));
	result_parse(bytes_of("started 100 n1\nended 90\n"), &memory, &r);
	cr_expect(r.ended_s == 100);
	result_parse(bytes_of("started 99999999999999999999 n\nended x\n"), &memory, &r);
	cr_expect(r.started_s == 0 && r.ended_s == 0);
}

struct target_case {
	const char *text, *user, *host;
	unsigned port;
};

Test(probe, ssh_targets)
{
	static const struct target_case cases[] = {
		{"login1", NULL, "login1", 22},
		{"me@login1.site.org:2222", "me", "login1.site.org", 2222},
		{"[::1]:22", NULL, "::1", 22},
		{"me@[fe80::1%eth0]", "me", "fe80::1%eth0", 22},
	};
	static const char *const wrong[] = {"", "@", "me@", "-oProxyCommand=x", "a b", "a:0",
		"a:70000", "a:", "[::1", "[::1]x", "me@-l", "a/b"};
	struct ssh_target t;
	struct error err;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cr_assert(eq(int, ssh_target_parse(cases[i].text, &memory, &t, &err), 0), "%s",
			cases[i].text);
		cr_expect(str_eq(t.user, cases[i].user) && str_eq(t.host, cases[i].host), "%s",
			cases[i].text);
		cr_expect(t.port == cases[i].port);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		cr_expect(eq(int, ssh_target_parse(wrong[i], &memory, &t, &err), -EINVAL), "%s",
			wrong[i]);
}
