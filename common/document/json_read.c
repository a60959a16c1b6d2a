// SPDX-License-Identifier: Apache-2.0
// JSON text to a tree, by jansson. Extended JSON's wrapped values ({"$date": ...}) become what they
// mean, relaxed or canonical; an unknown wrapping is an error, never a field called "$...". Of what
// other programs wrote it is left out instead, as all that no document of ours may hold.
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/document/document.h"

struct reader {
	struct arena *arena;
	struct error *err;
	bool is_foreign;
};

static void json_release(json_t **j)
{
	json_decref(*j);
}

static struct doc *new_value(const struct reader *r, enum doc_kind kind)
{
	struct doc *d = arena_alloc(r->arena, sizeof(*d));

	d->kind = kind;
	return d;
}

static int read_integer(const struct reader *r, const json_t *j, struct doc **ret)
{
	int64_t v;

	if (!json_is_string(j) || parse_i64(json_string_value(j), &v) < 0)
		return error_set(r->err, EINVAL, "JSON: $numberInt or $numberLong is no integer");
	*ret = new_value(r, DOC_INT);
	(*ret)->integer = v;
	return 0;
}

static int read_double(const struct reader *r, const json_t *j, struct doc **ret)
{
	double v;

	if (!json_is_string(j) || parse_double(json_string_value(j), &v) < 0)
		return error_set(r->err, EINVAL, "JSON: $numberDouble is no finite number");
	*ret = new_value(r, DOC_DOUBLE);
	(*ret)->number = v;
	return 0;
}

// ISO time with up to milliseconds to milliseconds since 1970.
static int parse_iso_ms(const char *text, int64_t *ret)
{
	char whole[40];
	const char *dot = strchr(text, '.');
	int64_t s;
	int64_t ms = 0;
	size_t n = 0;

	if (strlen(text) >= sizeof(whole))
		return -EINVAL;
	memcpy(whole, text, strlen(text) + 1);
	if (dot) {
		for (n = 1; dot[n] >= '0' && dot[n] <= '9' && n <= 3; n++)
			ms = 10 * ms + (dot[n] - '0');
		if (n == 1)
			return -EINVAL;
		for (size_t k = n; k <= 3; k++)
			ms *= 10;
		memmove(whole + (dot - text), dot + n, strlen(dot + n) + 1);
	}
	TRY(parse_time(whole, NULL, &s));
	if (s > INT64_MAX / 1000 - 1 || s < INT64_MIN / 1000 + 1)
		return -ERANGE;
	*ret = s * 1000 + ms;
	return 0;
}

static int read_date(const struct reader *r, const json_t *j, struct doc **ret)
{
	const json_t *number = json_is_object(j) ? json_object_get(j, "$numberLong") : NULL;
	int64_t ms;

	if (json_is_integer(j))
		ms = json_integer_value(j);
	else if (number && json_object_size(j) == 1 && json_is_string(number) &&
		 parse_i64(json_string_value(number), &ms) == 0)
		;
	else if (!json_is_string(j) || parse_iso_ms(json_string_value(j), &ms) < 0)
		return error_set(r->err, EINVAL, "JSON: $date is no time");
	*ret = new_value(r, DOC_TIME);
	(*ret)->integer = ms;
	return 0;
}

typedef int read_wrapped(const struct reader *r, const json_t *j, struct doc **ret);

static const struct {
	const char *key;
	read_wrapped *read;
} wrappings[] = {
	{"$date", read_date},
	{"$numberInt", read_integer},
	{"$numberLong", read_integer},
	{"$numberDouble", read_double},
};

static int read_value(const struct reader *r, json_t *j, int depth, struct doc **ret);

// The value of {"$...": value}; *ret is NULL where it is left out.
static int read_wrapping(
	const struct reader *r, json_t *j, const char *key, const json_t *value, struct doc **ret)
{
	int rc = -EINVAL;

	(void)error_set(
		r->err, EINVAL, "JSON: field name \"%.60s\" is no value that is known", key);
	for (size_t i = 0; i < ARRAY_LEN(wrappings); i++)
		if (str_eq(key, wrappings[i].key) && json_object_size(j) == 1)
			rc = wrappings[i].read(r, value, ret);
	if (rc < 0)
		*ret = NULL;
	return r->is_foreign ? 0 : rc;
}

static int read_object(const struct reader *r, json_t *j, int depth, struct doc **ret)
{
	const char *key;
	json_t *value;

	*ret = doc_object(r->arena);
	json_object_foreach(j, key, value)
	{
		struct doc *item;

		if (key[0] == '$' && (!r->is_foreign || json_object_size(j) == 1))
			return read_wrapping(r, j, key, value, ret);
		TRY(read_value(r, value, depth + 1, &item));
		if (item)
			doc_put(*ret, r->arena, r->is_foreign ? doc_key(r->arena, key) : key, item);
	}
	return 0;
}

static int read_array(const struct reader *r, json_t *j, int depth, struct doc **ret)
{
	size_t i;
	json_t *value;

	*ret = doc_array(r->arena);
	json_array_foreach(j, i, value)
	{
		struct doc *item;

		if (r->is_foreign && json_is_array(value))
			item = NULL;
		else
			TRY(read_value(r, value, depth + 1, &item));
		doc_put(*ret, r->arena, NULL, item ? item : new_value(r, DOC_NULL));
	}
	return 0;
}

static int read_value( // NOLINT(misc-no-recursion): DOC_DEPTH_MAX bounds it
	const struct reader *r, json_t *j, int depth, struct doc **ret)
{
	if (depth > DOC_DEPTH_MAX)
		return error_set(r->err, EINVAL, "JSON: nested too deep");
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return read_object(r, j, depth, ret);
	case JSON_ARRAY:
		return read_array(r, j, depth, ret);
	case JSON_STRING:
		*ret = new_value(r, DOC_TEXT);
		(*ret)->text = arena_strdup(r->arena, json_string_value(j));
		return 0;
	case JSON_INTEGER:
		*ret = new_value(r, DOC_INT);
		(*ret)->integer = json_integer_value(j);
		return 0;
	case JSON_REAL:
		*ret = new_value(r, DOC_DOUBLE);
		(*ret)->number = json_real_value(j);
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		*ret = new_value(r, DOC_BOOL);
		(*ret)->boolean = json_is_true(j);
		return 0;
	case JSON_NULL:
		break;
	}
	*ret = new_value(r, DOC_NULL);
	return 0;
}

static int read_text(const struct reader *r, const char *text, size_t len, struct doc **ret)
{
	json_error_t fault;
	CLEANUP(json_release)
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);

	if (!j)
		return error_set(r->err, EINVAL, "JSON: line %d, column %d: %.200s", fault.line,
			fault.column, fault.text);
	TRY(read_value(r, j, 1, ret));
	return *ret ? 0 : error_set(r->err, EINVAL, "JSON: no document");
}

int doc_from_json(
	const char *text, size_t len, struct arena *a, struct doc **ret, struct error *err)
{
	const struct reader r = {.arena = a, .err = err};

	return read_text(&r, text, len, ret);
}

// Words that Python's json and MongoDB's shell write outside of texts, and what stands for them.
static const struct word {
	const char *word;
	const char *before; // NULL: with all its arguments it is null
} words[] = {
	{"NaN", NULL},
	{"Infinity", NULL},
	{"-Infinity", NULL},
	{"undefined", NULL},
	{"NumberLong", "{\"$numberLong\":"},
	{"NumberInt", "{\"$numberInt\":"},
	{"ISODate", "{\"$date\":"},
	{"ObjectId", NULL},
	{"NumberDecimal", NULL},
	{"Timestamp", NULL},
	{"BinData", NULL},
};

static const struct word *find_word(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == len && memcmp(text, words[i].word, len) == 0)
			return &words[i];
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The length of a text in quotes, or of what there is of it.
static size_t quoted_length(const char *text, size_t len)
{
	size_t n = 1;

	while (n < len && text[n] != '"')
		n += text[n] == '\\' ? 2 : 1;
	return n < len ? n + 1 : len;
}

// Writes what stands for a word; returns how long that is with its arguments.
static size_t put_word(const struct word *w, const char *text, size_t len, struct strbuf *out)
{
	size_t at = strlen(w->word);
	size_t from = at + 1;
	bool is_quoted;

	if (at < len && text[at] == '(') {
		const char *close = memchr(text, ')', len);

		at = close ? (size_t)(close - text) + 1 : len;
	}
	if (!w->before || at <= from + 1) {
		strbuf_puts(out, "null");
		return at;
	}
	is_quoted = text[from] == '"';
	strbuf_printf(out, "%s%s", w->before, is_quoted ? "" : "\"");
	strbuf_add(out, text + from, at - 1 - from);
	strbuf_puts(out, is_quoted ? "}" : "\"}");
	return at;
}

static void put_plain(const char *text, size_t len, struct strbuf *out)
{
	size_t step = 0;

	for (size_t i = 0; i < len; i += step) {
		const struct word *w = NULL;

		step = 1;
		if (text[i] == '"') {
			step = quoted_length(text + i, len - i);
		} else if (is_letter(text[i]) || text[i] == '-') {
			while (i + step < len && is_letter(text[i + step]))
				step++;
			w = find_word(text + i, step);
		}
		if (w)
			step = put_word(w, text + i, len - i, out);
		else
			strbuf_add(out, text + i, step);
	}
}

int doc_from_foreign_json(
	const char *text, size_t len, struct arena *a, struct doc **ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf plain = {0};
	const struct reader r = {.arena = a, .err = err, .is_foreign = true};

	put_plain(text, len, &plain);
	return read_text(&r, strbuf_text(&plain), plain.len, ret);
}
