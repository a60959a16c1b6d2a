// SPDX-License-Identifier: Apache-2.0
// What sites make of wckeys: "project:business". The form is words with what stands between them;
// a key has it when every word gets something.
#pragma once

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

enum { WCKEY_PARTS_MAX = 8 };

enum wckey_word { WCKEY_NOTHING, WCKEY_PROJECT, WCKEY_BUSINESS, WCKEY_OTHER };

struct wckey_form {
	size_t n;
	struct wckey_part {
		enum wckey_word word;
		const char *after; // what follows it: ":"; "" at the end
	} parts[WCKEY_PARTS_MAX];
};

struct wckey {
	const char *project, *business; // NULL: none
};

// "project:business"; empty: keys mean nothing. Texts live in a.
int wckey_form_parse(
	const char *text, struct arena *a, struct wckey_form *ret, struct error *err) MUST_USE;
// A leading '*' says that the user did not choose it: it is no part. An empty key is none. False:
// it is not of this form.
bool wckey_split(
	const struct wckey_form *form, const char *key, struct arena *a, struct wckey *ret);
