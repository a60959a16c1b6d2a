// SPDX-License-Identifier: Apache-2.0
// JSON text to a tree, by jansson. Extended JSON's wrapped values ({"$date": ...}) become what they
// mean, relaxed or canonical; an unknown wrapping is an error, never a field called "$...".
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/document/document.h"

struct reader {
	struct arena *arena;
	struct error *err;
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

static int read_object(const struct reader *r, json_t *j, int depth, struct doc **ret)
{
	const char *key;
	json_t *value;

	*ret = doc_object(r->arena);
	json_object_foreach(j, key, value)
	{
		struct doc *item;

		if (key[0] == '$') {
			for (size_t i = 0; i < ARRAY_LEN(wrappings); i++)
				if (str_eq(key, wrappings[i].key) && json_object_size(j) == 1)
					return wrappings[i].read(r, value, ret);
			return error_set(r->err, EINVAL,
				"JSON: field name \"%.60s\" is no value that is known", key);
		}
		TRY(read_value(r, value, depth + 1, &item));
		doc_put(*ret, r->arena, key, item);
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

		TRY(read_value(r, value, depth + 1, &item));
		doc_put(*ret, r->arena, NULL, item);
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

int doc_from_json(
	const char *text, size_t len, struct arena *a, struct doc **ret, struct error *err)
{
	const struct reader r = {a, err};
	json_error_t fault;
	CLEANUP(json_release)
	json_t *j = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &fault);

	if (!j)
		return error_set(err, EINVAL, "JSON: line %d, column %d: %.200s", fault.line,
			fault.column, fault.text);
	return read_value(&r, j, 1, ret);
}
