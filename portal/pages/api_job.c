// SPDX-License-Identifier: Apache-2.0
// One job for programs: accounting, values with reasons, hosts, runs. And the catalogue.
#include "portal/field.h"
#include "portal/job_detail.h"
#include "portal/routes.h"

static struct doc *array_of(const struct rows *rows, struct arena *a)
{
	struct doc *list = doc_array(a);
	for (size_t i = 0; i < rows->n; i++)
		doc_put(list, a, NULL, rows->items[i]);
	return list;
}

// One entry a metric; value is absent where nothing was measured, and reason says why.
static struct doc *values_of(const struct portal *p, const struct job_detail *d, struct arena *a)
{
	static const char *const texts[] = {"label", "unit", "chart_group"};
	struct doc *list = doc_array(a);
	for (size_t i = 0; i < d->values.n; i++) {
		const struct doc *m = d->values.items[i];
		if (!field_text(m, "column_name")[0])
			continue;
		struct doc *v = doc_object(a);
		const char *name = field_text(m, "name");
		struct provenance from = job_provenance(p, d, name, a);
		doc_put_text(v, a, "metric", name);
		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			doc_put_text(v, a, texts[k], field_text(m, texts[k]));
		doc_put_text(v, a, "statistic", from.statistic);
		doc_put_double(v, a, "value", field_number(m, "value"));
		doc_put_double(v, a, "min", from.min);
		doc_put_double(v, a, "max", from.max);
		doc_put_double(v, a, "std", from.std);
		if (field_int(m, "reason", 0) != 0) {
			doc_put_int(v, a, "reason", field_int(m, "reason", 0));
			doc_put_text(v, a, "reason_help", field_text(m, "reason_help"));
		}
		if (field_is_there(m, "coverage"))
			doc_put_int(v, a, "coverage_percent", field_int(m, "coverage", 0));
		doc_put(list, a, NULL, v);
	}
	return list;
}

int api_job(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	struct job_detail d;
	TRY(job_detail_load(p, q, DETAIL_VALUES | DETAIL_HOSTS | DETAIL_SUMMARY, &d, err));
	struct arena *a = q->arena;
	struct doc *root = doc_object(a);
	doc_put(root, a, "job", (struct doc *)d.run);
	doc_put(root, a, "values", values_of(p, &d, a));
	doc_put(root, a, "hosts", array_of(&d.hosts, a));
	doc_put(root, a, "runs", array_of(&d.runs, a));
	if (d.problem)
		doc_put_text(root, a, "problem", d.problem);
	r->type = TYPE_JSON;
	doc_to_json(root, false, false, &r->body);
	strbuf_putc(&r->body, '\n');
	return 0;
}

int api_catalogue(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	CLEANUP(session_end) struct session *s = NULL;
	struct rows metrics;
	TRY(session_begin(p->warehouse, q->person, &s, err));
	TRY(session_query(s, STATEMENT_METRICS, NULL, q->arena, &metrics, err));
	struct doc *root = doc_object(q->arena);
	doc_put(root, q->arena, "metrics", array_of(&metrics, q->arena));
	r->type = TYPE_JSON;
	doc_to_json(root, false, false, &r->body);
	strbuf_putc(&r->body, '\n');
	return 0;
}
