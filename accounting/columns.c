// SPDX-License-Identifier: Apache-2.0
// Lines of CSV by the names of their columns; an empty field says nothing.
#include "accounting/columns.h"

#include <errno.h>

#include "accounting/text.h"
#include "common/macro.h"

static int find(const struct csv_row *head, const char *name)
{
	int found = -1;

	for (size_t i = 0; i < head->n; i++)
		if (str_eq(head->fields[i], name))
			found = (int)i;
	return found;
}

int columns_open(struct columns *c, struct csv *csv, struct arena *a, struct error *err)
{
	struct csv_row head;
	int rc = csv_next(csv, a, &head, err);

	TRY(rc);
	if (rc == 0)
		return error_set(err, EINVAL, "%s: no line that names the columns", csv->file);
	c->n_fields = head.n;
	for (size_t i = 0; i < c->n_known; i++) {
		c->fields[i] = find(&head, c->known[i].name);
		if (c->fields[i] < 0 && c->known[i].is_needed)
			return error_at(err, EINVAL, csv->file, head.line, "no column %s",
				c->known[i].name);
	}
	return 0;
}

bool columns_has(const struct columns *c, int at)
{
	for (size_t i = 0; i < c->n_known; i++)
		if (c->known[i].at == at)
			return c->fields[i] >= 0;
	return false;
}

static bool put(const struct columns *c, const struct column *k, const char *text, struct record *r)
{
	int64_t scale = k->scale ? k->scale : 1;
	int64_t n;
	double d;

	switch (k->type) {
	case COLUMN_TEXT:
		record_text(r, k->at, text);
		return true;
	case COLUMN_TIME:
		if (text_time(text, c->zone, &n) < 0)
			return false;
		record_int(r, k->at, n);
		return true;
	case COLUMN_DOUBLE:
		if (parse_double(text, &d) < 0 || d < 0)
			return false;
		record_double(r, k->at, d);
		return true;
	default:
		if (parse_i64(text, &n) < 0 || n < 0 || n > INT64_MAX / scale ||
			(k->most && n > k->most))
			return false;
		record_int(r, k->at, n * scale);
		return true;
	}
}

const char *columns_take(const struct columns *c, const struct csv_row *row, struct record *ret)
{
	if (row->n != c->n_fields)
		return "not as many fields as columns";
	for (size_t i = 0; i < c->n_known; i++) {
		const struct column *k = &c->known[i];
		const char *text = c->fields[i] < 0 ? "" : row->fields[c->fields[i]];

		if (*text && !put(c, k, text, ret))
			return k->name;
		if (k->is_needed && !*text)
			return k->name;
	}
	return NULL;
}
