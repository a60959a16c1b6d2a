// SPDX-License-Identifier: Apache-2.0
// The forms that a report can be had in.
#pragma once

#include "common/error.h"
#include "common/str.h"
#include "export/answer.h"

struct format {
	const char *name; // and what the names of such files end in
	void (*write)(const struct edition *e, struct strbuf *out);
	bool is_printed; // what it writes goes through the program that makes PDF
};

void write_html(const struct edition *e, struct strbuf *out);
void write_text(const struct edition *e, struct strbuf *out);
void write_csv(const struct edition *e, struct strbuf *out);

// By its name, or by the end of a file's name; neither: text.
int format_find(
	const char *name, const char *file, const struct format **ret, struct error *err) MUST_USE;
