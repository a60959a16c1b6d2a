// SPDX-License-Identifier: Apache-2.0
// The place is the newest time; as agents append, what is older is known. An overlap takes what
// clocks that were set back have put out of order.
#include "accounting/lines.h"

#include <inttypes.h>

#include "accounting/text.h"
#include "common/memory.h"

int lines_open(const struct import_request *r, bool by_ssh, enum code code, void **ret_state,
	struct error *err)
{
	struct lines *l = memory_alloc(1, sizeof(*l));
	const char *name;
	struct bytes text;
	int rc = text_read(r, by_ssh, &l->arena, &name, &text, err);

	if (rc < 0) {
		lines_close(l);
		return rc;
	}
	l->problems = r->problems;
	l->code = code;
	l->zone = r->zone;
	csv_open(&l->csv, name, text, ',');
	if (parse_i64(r->place, &l->newest_s) == 0)
		l->after_s = l->newest_s - r->settings->import_overlap;
	if (r->since_s > l->after_s)
		l->after_s = r->since_s;
	*ret_state = l;
	return 0;
}

static bool next_line(struct lines *l, struct csv_row *ret)
{
	for (;;) {
		struct error why = {0};
		int rc = csv_next(&l->csv, &l->arena, ret, &why);

		if (rc >= 0)
			return rc > 0;
		problem(l->problems, l->code, "%s", why.text);
	}
}

int lines_record(struct lines *l,
	bool (*take)(void *context, const struct csv_row *row, struct record *ret), void *context,
	struct record *ret)
{
	struct csv_row row;

	while (next_line(l, &row))
		if (take(context, &row, ret))
			return 1;
	return 0;
}

void lines_wrong(struct lines *l, const struct csv_row *row, const char *what)
{
	problem(l->problems, l->code, "%s:%d: %s", l->csv.file, row->line, what);
}

bool lines_time(struct lines *l, const struct csv_row *row, const char *text, int64_t *ret_s)
{
	if (text_time(text, l->zone, ret_s) < 0) {
		lines_wrong(l, row, "no time");
		return false;
	}
	if (*ret_s < l->after_s)
		return false;
	if (*ret_s > l->newest_s)
		l->newest_s = *ret_s;
	return true;
}

const char *lines_place(void *state, struct arena *a)
{
	const struct lines *l = state;

	return arena_printf(a, "%" PRId64, l->newest_s);
}

void lines_close(void *state)
{
	struct lines *l = state;

	arena_release(&l->arena);
	free(l);
}
