// SPDX-License-Identifier: Apache-2.0
// CSV as RFC 4180 has it.
#pragma once

#include "common/document/document.h"
#include "common/str.h"

// Adds one field and a comma before it unless it is the first of its line (which must not be
// empty). Text that a spreadsheet
// would take for a formula gets an apostrophe before it.
void csv_text(struct strbuf *out, const char *text);
void csv_value(struct strbuf *out, const struct doc *value); // NULL: an empty field
void csv_number(struct strbuf *out, double v);               // NaN: an empty field
void csv_end(struct strbuf *out);
