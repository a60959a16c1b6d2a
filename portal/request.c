// SPDX-License-Identifier: Apache-2.0
// Takes a request target apart: path segments and query items, percent-decoded and checked once,
// so that no handler ever sees a control character, a broken UTF-8 sequence or a dot segment.
#include "portal/request.h"

#include <errno.h>
#include <string.h>

#include "common/str.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

// Decodes text[0..len) into the arena. In a query '+' is a blank.
static int decode(struct arena *a, const char *text, size_t len, bool is_query, const char **ret,
	struct error *err)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (c == '%') {
			if (len - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
				return error_set(
					err, EINVAL, "a '%%' is not followed by two hex digits");
			c = (char)(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
			i += 2;
		} else if (c == '+' && is_query) {
			c = ' ';
		}
		if ((unsigned char)c < 0x20 || c == 0x7f)
			return error_set(err, EINVAL, "a control character is not allowed");
		out[n++] = c;
	}
	out[n] = '\0';
	if (!str_is_utf8(out, n))
		return error_set(err, EINVAL, "the text is not UTF-8");
	*ret = out;
	return 0;
}

static int parse_path(struct request *r, const char *path, size_t len, struct error *err)
{
	size_t at = 1; // after the first '/'
	while (at < len) {
		const char *slash = memchr(path + at, '/', len - at);
		size_t n = slash ? (size_t)(slash - (path + at)) : len - at;
		if (n == 0)
			return error_set(err, EINVAL, "the path has an empty segment");
		if (r->n_segments == REQUEST_MAX_SEGMENTS)
			return error_set(err, EINVAL, "the path has more than %d segments",
				REQUEST_MAX_SEGMENTS);
		const char *segment = "";
		TRY(decode(r->arena, path + at, n, false, &segment, err));
		if (str_eq(segment, ".") || str_eq(segment, ".."))
			return error_set(err, EINVAL, "the path has a dot segment");
		r->segments[r->n_segments++] = segment;
		at += n + 1;
	}
	r->has_trailing_slash = len > 1 && path[len - 1] == '/';
	return 0;
}

static int parse_item(struct request *r, const char *text, size_t len, struct error *err)
{
	if (len == 0)
		return 0;
	if (r->n_query == REQUEST_MAX_QUERY)
		return error_set(
			err, EINVAL, "the query has more than %d items", REQUEST_MAX_QUERY);
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : len;
	struct query_item item = {.value = ""};
	TRY(decode(r->arena, text, name_len, true, &item.name, err));
	if (equals)
		TRY(decode(r->arena, equals + 1, len - name_len - 1, true, &item.value, err));
	if (strlen(item.value) > REQUEST_MAX_VALUE)
		return error_set(err, EINVAL, "a value is longer than %d bytes", REQUEST_MAX_VALUE);
	r->query[r->n_query++] = item;
	return 0;
}

static int parse_query(struct request *r, const char *text, struct error *err)
{
	for (;;) {
		size_t len = strcspn(text, "&");
		TRY(parse_item(r, text, len, err));
		if (text[len] == '\0')
			return 0;
		text += len + 1;
	}
}

int request_parse(struct request *r, const char *target, struct error *err)
{
	r->n_segments = 0;
	r->n_query = 0;
	r->has_trailing_slash = false;
	if (strlen(target) > REQUEST_MAX_TARGET)
		return error_set(err, ENAMETOOLONG, "the address is longer than %d bytes",
			REQUEST_MAX_TARGET);
	if (target[0] != '/')
		return error_set(err, EINVAL, "the address does not begin with '/'");
	r->target = arena_strdup(r->arena, target);
	size_t path_len = strcspn(target, "?");
	TRY(parse_path(r, target, path_len, err));
	return target[path_len] == '?' ? parse_query(r, target + path_len + 1, err) : 0;
}

const char *request_header(const struct request *r, const char *name)
{
	return r->header ? r->header(r->header_context, name) : NULL;
}

const char *request_query(const struct request *r, const char *name)
{
	for (size_t i = 0; i < r->n_query; i++)
		if (str_eq(r->query[i].name, name))
			return r->query[i].value[0] ? r->query[i].value : NULL;
	return NULL;
}

int request_query_count(const struct request *r, const char *name, uint64_t min, uint64_t max,
	uint64_t standard, uint64_t *ret, struct error *err)
{
	const char *text = request_query(r, name);
	uint64_t value = standard;
	if (text && (parse_u64(text, &value) < 0 || value < min || value > max))
		return error_set(err, EINVAL, "%s must be a whole number from %llu to %llu", name,
			(unsigned long long)min, (unsigned long long)max);
	*ret = value;
	return 0;
}

bool request_has_etag(const struct request *r, const char *etag)
{
	const char *sent = request_header(r, "If-None-Match");
	return sent && (str_eq(sent, "*") || strstr(sent, etag));
}
