// SPDX-License-Identifier: Apache-2.0
// Writes CSV.
#include "portal/csv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/csv.h"
#include "portal/units.h"

static void separate(struct strbuf *out)
{
	if (out->len > 0 && out->text[out->len - 1] != '\n')
		strbuf_putc(out, ',');
}

void csv_text(struct strbuf *out, const char *text)
{
	separate(out);
	bool is_formula = csv_is_formula(text);
	if (!is_formula && text[0] && !strpbrk(text, ",\"\r\n\t ")) {
		strbuf_puts(out, text);
		return;
	}
	strbuf_puts(out, is_formula ? "\"'" : "\"");
	for (const char *c = text; *c; c++) {
		if (*c == '"')
			strbuf_putc(out, '"');
		strbuf_putc(out, *c);
	}
	strbuf_putc(out, '"');
}

static void put_raw(struct strbuf *out, const char *text)
{
	separate(out);
	strbuf_puts(out, text);
}

void csv_number(struct strbuf *out, double v)
{
	char buf[NUMBER_SIZE];
	put_raw(out, isnan(v) ? "" : number_exact(v, buf));
}

void csv_value(struct strbuf *out, const struct doc *value)
{
	char buf[NUMBER_SIZE];
	switch (value ? value->kind : DOC_NULL) {
	case DOC_INT:
		str_format(buf, sizeof(buf), "%" PRId64, value->integer);
		put_raw(out, buf);
		break;
	case DOC_DOUBLE:
		csv_number(out, value->number);
		break;
	case DOC_BOOL:
		put_raw(out, value->boolean ? "true" : "false");
		break;
	case DOC_TEXT:
		csv_text(out, value->text);
		break;
	default:
		put_raw(out, "");
		break;
	}
}

void csv_end(struct strbuf *out)
{
	strbuf_puts(out, "\r\n");
}
