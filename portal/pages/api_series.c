// SPDX-License-Identifier: Apache-2.0
// Time series for programs and charts: all of a job in one answer, or one as CSV. A job of many
// hosts is given as a band (lowest, mean, highest of the hosts) unless hosts=all is asked for.
#include <errno.h>
#include <math.h>

#include "portal/csv.h"
#include "portal/field.h"
#include "portal/job_detail.h"
#include "portal/routes.h"
#include "portal/units.h"

static void put_numbers(struct strbuf *out, const double *values, size_t n)
{
	char text[NUMBER_SIZE];
	strbuf_putc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			strbuf_putc(out, ',');
		strbuf_puts(out, isnan(values[i]) ? "null" : number_exact(values[i], text));
	}
	strbuf_putc(out, ']');
}

static void put_text(struct strbuf *out, struct arena *a, const char *text)
{
	struct doc *d = arena_alloc(a, sizeof(*d));
	d->kind = DOC_TEXT;
	d->text = text;
	doc_to_json(d, false, false, out);
}

static void put_named(struct strbuf *out, const char *name, const double *values, size_t n)
{
	strbuf_printf(out, ",\"%s\":", name);
	put_numbers(out, values, n);
}

static void put_lines(struct strbuf *out, const struct series_data *d)
{
	strbuf_puts(out, "\"lines\":[");
	for (size_t i = 0; i < d->n_lines; i++) {
		const struct series_line *l = &d->lines[i];
		strbuf_printf(out, "%s{\"host\":%zu", i > 0 ? "," : "", l->host);
		put_named(out, "all", l->all, d->n_times);
		if (l->min)
			put_named(out, "min", l->min, d->n_times);
		if (l->max)
			put_named(out, "max", l->max, d->n_times);
		strbuf_putc(out, '}');
	}
	strbuf_putc(out, ']');
}

static void put_band(struct strbuf *out, const struct series_data *d, struct arena *a)
{
	struct series_band b = series_band(d, a);
	strbuf_puts(out, "\"band\":{\"hosts\":");
	strbuf_printf(out, "%zu", d->n_lines);
	put_named(out, "low", b.low, d->n_times);
	put_named(out, "mean", b.mean, d->n_times);
	put_named(out, "high", b.high, d->n_times);
	strbuf_putc(out, '}');
}

static void put_series(
	struct strbuf *out, const struct series_data *d, bool is_all, struct arena *a)
{
	strbuf_puts(out, "{\"key\":");
	put_text(out, a, d->key);
	strbuf_printf(out, ",\"step\":%lld,\"times\":[", (long long)d->step);
	for (size_t i = 0; i < d->n_times; i++)
		strbuf_printf(out, "%s%lld", i > 0 ? "," : "", (long long)d->times[i]);
	strbuf_puts(out, "],");
	if (is_all || d->n_lines <= SERIES_MAX_LINES)
		put_lines(out, d);
	else
		put_band(out, d, a);
	strbuf_putc(out, '}');
}

static void put_json(struct strbuf *out, const struct series_set *set, const char *key, bool is_all,
	struct arena *a)
{
	bool is_first = true;
	strbuf_puts(out, "{\"hosts\":[");
	for (size_t i = 0; i < set->n_hosts; i++) {
		if (i > 0)
			strbuf_putc(out, ',');
		put_text(out, a, set->hosts[i] ? set->hosts[i] : "");
	}
	strbuf_puts(out, "],\"series\":[");
	for (size_t i = 0; i < set->n; i++) {
		if (key && !str_eq(set->items[i].key, key))
			continue;
		if (!is_first)
			strbuf_putc(out, ',');
		put_series(out, &set->items[i], is_all, a);
		is_first = false;
	}
	strbuf_puts(out, "]}\n");
}

static void put_csv(struct strbuf *out, const struct series_set *set, const struct series_data *d)
{
	csv_text(out, "time");
	for (size_t k = 0; k < d->n_lines; k++)
		csv_text(out, set->hosts[d->lines[k].host]);
	csv_end(out);
	for (size_t i = 0; i < d->n_times; i++) {
		char iso[TIME_TEXT_SIZE];
		csv_text(out, format_time(d->times[i], iso));
		for (size_t k = 0; k < d->n_lines; k++)
			csv_number(out, d->lines[k].all[i]);
		csv_end(out);
	}
}

// Keys come from documents: a file's name keeps what is harmless in one.
static const char *file_name_of(struct arena *a, const struct job_detail *d, const char *key)
{
	char *name = arena_printf(a, "job-%s-%s.csv", field_text(d->run, "local_id"), key);
	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			    (*c >= '0' && *c <= '9') || *c == '-' || *c == '_' || *c == '.'))
			*c = '_';
	return name;
}

int api_series(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	const char *key = q->captures[2];
	const char *format = request_query(q, "format");
	bool is_csv = str_eq(format, "csv");
	if (format && !(is_csv && key) && !str_eq(format, "json"))
		return error_set(err, EINVAL, "format must be json, or csv for one series");
	struct job_detail d;
	TRY(job_detail_load(p, q, DETAIL_SERIES, &d, err));
	const struct series_data *one = key ? series_find(&d.series, key) : NULL;
	if (key && !one)
		return error_set(
			err, ENOENT, "%s", d.problem ? d.problem : "This job has no such series.");
	r->type = is_csv ? TYPE_CSV : TYPE_JSON;
	if (is_csv && one) {
		r->file_name = file_name_of(q->arena, &d, key);
		put_csv(&r->body, &d.series, one);
	} else {
		bool is_all = str_eq(request_query(q, "hosts"), "all");
		put_json(&r->body, &d.series, key, is_all, q->arena);
	}
	return 0;
}
