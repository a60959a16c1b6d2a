// SPDX-License-Identifier: Apache-2.0
// Errors in words: fills struct error with one clean line.
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The text may quote hostile input and end on a terminal: control characters become '?', and a cut
// never leaves half a UTF-8 character.
static void clean_line(char *text, size_t size)
{
	size_t len = strnlen(text, size);

	if (len == size - 1) {
		while (len && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
			len--;
		if (len && (unsigned char)text[len - 1] >= 0xc0)
			len--;
		if (len < size - 1 && (text[len] & 0x80))
			text[len] = '\0';
	}
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
}

static int negative(int code)
{
	return code > 0 ? -code : code;
}

static int error_put(struct error *err, int code, const char *fmt, va_list args)
{
	err->code = negative(code);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	clean_line(err->text, sizeof(err->text));
	return err->code;
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return negative(code);
	va_start(args, fmt);
	error_put(err, code, fmt, args);
	va_end(args);
	return err->code;
}

static void put_before(struct error *err, const char *prefix)
{
	char old[sizeof(err->text)];

	memcpy(old, err->text, sizeof(old));
	// A cut is what the header promises of a text that is too long.
	if (snprintf(err->text, sizeof(err->text), "%s%s", prefix, old) >= (int)sizeof(err->text))
		err->text[sizeof(err->text) - 1] = '\0';
	clean_line(err->text, sizeof(err->text));
}

int error_at(struct error *err, int code, const char *file, int line, const char *fmt, ...)
{
	char place[sizeof(err->text)];
	va_list args;

	if (!err)
		return negative(code);
	va_start(args, fmt);
	error_put(err, code, fmt, args);
	va_end(args);
	if (line > 0)
		snprintf(place, sizeof(place), "%s:%d: ", file, line);
	else
		snprintf(place, sizeof(place), "%s: ", file);
	clean_line(place, sizeof(place));
	put_before(err, place);
	return err->code;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	char prefix[sizeof(err->text)];
	va_list args;
	int len;

	if (!err)
		return -1;
	va_start(args, fmt);
	len = vsnprintf(prefix, sizeof(prefix) - 2, fmt, args);
	va_end(args);
	if (len < 0)
		return err->code;
	clean_line(prefix, sizeof(prefix) - 2);
	len = (int)strlen(prefix);
	memcpy(prefix + len, ": ", 3);
	put_before(err, prefix);
	return err->code;
}
