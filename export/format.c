// SPDX-License-Identifier: Apache-2.0
// The table of forms, and CSV, the plainest of them: a line for each figure, whole or not measured.
#include "export/format.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"
#include "portal/csv.h"

static const struct format formats[] = {
	{"text", write_text, false},
	{"html", write_html, false},
	{"pdf", write_html, true},
	{"csv", write_csv, false},
};

int format_find(const char *name, const char *file, const struct format **ret, struct error *err)
{
	const char *dot = file ? strrchr(file, '.') : NULL;

	*ret = &formats[0];
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (name ? str_eq(name, formats[i].name)
			 : dot && str_eq(dot + 1, formats[i].name)) {
			*ret = &formats[i];
			return 0;
		}
	return name ? error_set(err, EINVAL, "'%.20s' is not text, html, pdf or csv", name) : 0;
}

struct line {
	struct strbuf *out;
	const struct edition *edition;
	const struct chapter *chapter;
	const struct answer *answer;
};

static void put_line(const struct line *l, const char *id, const char *label,
	const struct column *c, const struct cell *cell)
{
	struct strbuf *out = l->out;
	char day[DAY_TEXT_SIZE];

	csv_text(out, format_day(l->edition->period.begin_s, day));
	csv_text(out, format_day(l->edition->period.end_s, day));
	csv_text(out, l->chapter->cluster ? l->chapter->cluster : "all");
	csv_text(out, l->answer->section->title);
	csv_text(out, l->answer->by ? l->answer->by : "");
	csv_text(out, id);
	csv_text(out, label);
	csv_text(out, c->realm);
	csv_text(out, c->id);
	csv_text(out, c->label);
	csv_text(out, c->unit);
	csv_number(out, cell->is_known ? cell->value : NAN);
	csv_number(out, cell->coverage);
	csv_end(out);
}

void write_csv(const struct edition *e, struct strbuf *out)
{
	strbuf_puts(out,
		"first_day,last_day,cluster,section,by,value_id,value_label,realm,statistic,"
		"statistic_label,unit,value,coverage\r\n");
	for (size_t i = 0; i < e->n_chapters; i++)
		for (size_t k = 0; k < e->report->n_sections; k++) {
			const struct answer *a = &e->chapters[i].answers[k];
			const struct line l = {out, e, &e->chapters[i], a};

			for (size_t r = 0; r < a->n_rows; r++)
				for (size_t c = 0; c < a->n_columns; c++)
					put_line(&l, a->rows[r].id ? a->rows[r].id : "",
						a->rows[r].label, &a->columns[c],
						&a->rows[r].cells[c]);
			for (size_t c = 0; c < a->n_columns; c++)
				put_line(&l, "", "total", &a->columns[c], &a->totals[c]);
		}
}
