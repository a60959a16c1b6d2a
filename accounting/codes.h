// SPDX-License-Identifier: Apache-2.0
// The registry of what can be wrong with records: codes.def as a table, and sets of codes.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/str.h"

enum code {
#define CODE(name, ...) E_##name,
#include "accounting/codes.def"
#undef CODE
	CODES,
};

struct code_row {
	const char *name; // "E_J0001"
	const char *category;
	const char *trigger, *effect, *advice;
};

extern const struct code_row codes[CODES];

struct code_set {
	bool has[CODES];
};

// "E_J0001,E_J0002", blanks allowed; NULL and "" are no codes. An unknown one is an error.
int code_set_parse(const char *text, struct code_set *ret, struct error *err) MUST_USE;

void codes_manual(struct strbuf *out); // Markdown: the page about all codes
