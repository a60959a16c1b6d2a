// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>

#include "common/error.h"
#include "common/str.h"

Test(error, code_is_negative_whatever_sign_is_given)
{
	struct error e = {0};

	cr_assert(eq(int, error_set(&e, ENOENT, "no %s", "file"), -ENOENT));
	cr_assert(eq(int, e.code, -ENOENT));
	cr_assert(eq(str, e.text, "no file"));
	cr_assert(eq(int, error_set(&e, -EIO, "x"), -EIO));
	cr_assert(eq(int, error_set(NULL, EINVAL, "nobody reads"), -EINVAL));
	cr_assert(eq(int, error_at(NULL, EINVAL, "f", 1, "nobody reads"), -EINVAL));
}

Test(error, place_and_prefix)
{
	struct error e = {0};

	error_at(&e, EINVAL, "a.yaml", 7, "unknown key \"%s\"", "b");
	cr_assert(eq(str, e.text, "a.yaml:7: unknown key \"b\""));
	cr_assert(eq(int, error_prefix(&e, "job %d", 3), -EINVAL));
	cr_assert(eq(str, e.text, "job 3: a.yaml:7: unknown key \"b\""));
	error_at(&e, EINVAL, "a.yaml", 0, "empty");
	cr_assert(eq(str, e.text, "a.yaml: empty"));
}

Test(error, hostile_text_stays_one_clean_line)
{
	struct error e = {0};

	error_set(&e, EINVAL, "%s", "a\nb\x1b[31m\tc");
	cr_assert(eq(str, e.text, "a?b?[31m?c"));
}

Test(error, cut_never_splits_a_character)
{
	struct error e = {0};
	char text[1200];

	for (size_t shift = 0; shift < 4; shift++) {
		size_t len = shift;

		memset(text, 'x', shift);
		while (len + 4 < sizeof(text)) {
			memcpy(text + len, "\xf0\x9f\x98\x80", 4);
			len += 4;
		}
		text[len] = '\0';
		error_set(&e, EINVAL, "%s", text);
		cr_assert(str_is_utf8(e.text, strlen(e.text)));
		cr_assert(ge(sz, strlen(e.text), sizeof(e.text) - 8));
		error_prefix(&e, "%s", text);
		cr_assert(str_is_utf8(e.text, strlen(e.text)));
		error_at(&e, EINVAL, text, 1, "why");
		cr_assert(str_is_utf8(e.text, strlen(e.text)));
	}
}
