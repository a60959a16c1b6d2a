// SPDX-License-Identifier: Apache-2.0
// Fields of a row or document, read without asking whether they are there.
#pragma once

#include <stdint.h>

#include "common/document/document.h"

const char *field_text(const struct doc *d, const char *key); // "" when absent or no text
int64_t field_int(const struct doc *d, const char *key, int64_t otherwise);
double field_number(const struct doc *d, const char *key); // NaN when absent
bool field_is_there(const struct doc *d, const char *key); // and not null
bool field_bool(const struct doc *d, const char *key);
double doc_number(const struct doc *d); // NaN when not a number
