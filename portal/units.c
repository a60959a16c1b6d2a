// SPDX-License-Identifier: Apache-2.0
// Writes numbers with the prefix and unit that people expect.
#include "portal/units.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "common/str.h"

#define DAYS_FROM  (48 * 3600)
#define THIN_SPACE "\u202f"

enum scaling { SCALE_DECIMAL, SCALE_BINARY, SCALE_PERCENT, SCALE_SPAN, SCALE_NONE, SCALE_WORD };

// How a unit of the catalogue is shown. Of one that is not here, a word is not scaled (there are no
// kilojobs), and a symbol is scaled by thousands; either is printed behind the number.
static const struct row {
	const char *unit;
	enum scaling scaling;
	const char *shown;
} units[] = {
	{"ratio", SCALE_PERCENT, "%"},
	{"%", SCALE_NONE, "%"},
	{"percent", SCALE_NONE, "%"},
	{"CPU %", SCALE_NONE, "%"},
	{"GPU %", SCALE_NONE, "%"},
	{"B", SCALE_BINARY, "B"},
	{"byte", SCALE_BINARY, "B"},
	{"bytes", SCALE_BINARY, "B"},
	{"B/s", SCALE_BINARY, "B/s"},
	{"byte/s", SCALE_BINARY, "B/s"},
	{"bytes/s", SCALE_BINARY, "B/s"},
	{"GB", SCALE_NONE, "GB"},
	{"MB/s", SCALE_NONE, "MB/s"},
	{"GB/s", SCALE_NONE, "GB/s"},
	{"GHz", SCALE_NONE, "GHz"},
	{"s", SCALE_SPAN, ""},
	{"second", SCALE_SPAN, ""},
	{"seconds", SCALE_SPAN, ""},
	{"", SCALE_WORD, ""},
	{"1", SCALE_WORD, ""},
	{"count", SCALE_WORD, ""},
	{"h", SCALE_WORD, "h"},
	{"flop", SCALE_DECIMAL, "flop"},
	{"flop/s", SCALE_DECIMAL, "flop/s"},
};

static const struct row *row_of(const char *unit) // NULL: it has none
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eq(units[i].unit, unit))
			return &units[i];
	return NULL;
}

static bool looks_like_word(const char *unit)
{
	return strcspn(unit, "/ ") >= 4 || strchr(unit, ' ');
}

bool unit_is_word(const char *unit)
{
	return !row_of(unit) && looks_like_word(unit);
}

static const char *const decimal_prefixes[] = {"", "k", "M", "G", "T", "P", "E"};
static const char *const small_prefixes[] = {"", "m", "µ", "n", "p"};
static const char *const binary_prefixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

// Three significant digits, but never fewer than all before the point.
static void put_number(struct shown *s, double v)
{
	double size = fabs(v);
	int decimals = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : 2;
	if (size > 0 && size < 0.1)
		decimals = size < 0.01 ? 4 : 3;
	str_format(s->number, sizeof(s->number), "%.*f", decimals, v);
}

static void put_scaled(struct shown *s, double v, double base, const char *const *prefixes,
	size_t n, const char *unit)
{
	size_t i = 0;
	while (fabs(v) >= base * 0.9995 && i + 1 < n) {
		v /= base;
		i++;
	}
	put_number(s, v);
	str_format(s->unit, sizeof(s->unit), "%s%s", prefixes[i], unit);
}

static void put_small(struct shown *s, double v, const char *unit)
{
	size_t i = 0;
	while (fabs(v) < 0.9995 && i + 1 < ARRAY_LEN(small_prefixes)) {
		v *= 1000;
		i++;
	}
	put_number(s, v);
	str_format(s->unit, sizeof(s->unit), "%s%s", small_prefixes[i], unit);
}

static void put_decimal(struct shown *s, double v, const char *unit)
{
	if (v != 0 && fabs(v) < 0.1 && unit[0])
		put_small(s, v, unit);
	else
		put_scaled(s, v, 1000, decimal_prefixes, ARRAY_LEN(decimal_prefixes), unit);
}

// All digits below a million, and never a small prefix.
static void put_word(struct shown *s, double v, const char *unit)
{
	char digits[NUMBER_SIZE];

	if (fabs(v) >= 999999.5) {
		bool is_billion = fabs(v) >= 999.5e6;

		put_number(s, v / (is_billion ? 1e9 : 1e6));
		str_format(s->unit, sizeof(s->unit), "%s%s%s", is_billion ? "G" : "M",
			*unit ? " " : "", unit);
		return;
	}
	if (v == trunc(v) || fabs(v) >= 999.5)
		str_format(s->number, sizeof(s->number), "%s", count_show(llround(v), digits));
	else
		put_number(s, v);
	str_format(s->unit, sizeof(s->unit), "%s", unit);
}

static void put_span(struct shown *s, double v)
{
	if (fabs(v) < 60) {
		put_decimal(s, v, "s");
		return;
	}
	char buf[SPAN_SIZE];
	str_format(s->number, sizeof(s->number), "%s", span_show(llround(v), buf));
}

struct shown unit_show(double value, const char *unit)
{
	struct shown s = {0};
	const char *text = unit ? unit : "";
	const struct row *row = row_of(text);
	enum scaling scaling = row                     ? row->scaling
	                       : looks_like_word(text) ? SCALE_WORD
	                                               : SCALE_DECIMAL;

	if (row)
		text = row->shown;
	switch (scaling) {
	case SCALE_PERCENT:
	case SCALE_NONE:
		put_number(&s, scaling == SCALE_PERCENT ? value * 100 : value);
		str_format(s.unit, sizeof(s.unit), "%s", text);
		break;
	case SCALE_BINARY:
		put_scaled(&s, value, 1024, binary_prefixes, ARRAY_LEN(binary_prefixes), text);
		break;
	case SCALE_WORD:
		put_word(&s, value, text);
		break;
	case SCALE_SPAN:
		put_span(&s, value);
		break;
	case SCALE_DECIMAL:
		put_decimal(&s, value, text);
		break;
	}
	return s;
}

const char *number_exact(double value, char buf[NUMBER_SIZE])
{
	for (int digits = 15; digits <= 17; digits++) {
		str_format(buf, NUMBER_SIZE, "%.*g", digits, value);
		double back;
		if (parse_double(buf, &back) == 0 && back == value)
			break;
	}
	return buf;
}

const char *span_show(int64_t seconds, char buf[SPAN_SIZE])
{
	uint64_t s = seconds < 0 ? -(uint64_t)seconds : (uint64_t)seconds;
	const char *sign = seconds < 0 ? "-" : "";
	unsigned long long days = s < DAYS_FROM ? 0 : s / 86400; // limits of 24:00:00 are common
	unsigned hours = (unsigned)(s / 3600 - days * 24);
	unsigned minutes = (unsigned)(s / 60 % 60);
	unsigned rest = (unsigned)(s % 60);
	if (days > 0)
		str_format(
			buf, SPAN_SIZE, "%s%llud %02u:%02u:%02u", sign, days, hours, minutes, rest);
	else
		str_format(buf, SPAN_SIZE, "%s%u:%02u:%02u", sign, hours, minutes, rest);
	return buf;
}

const char *count_show(int64_t n, char buf[NUMBER_SIZE])
{
	char digits[24];
	str_format(digits, sizeof(digits), "%lld", (long long)n);
	struct strbuf out = {0};
	size_t len = strlen(digits);
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-' && len > 4)
			strbuf_puts(&out, THIN_SPACE);
		strbuf_putc(&out, digits[i]);
	}
	str_format(buf, NUMBER_SIZE, "%s", strbuf_text(&out));
	strbuf_release(&out);
	return buf;
}
