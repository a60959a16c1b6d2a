// SPDX-License-Identifier: Apache-2.0
// Strings: growable buffer, checked numbers, glob, UTF-8.
#include "common/str.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"

void strbuf_release(struct strbuf *b)
{
	free(b->text);
	*b = (struct strbuf){0};
}

void strbuf_clear(struct strbuf *b)
{
	b->len = 0;
	if (b->text)
		b->text[0] = '\0';
}

static void strbuf_reserve(struct strbuf *b, size_t more)
{
	size_t need;
	size_t room = b->room ? b->room : 64;

	if (__builtin_add_overflow(b->len, more, &need) || need > SIZE_MAX / 2 - 1)
		need = SIZE_MAX / 2 - 1; // cannot be had: ends the program below
	need++;
	if (need <= b->room)
		return;
	while (room < need)
		room *= 2;
	b->text = memory_resize(b->text, room, 1);
	b->room = room;
}

void strbuf_add(struct strbuf *b, const void *data, size_t len)
{
	strbuf_reserve(b, len);
	if (len)
		memcpy(b->text + b->len, data, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void strbuf_puts(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void strbuf_putc(struct strbuf *b, char c)
{
	if (b->room - b->len < 2) // an empty buffer has neither
		strbuf_reserve(b, 1);
	b->text[b->len++] = c;
	b->text[b->len] = '\0';
}

void strbuf_printf(struct strbuf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	strbuf_reserve(b, (size_t)len);
	va_start(args, fmt);
	vsnprintf(b->text + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

const char *strbuf_text(const struct strbuf *b)
{
	return b->text ? b->text : "";
}

char *strbuf_take(struct strbuf *b)
{
	char *text;

	strbuf_reserve(b, 0);
	b->text[b->len] = '\0';
	text = b->text;
	*b = (struct strbuf){0};
	return text;
}

// Digits of s up to the first other character; *ret_end points at it.
static int parse_digits(const char *s, const char **ret_end, uint64_t *ret)
{
	uint64_t v = 0;
	bool is_large = false;
	const char *p = s;

	for (; *p >= '0' && *p <= '9'; p++)
		is_large |= __builtin_mul_overflow(v, 10, &v) ||
		            __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v);
	*ret_end = p;
	if (p == s)
		return -EINVAL;
	if (is_large)
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_u64(const char *s, uint64_t *ret)
{
	const char *end;
	uint64_t v = 0;
	int code;

	if (!s)
		return -EINVAL;
	code = parse_digits(s, &end, &v);
	if (*end)
		return -EINVAL;
	if (code == 0)
		*ret = v;
	return code;
}

int parse_i64(const char *s, int64_t *ret)
{
	bool is_negative = s && *s == '-';
	uint64_t v = 0;

	if (!s)
		return -EINVAL;
	TRY(parse_u64(s + (is_negative || *s == '+'), &v));
	if (v > (uint64_t)INT64_MAX + is_negative)
		return -ERANGE;
	*ret = is_negative ? (int64_t)(0 - v) : (int64_t)v;
	return 0;
}

int parse_double(const char *s, double *ret)
{
	locale_t c_locale;
	double v;
	char *end;

	// strtod would take blanks, hexadecimal, "inf" and "nan".
	if (!s || !*s || s[strspn(s, "0123456789+-.eE")] || !strpbrk(s, "0123456789"))
		return -EINVAL;
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!c_locale)
		return -ENOMEM;
	v = strtod_l(s, &end, c_locale);
	freelocale(c_locale);
	if (*end)
		return -EINVAL;
	if (!isfinite(v))
		return -ERANGE;
	*ret = v;
	return 0;
}

int parse_bool(const char *s, bool *ret)
{
	static const char *const words[][2] = {
		{"no", "yes"}, {"false", "true"}, {"off", "on"}, {"0", "1"}};

	for (size_t i = 0; s && i < ARRAY_LEN(words); i++)
		for (int value = 0; value < 2; value++)
			if (strcmp(s, words[i][value]) == 0) {
				*ret = value;
				return 0;
			}
	return -EINVAL;
}

// Power of 1024 of "", "B", "K", "KB", "KiB", ...; -1: none of these.
static int unit_power(const char *s)
{
	static const char letters[] = "KMGTPE";
	const char *letter;

	if (!*s || str_eq(s, "B"))
		return 0;
	letter = strchr(letters, *s == 'k' ? 'K' : *s);
	if (!letter || !*letter)
		return -1;
	s++;
	return !*s || str_eq(s, "B") || str_eq(s, "iB") ? (int)(letter - letters) + 1 : -1;
}

int parse_bytes(const char *s, uint64_t *ret)
{
	char number[32] = "";
	size_t len = s ? strspn(s, "0123456789.") : 0;
	int power = len ? unit_power(s + len) : -1;
	uint64_t whole = 0;
	double v = 0;

	if (power < 0 || len >= sizeof(number))
		return -EINVAL;
	memcpy(number, s, len);
	if (!strchr(number, '.')) {
		TRY(parse_u64(number, &whole));
		if (whole > UINT64_MAX >> (10 * power))
			return -ERANGE;
		*ret = whole << (10 * power);
		return 0;
	}
	TRY(parse_double(number, &v));
	v = ldexp(v, 10 * power);
	if (v >= 0x1p64)
		return -ERANGE;
	*ret = (uint64_t)v;
	return 0;
}

bool str_eq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s);
	size_t tail = strlen(suffix);

	return len >= tail && strcmp(s + len - tail, suffix) == 0;
}

bool str_glob(const char *pattern, const char *s)
{
	const char *star = NULL;  // after the last '*' met
	const char *retry = NULL; // where that '*' would end next

	while (*s) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = s;
		} else if (*pattern == '?' || *pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

// Length of the UTF-8 character at s, at most len bytes; 0: it is none.
static size_t utf8_length(const unsigned char *s, size_t len)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
		return 0;
	c = s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

// Bytes from the beginning that are ASCII, eight a time: most text is nothing else.
static size_t ascii_length(const unsigned char *s, size_t len)
{
	size_t n = 0;
	uint64_t word;

	for (; len - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s + n, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (n < len && s[n] < 0x80)
		n++;
	return n;
}

bool str_is_utf8(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;

	while (len) {
		size_t n = ascii_length(p, len);

		p += n;
		len -= n;
		if (!len)
			return true;
		n = utf8_length(p, len);
		if (!n)
			return false;
		p += n;
		len -= n;
	}
	return true;
}

size_t str_distance(const char *a, const char *b)
{
	size_t row[65];
	size_t len_a = strlen(a);
	size_t len_b = strlen(b);

	if (len_a >= ARRAY_LEN(row) || len_b >= ARRAY_LEN(row))
		return SIZE_MAX; // too long to be somebody's typing mistake
	for (size_t j = 0; j <= len_b; j++)
		row[j] = j;
	for (size_t i = 1; i <= len_a; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len_b; j++) {
			size_t best = diagonal + (a[i - 1] != b[j - 1]);

			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = row[j];
			row[j] = best;
		}
	}
	return row[len_b];
}

bool str_format(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(buf, size, fmt, args);
	va_end(args);
	return len >= 0 && (size_t)len < size;
}
