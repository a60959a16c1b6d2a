// SPDX-License-Identifier: Apache-2.0
// One field of a document → one field of a COPY row: a reader for each type, chosen by table.
// SUPReMM's documents were written by several generations of programs, so numbers may be text.
#include "etl/field.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/document/document.h"
#include "etl/copy.h"

int field_defect(struct defect *d, const char *path, const char *fmt, ...)
{
	va_list args;

	(void)str_format(d->field, sizeof(d->field), "%s", path);
	va_start(args, fmt);
	(void)vsnprintf(d->reason, sizeof(d->reason), fmt, args);
	va_end(args);
	return -EINVAL;
}

// The whole number that a scalar stands for.
static bool whole_number(const struct scalar *s, int64_t *ret)
{
	switch (s->kind) {
	case DOC_INT:
		*ret = s->integer;
		return true;
	case DOC_BOOL:
		*ret = s->boolean;
		return true;
	case DOC_DOUBLE:
		if (!(fabs(s->number) < 9e18) || s->number != floor(s->number))
			return false;
		*ret = (int64_t)s->number;
		return true;
	case DOC_TEXT:
		return parse_i64(s->text, ret) == 0;
	default:
		return false;
	}
}

static bool whole_time(const struct scalar *s, int64_t *ret)
{
	if (s->kind != DOC_TIME)
		return whole_number(s, ret);
	*ret = s->integer / 1000;
	return true;
}

bool field_whole(const struct bson_found *found, int64_t *ret)
{
	return found->is_there && whole_number(&found->value, ret);
}

int64_t field_time(const struct bson_found *found)
{
	int64_t t;

	return found->is_there && whole_time(&found->value, &t) ? t : 0;
}

// Each reader appends one field for the scalar found at path; NULL means that there is none.
typedef int read_field(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d);

static int unfit(const struct field *f, const char *path, const struct scalar *s, struct defect *d)
{
	static const char *const kinds[] = {"null", "a boolean", "a number", "a number", "text",
		"a time", "an object", "an array"};
	static const char *const wanted[] = {"a time", "a whole number", "a whole number",
		"a whole number", "a whole number", "a duration", "a number", "a number",
		"a boolean", "text", "text", "text", "an array"};

	if (!s)
		return field_defect(d, path, "is missing");
	return field_defect(d, path, "is %s where %s should be", kinds[s->kind], wanted[f->type]);
}

static int nothing(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	if (f->is_required)
		return unfit(f, path, s, d);
	copy_null(row);
	return 0;
}

static int read_time(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	int64_t t;

	if (!s)
		return nothing(f, path, s, row, d);
	if (!whole_time(s, &t))
		return unfit(f, path, s, d);
	if (t == 0)
		return nothing(f, path, s, row, d);
	if (t < TIME_FIRST || t > TIME_LAST)
		return field_defect(d, path, "is an absurd time (%" PRId64 ")", t);
	copy_time(row, t);
	return 0;
}

static int read_number(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	bool is_big = f->type == FIELD_BIGINT || f->type == FIELD_ARRAY;
	int64_t most = is_big ? INT64_MAX : INT32_MAX;
	int64_t v;

	if (!s && !f->is_required && f->type == FIELD_COUNT) {
		copy_int(row, 0);
		return 0;
	}
	if (!s || !whole_number(s, &v))
		return f->type == FIELD_COUNT ? unfit(f, path, s, d) : nothing(f, path, s, row, d);
	if (f->type == FIELD_COUNT && (v < 0 || v > most))
		return field_defect(d, path, "is an absurd number (%" PRId64 ")", v);
	if (v < 0 || v > most)
		copy_null(row);
	else if (is_big)
		copy_bigint(row, v);
	else
		copy_int(row, (int32_t)v);
	return 0;
}

static int read_seconds(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	int64_t v = -1;

	if (s && !whole_number(s, &v) && !(s->kind == DOC_TEXT && parse_duration(s->text, &v) == 0))
		v = -1; // "UNLIMITED" and the like
	if (v < 0 || v > INT32_MAX)
		return nothing(f, path, s, row, d);
	copy_int(row, (int32_t)v);
	return 0;
}

static int read_exit(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	char text[32] = "";
	char *signal;
	int64_t v;

	if (s && s->kind == DOC_INT)
		(void)str_format(text, sizeof(text), "%" PRId64, s->integer);
	else if (s && s->kind == DOC_TEXT)
		(void)str_format(text, sizeof(text), "%s", s->text);
	signal = strchr(text, ':');
	if (signal)
		*signal++ = 0;
	if (f->type == FIELD_EXIT_SIGNAL && !signal)
		return nothing(f, path, s, row, d);
	if (parse_i64(f->type == FIELD_EXIT_CODE ? text : signal, &v) < 0 || v < 0 || v > INT32_MAX)
		return nothing(f, path, s, row, d);
	copy_int(row, (int32_t)v);
	return 0;
}

static int read_not(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	int64_t v;

	if (!s || !whole_number(s, &v))
		return nothing(f, path, s, row, d);
	copy_bool(row, v == 0);
	return 0;
}

static int read_text(const struct field *f, const char *path, const struct scalar *s,
	struct strbuf *row, struct defect *d)
{
	char number[32];
	const char *text = NULL;
	size_t len;

	if (s && s->kind == DOC_TEXT)
		text = s->text;
	else if (s && s->kind == DOC_INT &&
		 str_format(number, sizeof(number), "%" PRId64, s->integer))
		text = number;
	else if (s)
		return unfit(f, path, s, d);
	if (!text || !*text)
		return nothing(f, path, s, row, d);
	len = f->type == FIELD_WORD ? strcspn(text, " ") : strlen(text);
	if (f->type != FIELD_TEXT && len > NAME_MAX_BYTES)
		return field_defect(d, path, "is absurdly long (%zu bytes)", len);
	if (len == 0)
		return nothing(f, path, s, row, d);
	copy_bytes(row, text, len);
	return 0;
}

struct names {
	struct strbuf texts; // each with its NUL
	size_t n;
};

static void names_release(struct names *n)
{
	strbuf_release(&n->texts);
}

static int add_name(void *context, const struct scalar *item)
{
	struct names *n = context;
	size_t len;

	if (item->kind != DOC_TEXT)
		return -EINVAL;
	len = strlen(item->text);
	if (len == 0 || len > NAME_MAX_BYTES || n->n == HOSTLIST_MAX)
		return -EINVAL;
	strbuf_add(&n->texts, item->text, len + 1);
	n->n++;
	return 0;
}

static int put_names(
	const struct field *f, const struct bson_found *found, struct strbuf *row, struct defect *d)
{
	CLEANUP(names_release) struct names names = {0};
	int rc = 0;

	if (found->is_there && found->value.kind == DOC_ARRAY)
		rc = bson_items(found->raw, add_name, &names);

	if (rc < 0)
		return field_defect(d, f->paths[0], "holds something else than names");
	if (rc == 0)
		copy_null(row);
	else
		copy_texts(row, strbuf_text(&names.texts), names.n);
	return 0;
}

static read_field *const readers[] = {
	[FIELD_TIME] = read_time,
	[FIELD_BIGINT] = read_number,
	[FIELD_INT] = read_number,
	[FIELD_COUNT] = read_number,
	[FIELD_ARRAY] = read_number,
	[FIELD_SECONDS] = read_seconds,
	[FIELD_EXIT_CODE] = read_exit,
	[FIELD_EXIT_SIGNAL] = read_exit,
	[FIELD_NOT] = read_not,
	[FIELD_TEXT] = read_text,
	[FIELD_NAME] = read_text,
	[FIELD_WORD] = read_text,
};

int field_put(const struct field *f, const struct field_found *found, struct strbuf *row,
	struct defect *ret_defect)
{
	const struct scalar *s = NULL;
	const char *path = f->paths[0];

	if (f->type == FIELD_NAMES)
		return put_names(f, found->at[0], row, ret_defect);
	for (size_t i = 0; !s && i < ARRAY_LEN(f->paths) && f->paths[i]; i++)
		if (found->at[i]->is_there && found->at[i]->value.kind != DOC_NULL) {
			path = f->paths[i];
			s = &found->at[i]->value;
		}
	if (f->type == FIELD_ARRAY && !found->is_array_task)
		s = NULL;
	return readers[f->type](f, path, s, row, ret_defect);
}
