// SPDX-License-Identifier: Apache-2.0
// Records become rows of COPY. Text is made fit to be kept here, in one place for all connectors:
// PostgreSQL takes UTF-8 without NUL, sources hold anything.
#include "accounting/stage.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/macro.h"
#include "etl/copy.h"

static const char *const names[STAGES] = {
#define STAGE(stage) [STAGE_##stage] = #stage,
#include "accounting/stages.def"
};

static const struct stage_column columns[] = {
#define COLUMN(stage, column, type) {#column, COLUMN_##type},
#include "accounting/stages.def"
};

enum place { // of each column among all, and of the first of each stage
#define STAGE(stage)                FIRST_##stage, BEFORE_##stage = FIRST_##stage - 1,
#define COLUMN(stage, column, type) PLACE_##stage##_##column,
#include "accounting/stages.def"
};

static const int firsts[] = {
#define STAGE(stage) FIRST_##stage,
#include "accounting/stages.def"
	(int)ARRAY_LEN(columns),
};

static const char *const type_names[] = {
	[COLUMN_TEXT] = "text",
	[COLUMN_INT] = "integer",
	[COLUMN_BIGINT] = "bigint",
	[COLUMN_DOUBLE] = "double precision",
	[COLUMN_TIME] = "timestamptz",
	[COLUMN_BOOL] = "boolean",
	[COLUMN_TEXTS] = "text[]",
};

// What no job or person of ours can have lived through: before 1980, after the year 2200.
#define TIME_FIRST INT64_C(315532800)
#define TIME_LAST  INT64_C(7258118400)

const struct stage_column *stage_columns(enum stage_id stage, size_t *ret_n)
{
	*ret_n = (size_t)(firsts[stage + 1] - firsts[stage]);
	return columns + firsts[stage];
}

void record_start(struct record *r, enum stage_id stage, const char *key)
{
	size_t n;

	(void)stage_columns(stage, &n);
	r->stage = stage;
	r->follows = false;
	r->key = key;
	memset(r->values, 0, n * sizeof(*r->values));
}

void record_text(struct record *r, int at, const char *text)
{
	r->values[at] = (struct value){.is_set = text && *text, .text = text};
}

void record_int(struct record *r, int at, int64_t v)
{
	r->values[at] = (struct value){.is_set = true, .integer = v};
}

void record_double(struct record *r, int at, double v)
{
	r->values[at] = (struct value){.is_set = true, .number = v};
}

void record_texts(struct record *r, int at, const struct hostlist *texts)
{
	r->values[at] = (struct value){.is_set = true, .texts = texts};
}

void stage_create(enum stage_id stage, struct strbuf *sql)
{
	size_t n;
	const struct stage_column *c = stage_columns(stage, &n);

	strbuf_printf(sql, "CREATE TEMPORARY TABLE import_%s (ordinal bigint", names[stage]);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(sql, ", %s %s", c[i].name, type_names[c[i].type]);
	strbuf_puts(sql, ") ON COMMIT DELETE ROWS;");
}

void stage_copy(enum stage_id stage, struct strbuf *sql)
{
	strbuf_printf(sql, "COPY pg_temp.import_%s FROM STDIN (FORMAT binary)", names[stage]);
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

// Latin-1 where it is not UTF-8; control characters become blanks. True when something was mended;
// lines and tabs are people's own and go silently.
static bool mend_text(const char *text, struct strbuf *out)
{
	bool is_utf8 = str_is_utf8(text, strlen(text));
	bool is_mended = !is_utf8;

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f) {
			is_mended |= !strchr("\t\n\r", c);
			strbuf_putc(out, ' ');
		} else if (c >= 0x80 && !is_utf8) {
			strbuf_putc(out, (char)(0xc0 | c >> 6));
			strbuf_putc(out, (char)(0x80 | (c & 0x3f)));
		} else {
			strbuf_putc(out, (char)c);
		}
	}
	return is_mended;
}

static void put_text(const char *text, struct strbuf *out, bool *ret_is_mended)
{
	CLEANUP(strbuf_release) struct strbuf mended = {0};

	if (is_plain(text)) {
		copy_text(out, text);
		return;
	}
	*ret_is_mended |= mend_text(text, &mended);
	copy_text(out, strbuf_text(&mended));
}

static void put_texts(const struct hostlist *texts, struct strbuf *out, bool *ret_is_mended)
{
	CLEANUP(strbuf_release) struct strbuf all = {0};

	for (size_t i = 0; i < texts->n; i++) {
		if (is_plain(texts->hosts[i]))
			strbuf_puts(&all, texts->hosts[i]);
		else
			*ret_is_mended |= mend_text(texts->hosts[i], &all);
		strbuf_putc(&all, '\0');
	}
	copy_texts(out, strbuf_text(&all), texts->n);
}

static int put_value(const struct stage_column *c, const struct value *v, struct strbuf *out,
	bool *ret_is_mended, struct error *err)
{
	switch (c->type) {
	case COLUMN_TEXT:
		put_text(v->text, out, ret_is_mended);
		return 0;
	case COLUMN_INT:
		if (v->integer < INT32_MIN || v->integer > INT32_MAX)
			break;
		copy_int(out, (int32_t)v->integer);
		return 0;
	case COLUMN_BIGINT:
		copy_bigint(out, v->integer);
		return 0;
	case COLUMN_DOUBLE:
		if (!isfinite(v->number))
			return error_set(err, EINVAL, "%s is no number", c->name);
		copy_double(out, v->number);
		return 0;
	case COLUMN_TIME:
		if (v->integer < TIME_FIRST || v->integer > TIME_LAST)
			return error_set(err, EINVAL, "%s is an absurd time (%" PRId64 ")", c->name,
				v->integer);
		copy_time(out, v->integer);
		return 0;
	case COLUMN_BOOL:
		copy_bool(out, v->integer != 0);
		return 0;
	case COLUMN_TEXTS:
		put_texts(v->texts, out, ret_is_mended);
		return 0;
	}
	return error_set(err, EINVAL, "%s is too large (%" PRId64 ")", c->name, v->integer);
}

int stage_put(const struct record *r, int64_t ordinal, struct strbuf *out, bool *ret_is_mended,
	struct error *err)
{
	size_t before = out->len;
	size_t n;
	const struct stage_column *c = stage_columns(r->stage, &n);

	*ret_is_mended = false;
	copy_row(out, n + 1);
	copy_bigint(out, ordinal);
	for (size_t i = 0; i < n; i++) {
		if (!r->values[i].is_set) {
			copy_null(out);
		} else if (put_value(&c[i], &r->values[i], out, ret_is_mended, err) < 0) {
			out->len = before;
			return -EINVAL;
		}
	}
	return 0;
}
