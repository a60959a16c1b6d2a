// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <locale.h>
#include <string.h>

#include "common/str.h"

Test(strbuf, grows_and_is_reusable)
{
	struct strbuf b = {0};
	char *taken;

	cr_assert(eq(str, strbuf_text(&b), ""));
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&b, "%03d,", i);
	cr_assert(eq(sz, b.len, 4000));
	cr_assert(eq(int, memcmp(b.text + 3996, "999,", 5), 0));
	strbuf_clear(&b);
	cr_assert(eq(str, strbuf_text(&b), ""));
	strbuf_add(&b, "a\0b", 3);
	strbuf_putc(&b, 'c');
	strbuf_puts(&b, "de");
	cr_assert(eq(int, memcmp(b.text, "a\0bcde", 7), 0));
	taken = strbuf_take(&b);
	cr_assert(eq(ptr, b.text, NULL));
	free(taken);
	taken = strbuf_take(&b);
	cr_assert(eq(str, taken, ""));
	free(taken);
	strbuf_release(&b);
}

Test(numbers, u64)
{
	static const struct {
		const char *text;
		int code;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"0018", 0, 18},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"99999999999999999999999x", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t v = 77;

		cr_assert(
			eq(int, parse_u64(cases[i].text, &v), cases[i].code), "%s", cases[i].text);
		cr_assert(eq(u64, v, cases[i].code ? 77 : cases[i].value), "%s", cases[i].text);
	}
	cr_assert(eq(int, parse_u64(NULL, &(uint64_t){0}), -EINVAL));
}

Test(numbers, i64)
{
	int64_t v = 0;

	cr_assert(eq(int, parse_i64("-9223372036854775808", &v), 0));
	cr_assert(eq(i64, v, INT64_MIN));
	cr_assert(eq(int, parse_i64("9223372036854775807", &v), 0));
	cr_assert(eq(i64, v, INT64_MAX));
	cr_assert(eq(int, parse_i64("+5", &v), 0));
	cr_assert(eq(i64, v, 5));
	cr_assert(eq(int, parse_i64("9223372036854775808", &v), -ERANGE));
	cr_assert(eq(int, parse_i64("-9223372036854775809", &v), -ERANGE));
	cr_assert(eq(int, parse_i64("--1", &v), -EINVAL));
	cr_assert(eq(int, parse_i64("-", &v), -EINVAL));
	cr_assert(eq(i64, v, 5));
}

Test(numbers, doubles_are_finite_and_plain)
{
	double v = 0;

	cr_assert(eq(int, parse_double("-1.5e3", &v), 0));
	cr_assert(eq(dbl, v, -1500));
	cr_assert(eq(int, parse_double(".5", &v), 0));
	cr_assert(eq(dbl, v, 0.5));
	cr_assert(eq(int, parse_double("1e999", &v), -ERANGE));
	static const char *const wrong[] = {
		"", "nan", "inf", "0x1p3", "1.5.2", "1 ", " 1", "1,5", "e5", "-", "1e"};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		cr_assert(eq(int, parse_double(wrong[i], &v), -EINVAL), "%s", wrong[i]);
}

Test(numbers, doubles_do_not_follow_the_locale)
{
	double v = 0;

	// C.UTF-8 writes '.'; a comma locale, where one is installed, must make no difference.
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		setlocale(LC_ALL, "C.UTF-8");
	cr_assert(eq(int, parse_double("2.25", &v), 0));
	cr_assert(eq(dbl, v, 2.25));
	cr_assert(eq(int, parse_double("2,25", &v), -EINVAL));
}

Test(numbers, bool_words)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};
	bool v;

	for (size_t i = 0; i < 4; i++) {
		v = false;
		cr_assert(eq(int, parse_bool(yes[i], &v), 0));
		cr_assert(v);
		cr_assert(eq(int, parse_bool(no[i], &v), 0));
		cr_assert(not(v));
	}
	cr_assert(eq(int, parse_bool("maybe", &v), -EINVAL));
	cr_assert(eq(int, parse_bool(NULL, &v), -EINVAL));
}

Test(numbers, bytes)
{
	static const struct {
		const char *text;
		int code;
		uint64_t value;
	} cases[] = {
		{"512", 0, 512},
		{"64K", 0, 65536},
		{"64KiB", 0, 65536},
		{"64k", 0, 65536},
		{"1.5G", 0, UINT64_C(3) << 29},
		{"2TB", 0, UINT64_C(2) << 40},
		{"15E", 0, UINT64_C(15) << 60},
		{"16E", -ERANGE, 0},
		{"16.0E", -ERANGE, 0},
		{"18446744073709551615", 0, UINT64_MAX},
		{"1X", -EINVAL, 0},
		{"K", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1Ki", -EINVAL, 0},
		{"1.2.3M", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t v = 77;

		cr_assert(eq(int, parse_bytes(cases[i].text, &v), cases[i].code), "%s",
			cases[i].text);
		cr_assert(eq(u64, v, cases[i].code ? 77 : cases[i].value), "%s", cases[i].text);
	}
}

Test(str, comparisons)
{
	cr_assert(str_eq(NULL, NULL));
	cr_assert(not(str_eq(NULL, "")));
	cr_assert(str_eq("a", "a"));
	cr_assert(str_starts("abc", "ab"));
	cr_assert(not(str_starts("a", "ab")));
	cr_assert(str_ends("abc", "bc"));
	cr_assert(not(str_ends("c", "bc")));
	cr_assert(str_ends("c", ""));
}

Test(str, glob)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} cases[] = {
		{"*", "", true},
		{"", "", true},
		{"", "a", false},
		{"?", "", false},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "acb", false},
		{"*.percpu.*", "kernel.percpu.cpu", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"**a**", "xa", true},
		{"*ab*ab", "abxab", true},
		{"*ab*ab", "ab", false},
		{"[a]", "[a]", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		cr_assert(eq(int, str_glob(cases[i].pattern, cases[i].text), cases[i].fits),
			"%s %s", cases[i].pattern, cases[i].text);
}

Test(str, glob_does_not_explode, .timeout = 20)
{
	char pattern[201];
	char text[5001];

	for (size_t i = 0; i < 200; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[199] = 'b';
	pattern[200] = '\0';
	memset(text, 'a', 5000);
	text[5000] = '\0';
	cr_assert(not(str_glob(pattern, text)));
}

Test(str, utf8)
{
	static const char *const good[] = {
		"", "a", "é", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
	static const char *const wrong[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xe2\x82", "\xff", "a\xe9t"};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		cr_assert(str_is_utf8(good[i], strlen(good[i])), "%zu", i);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		cr_assert(not(str_is_utf8(wrong[i], strlen(wrong[i]))), "%zu", i);
	cr_assert(str_is_utf8("a\0b", 3));
}

Test(str, distance)
{
	cr_assert(eq(sz, str_distance("kitten", "sitting"), 3));
	cr_assert(eq(sz, str_distance("", "abc"), 3));
	cr_assert(eq(sz, str_distance("store", "store"), 0));
	cr_assert(eq(sz, str_distance("sotre", "store"), 2));
}

Test(str, format_says_when_it_cuts)
{
	char buf[4];

	cr_assert(str_format(buf, sizeof(buf), "%d", 123));
	cr_assert(eq(str, buf, "123"));
	cr_assert(not(str_format(buf, sizeof(buf), "%d", 1234)));
	cr_assert(eq(str, buf, "123"));
}
