// SPDX-License-Identifier: Apache-2.0
// Numbers and lists as the kernel writes them into small files.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

Test(parse, numbers)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"18446744073709551615\n", 0, UINT64_MAX},
		{" 0xC001029b \n", 0, 0xc001029b},
		{"0xffffffffffffffff", 0, UINT64_MAX},
		{"010", 0, 10},
		{"", -EINVAL, 0},
		{"0x", -EINVAL, 0},
		{"0x0x1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"1 2", -EINVAL, 0},
		{"12a", -EINVAL, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"0x10000000000000000", -ERANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 0;

		cr_assert(eq(int, frame_parse_number(cases[i].text, &value), cases[i].rc), "'%s'",
			cases[i].text);
		cr_assert(eq(u64, value, cases[i].value), "'%s'", cases[i].text);
	}
}

Test(parse, lists)
{
	static const struct {
		const char *text;
		int n;
		unsigned last;
	} cases[] = {
		{"", 0, 0},
		{"\n", 0, 0},
		{"0\n", 1, 0},
		{"0-3\n", 4, 3},
		{"0-1,4,6-7", 5, 7},
		{"7-7", 1, 7},
		{"3-1", -EINVAL, 0},
		{"0-3,2", -EINVAL, 0},
		{"1,1", -EINVAL, 0},
		{"0-", -EINVAL, 0},
		{"0,", -EINVAL, 0},
		{",0", -EINVAL, 0},
		{"a", -EINVAL, 0},
		{"0-3 4", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"0-8", -ERANGE, 0},
		{"0-4294967295", -ERANGE, 0},
		{"99999999999999999999", -ERANGE, 0},
	};
	unsigned ids[8];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int n = frame_parse_list(cases[i].text, ids, ARRAY_LEN(ids));

		cr_assert(eq(int, n, cases[i].n), "'%s'", cases[i].text);
		if (n > 0)
			cr_assert(eq(uint, ids[n - 1], cases[i].last), "'%s'", cases[i].text);
	}
}
