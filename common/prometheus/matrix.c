// SPDX-License-Identifier: Apache-2.0
// Parsing answers of Prometheus.
#include "common/prometheus/matrix.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"

#define TIME_LIMIT 9e9 // seconds; later than the year 2255

static int bad(struct error *err, const char *what)
{
	return error_set(err, EBADMSG, "answer: %s", what);
}

static const struct doc *child(const struct doc *d, const char *key, enum doc_kind kind)
{
	if (d == NULL || d->kind != DOC_OBJECT)
		return NULL;
	const struct doc *found = doc_find(d, key);
	return found && found->kind == kind ? found : NULL;
}

// 1; 0: left out, *odd rises when it is no number in no sense.
static int take_sample(const struct doc *pair, struct matrix_sample *ret, size_t *odd)
{
	double seconds = NAN;
	double value = NAN;
	if (pair->kind != DOC_ARRAY || pair->n != 2 || pair->items[1]->kind != DOC_TEXT) {
		(*odd)++;
		return 0;
	}
	if (pair->items[0]->kind == DOC_INT)
		seconds = (double)pair->items[0]->integer;
	else if (pair->items[0]->kind == DOC_DOUBLE)
		seconds = pair->items[0]->number;
	const char *text = pair->items[1]->text;
	bool is_special = str_eq(text, "NaN") || str_eq(text, "+Inf") || str_eq(text, "-Inf");
	if (is_special)
		return 0;
	if (!(seconds > 0 && seconds < TIME_LIMIT) || parse_double(text, &value) < 0) {
		(*odd)++;
		return 0;
	}
	ret->time_ns = (int64_t)llround(seconds * 1000) * (NS_PER_S / 1000);
	ret->value = value;
	return 1;
}

static int take_series(const struct doc *d, struct arena *a, struct matrix *m, struct error *err)
{
	struct matrix_series *s = &m->series[m->n];
	const struct doc *values = child(d, "values", DOC_ARRAY);
	s->labels = child(d, "metric", DOC_OBJECT);
	if (s->labels == NULL || values == NULL)
		return bad(err, "a series without labels or values");
	for (size_t i = 0; i < s->labels->n; i++)
		if (s->labels->items[i]->kind != DOC_TEXT)
			return bad(err, "a label that is no text");
	s->samples = arena_array(a, values->n + 1, sizeof(*s->samples));
	s->n = 0;
	for (size_t i = 0; i < values->n; i++) {
		struct matrix_sample x;
		if (take_sample(values->items[i], &x, &m->odd) == 0)
			continue;
		if (s->n && x.time_ns <= s->samples[s->n - 1].time_ns) {
			m->odd++; // the order of time is what all else relies on
			continue;
		}
		s->samples[s->n++] = x;
	}
	m->n++;
	return 0;
}

int matrix_parse(struct bytes body, struct arena *a, struct matrix *ret, struct error *err)
{
	struct doc *root = NULL;
	struct error why = {0};
	*ret = (struct matrix){0};
	if (doc_from_json((const char *)body.data, body.len, a, &root, &why) < 0)
		return error_set(err, EBADMSG, "answer: %s", why.text);
	const struct doc *status = child(root, "status", DOC_TEXT);
	if (status == NULL || !str_eq(status->text, "success")) {
		const struct doc *words = child(root, "error", DOC_TEXT);
		return bad(err, words ? words->text : "no status");
	}
	const struct doc *data = child(root, "data", DOC_OBJECT);
	const struct doc *type = child(data, "resultType", DOC_TEXT);
	const struct doc *result = child(data, "result", DOC_ARRAY);
	if (type == NULL || !str_eq(type->text, "matrix") || result == NULL)
		return bad(err, "no matrix");
	ret->series = arena_array(a, result->n + 1, sizeof(*ret->series));
	for (size_t i = 0; i < result->n; i++)
		TRY(take_series(result->items[i], a, ret, err));
	return 0;
}

const char *matrix_label(const struct matrix_series *s, const char *name)
{
	for (size_t i = 0; i < s->labels->n; i++)
		if (str_eq(s->labels->keys[i], name))
			return s->labels->items[i]->text;
	return "";
}

// The value of the label at "{label}..."; NULL where no brace ends it. Moves on behind it.
static const char *braced(const struct matrix_series *s, const char **form)
{
	char label[256];
	const char *start = *form + 1;
	const char *end = strchr(start, '}');
	if (end == NULL)
		return NULL;
	*form = end + 1;
	if (!str_format(label, sizeof(label), "%.*s", (int)(end - start), start))
		return "";
	return matrix_label(s, label);
}

char *matrix_instance(const struct matrix_series *s, const char *form, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	size_t opened = 0; // length of the name where the piece in brackets began
	bool is_absent = false;
	while (*form) {
		size_t plain = strcspn(form, "{[]");
		strbuf_add(&out, form, plain);
		form += plain;
		if (*form == '{') {
			const char *value = braced(s, &form);
			if (value == NULL)
				break;
			is_absent |= value[0] == '\0';
			strbuf_puts(&out, value);
			continue;
		}
		if (*form == ']' && is_absent && out.len) {
			out.len = opened;
			out.text[opened] = '\0';
		}
		opened = out.len;
		is_absent = false;
		form += *form != '\0';
	}
	return arena_strdup(a, strbuf_text(&out));
}
