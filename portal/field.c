// SPDX-License-Identifier: Apache-2.0
// Reads fields of rows and documents.
#include "portal/field.h"

#include <math.h>

#include "common/str.h"

// By the key itself: doc_find() would split it at its dots.
static const struct doc *field(const struct doc *d, const char *key)
{
	if (!d || d->kind != DOC_OBJECT)
		return NULL;
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->keys[i], key))
			return d->items[i];
	return NULL;
}

const char *field_text(const struct doc *d, const char *key)
{
	const struct doc *f = field(d, key);
	return f && f->kind == DOC_TEXT ? f->text : "";
}

int64_t field_int(const struct doc *d, const char *key, int64_t otherwise)
{
	const struct doc *f = field(d, key);
	if (f && f->kind == DOC_INT)
		return f->integer;
	bool fits = f && f->kind == DOC_DOUBLE && fabs(f->number) < 9e15;
	return fits ? (int64_t)f->number : otherwise;
}

double doc_number(const struct doc *d)
{
	if (d && d->kind == DOC_DOUBLE)
		return d->number;
	return d && d->kind == DOC_INT ? (double)d->integer : NAN;
}

double field_number(const struct doc *d, const char *key)
{
	return doc_number(field(d, key));
}

bool field_is_there(const struct doc *d, const char *key)
{
	const struct doc *f = field(d, key);
	return f && f->kind != DOC_NULL;
}

bool field_bool(const struct doc *d, const char *key)
{
	const struct doc *f = field(d, key);
	return f && f->kind == DOC_BOOL && f->boolean;
}
