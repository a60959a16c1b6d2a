// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>

#include "common/hostlist.h"
#include "common/str.h"

// The names joined with blanks; for an error its text.
static char *expand(struct arena *a, const char *text)
{
	struct hostlist list;
	struct error err = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};

	if (hostlist_expand(text, HOSTLIST_MAX, a, &list, &err) < 0)
		return arena_strdup(a, err.text);
	for (size_t i = 0; i < list.n; i++)
		strbuf_printf(&out, "%s%s", i ? " " : "", list.hosts[i]);
	return arena_strdup(a, strbuf_text(&out));
}

Test(hostlist, expands)
{
	static const struct {
		const char *text, *names;
	} cases[] = {
		{NULL, ""},
		{"", ""},
		{"None assigned", ""},
		{"cn1", "cn1"},
		{"cn1,cn1", "cn1 cn1"},
		{"b,a", "b a"},
		{"cn[1-3]", "cn1 cn2 cn3"},
		{"cn[08-11]", "cn08 cn09 cn10 cn11"},
		{"cn[8-11]", "cn8 cn9 cn10 cn11"},
		{"cn[001-003,200]", "cn001 cn002 cn003 cn200"},
		{"cn[1-2]-ib[0-1],login1", "cn1-ib0 cn1-ib1 cn2-ib0 cn2-ib1 login1"},
		{"r[1-2]c[1-2]n[7]", "r1c1n7 r1c2n7 r2c1n7 r2c2n7"},
		{"n[1-2].example.org", "n1.example.org n2.example.org"},
		{"[1-2]", "1 2"},
		{"a, b\tc\n", "a b c"},
		{"a,,b,", "a b"},
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		cr_assert(eq(str, expand(&a, cases[i].text), cases[i].names), "case %zu", i);
	arena_release(&a);
}

Test(hostlist, refuses_with_the_place)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"cn[1-[2-3]]", "bracket inside brackets at character 6"},
		{"cn[[1]]", "bracket inside brackets at character 4"},
		{"cn[1-3", "missing ] at character 7"},
		{"cn[]", "number expected at character 4"},
		{"cn[a-b]", "number expected at character 4"},
		{"cn[3-1]", "range runs backwards at character 4"},
		{"cn[1;2]", "unexpected character at character 5"},
		{"cn]", "unexpected character at character 3"},
		{"../etc", "cannot begin so at character 1"},
		{"-x", "cannot begin so at character 1"},
		{"a/b", "unexpected character at character 2"},
		{"a b/c", "unexpected character at character 4"},
		{"cn[1234567890123456789]", "number too long at character 4"},
		{"a[1]b[1]c[1]d[1]e[1]f[1]g[1]h[1]i[1]", "too many brackets"},
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		cr_assert(ne(ptr, strstr(expand(&a, cases[i].text), cases[i].why), NULL), "%s: %s",
			cases[i].text, expand(&a, cases[i].text));
	arena_release(&a);
}

Test(hostlist, counts_without_bound_are_refused_before_anything_is_made)
{
	static const char *const cases[] = {
		"cn[0-999999999999999999]",
		"cn[1-262145]",
		"a[1-1000]b[1-1000]",
		"a[0-99999]b[0-99999]c[0-99999]d[0-99999]",
		"cn[1-200000],dn[1-200000]",
		"cn[1-200000,1-200000]",
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = {0};
		struct hostlist list;
		struct error err = {0};

		cr_assert(
			eq(int, hostlist_expand(cases[i], HOSTLIST_MAX, &a, &list, &err), -E2BIG));
		cr_assert(
			ne(ptr, strstr(err.text, "more than 262144 hosts"), NULL), "%s", err.text);
		cr_assert(eq(sz, list.n, 0));
		cr_assert(lt(sz, a.used, 4096), "%s took memory", cases[i]);
		arena_release(&a);
	}
}

Test(hostlist, the_bound_itself_is_allowed)
{
	struct arena a = {0};
	struct hostlist list;

	cr_assert(eq(int, hostlist_expand("a[1-10]", 10, &a, &list, NULL), 0));
	cr_assert(eq(sz, list.n, 10));
	cr_assert(eq(int, hostlist_expand("a[1-10],b", 10, &a, &list, NULL), -E2BIG));
	arena_release(&a);
}

Test(hostlist, names_stay_within_a_names_length)
{
	struct arena a = {0};
	char text[400];

	memset(text, 'x', 250);
	memcpy(text + 250, "[1-9999]", sizeof("[1-9999]"));
	cr_assert(ne(ptr, strstr(expand(&a, text), "name too long"), NULL));
	arena_release(&a);
}

static char *compress(struct arena *a, const char *names)
{
	struct hostlist list;

	cr_assert(eq(int, hostlist_expand(names, HOSTLIST_MAX, a, &list, NULL), 0));
	return hostlist_compress(list.hosts, list.n, a);
}

Test(hostlist, compresses)
{
	static const struct {
		const char *names, *text;
	} cases[] = {
		{"", ""},
		{"login", "login"},
		{"cn3,cn1,cn2", "cn[1-3]"},
		{"cn001,cn002,cn003,cn004,cn007", "cn[001-004,007]"},
		{"cn9,cn10,cn11", "cn[9-11]"},
		{"cn09,cn10,cn11", "cn[09-11]"},
		{"cn99,cn100", "cn[99-100]"},
		{"cn099,cn100", "cn[099-100]"},
		{"cn1,cn1,cn1", "cn1"},
		{"cn1,cn01,cn2,cn02", "cn[1,01,2,02]"},
		{"a1-ib,a2-ib,b", "a[1-2]-ib,b"},
		{"x,x1,x2", "x,x[1-2]"},
	};
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		cr_assert(eq(str, compress(&a, cases[i].names), cases[i].text), "case %zu", i);
	arena_release(&a);
}
