// SPDX-License-Identifier: Apache-2.0
// Figures of the warehouse for pages: a statistic by a dimension over time, of what the person may
// see. What can be asked, and how it is called, are rows of the warehouse.
#pragma once

#include "portal/portal.h"
#include "portal/postgres.h"

struct figure_question {
	const char *realm, *statistic, *dimension;
	const char *unit;           // day, month, quarter, year; total: the whole time together
	const char *since, *until;  // days, both inside
	const char *only_by, *only; // only this value of a dimension; NULL: everything
	bool is_public;             // what everybody may see
	size_t n_leaders;           // over time, how many values are asked for
	bool is_brief;              // no figures of the whole time besides those asked for
};

struct figure_line { // one value of the dimension
	const char *id, *name;
	double *values; // for each period; NaN: none
	double total;   // of the whole time; NaN: none
	double coverage;
	bool is_rest; // all that have no line of their own
};

struct figure {
	struct figure_question question;
	const struct doc *statistic, *dimension; // id, label, unit, help
	bool is_additive;                        // values may be added up
	const char **periods;                    // first days
	size_t n_periods;
	struct figure_line *lines; // the largest first
	size_t n_lines;
	size_t n_left_out;      // values that are in no line
	double total, coverage; // of everything
};

struct figure_words { // what can be asked
	struct rows realms, statistics, dimensions;
};

// The rows of q's realm, or of the first there is; q->realm is set to what was taken, and so are
// q->statistic and q->dimension when they are none of it.
int figure_words_load(struct session *s, struct arena *a, struct figure_question *q,
	struct figure_words *ret, struct error *err) MUST_USE;

// At most so many lines; the rest is one more where values may be added up.
int figure_load(struct session *s, struct arena *a, const struct figure_question *q,
	const struct figure_words *words, size_t n_lines, struct figure *ret,
	struct error *err) MUST_USE;

const struct doc *figure_word(const struct rows *words, const char *id); // NULL: there is none

// A drawing, its legend and its axes; a list with bars for a question over the whole time.
void figure_draw(struct strbuf *out, const struct figure *f);
// " by user"; nothing for everything together.
void figure_by(struct strbuf *out, const struct figure *f);
// "1.23 k core hours", or "–".
void figure_number(struct strbuf *out, double value, const char *unit);
