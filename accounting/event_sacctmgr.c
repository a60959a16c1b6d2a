// SPDX-License-Identifier: Apache-2.0
// Outages of nodes from dumps of sacctmgr show event, whose first line names the columns. The state is
// taken as a number: its words changed from release to release. A dump is read whole when it has
// changed since the last import.
#include <errno.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/event.h"
#include "accounting/text.h"
#include "common/csv.h"
#include "common/macro.h"
#include "common/memory.h"

enum { CLUSTER, NODE, START, END, STATE, USER, TRES, REASON, COLUMNS };

static const struct {
	const char *name;
	bool is_needed;
} columns[COLUMNS] = {
	[CLUSTER] = {"Cluster", false},
	[NODE] = {"NodeName", true},
	[START] = {"TimeStart", true},
	[END] = {"TimeEnd", true},
	[STATE] = {"StateRaw", true},
	[USER] = {"User", false},
	[TRES] = {"TRES", false},
	[REASON] = {"Reason", false},
};

struct dump {
	struct problems *problems;
	const char *cluster;
	const struct timezone_rules *zone;
	struct arena arena; // of the text
	struct arena line;
	struct csv csv;
	size_t fields[COLUMNS]; // where each is in a line; SIZE_MAX: nowhere
	size_t n_fields;
	const char *place;
	bool is_open; // false: nothing new, or all was read
};

static void dump_close(void *state)
{
	struct dump *d = state;

	arena_release(&d->line);
	arena_release(&d->arena);
	free(d);
}

static int read_head(struct dump *d, struct error *err)
{
	struct csv_row head = {0};
	int rc = csv_next(&d->csv, &d->arena, &head, err);

	TRY(rc);
	d->n_fields = head.n;
	for (size_t c = 0; c < COLUMNS; c++) {
		d->fields[c] = SIZE_MAX;
		for (size_t i = 0; i < head.n; i++)
			if (str_eq(head.fields[i], columns[c].name))
				d->fields[c] = i;
		if (columns[c].is_needed && d->fields[c] == SIZE_MAX)
			return error_at(
				err, EINVAL, d->csv.file, 1, "no column %s", columns[c].name);
	}
	return 0;
}

static int dump_start(struct dump *d, const struct import_request *r, struct error *err)
{
	const char *name;
	struct bytes text;

	d->place = text_place(r->spec, &d->arena);
	if (*d->place && str_eq(d->place, r->place))
		return 0;
	TRY(text_read(r, false, &d->arena, &name, &text, err));
	csv_open(&d->csv, name, text, '|');
	d->csv.quote = '\0'; // sacctmgr quotes nothing
	d->is_open = true;
	return read_head(d, err);
}

static int dump_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct dump *d = memory_alloc(1, sizeof(*d));
	int rc;

	d->problems = r->problems;
	d->cluster = r->cluster;
	d->zone = r->zone;
	rc = dump_start(d, r, err);
	if (rc < 0) {
		dump_close(d);
		return rc;
	}
	*ret_state = d;
	return 0;
}

static const char *text_of(const struct dump *d, const struct csv_row *row, int column)
{
	return d->fields[column] < row->n ? row->fields[d->fields[column]] : "";
}

// A reason may hold the separator; the last of the columns, it is what all that follows says.
static const char *reason_of(struct dump *d, const struct csv_row *row)
{
	CLEANUP(strbuf_release) struct strbuf all = {0};

	if (row->n <= d->n_fields || d->fields[REASON] != d->n_fields - 1)
		return text_of(d, row, REASON);
	for (size_t i = d->fields[REASON]; i < row->n; i++)
		strbuf_printf(&all, "%s%s", i > d->fields[REASON] ? "|" : "", row->fields[i]);
	return arena_strdup(&d->line, strbuf_text(&all));
}

// The number in "root(0)", or behind the word in "billing=4,cpu=4,mem=4G"; -1: there is none.
static int64_t number_behind(const char *text, const char *word)
{
	const char *at = strstr(text, word);
	char digits[24];
	int64_t v;

	while (at && at > text && word[0] != '(' && at[-1] != ',')
		at = strstr(at + 1, word);
	if (!at)
		return -1;
	at += strlen(word);
	if (!str_format(digits, sizeof(digits), "%.*s", (int)strspn(at, "0123456789"), at) ||
		parse_i64(digits, &v) < 0 || v > UINT32_MAX)
		return -1;
	return v;
}

static bool take_line(struct dump *d, const struct csv_row *row, struct record *ret)
{
	const char *end = text_of(d, row, END);
	struct event event = {.node = text_of(d, row, NODE),
		.reason = reason_of(d, row),
		.state = text_of(d, row, STATE),
		.uid = number_behind(text_of(d, row, USER), "("),
		.cores = number_behind(text_of(d, row, TRES), "cpu=")};

	if (row->n < d->n_fields ||
		text_time(text_of(d, row, START), d->zone, &event.begin_s) < 0 ||
		(!str_eq(end, "Unknown") && text_time(end, d->zone, &event.end_s) < 0) ||
		!event_record(&event, &d->line, ret)) {
		problem(d->problems, E_E0002, "%s:%d: %s: from %s to %s", d->csv.file, row->line,
			event.node, text_of(d, row, START), end);
		return false;
	}
	return true;
}

// Lines without a node tell of the cluster as a whole; a dump may hold several clusters.
static bool is_ours(const struct dump *d, const struct csv_row *row)
{
	return *text_of(d, row, NODE) &&
	       (d->fields[CLUSTER] == SIZE_MAX || str_eq(text_of(d, row, CLUSTER), d->cluster));
}

static int dump_next(void *state, struct record *ret, struct error *err)
{
	struct dump *d = state;
	struct csv_row row;

	(void)err;
	while (d->is_open) {
		struct error why = {0};
		int rc;

		arena_reset(&d->line);
		rc = csv_next(&d->csv, &d->line, &row, &why);
		if (rc < 0)
			problem(d->problems, E_E0002, "%s", why.text);
		else if (rc == 0)
			d->is_open = false;
		else if (is_ours(d, &row) && take_line(d, &row, ret))
			return 1;
	}
	return 0;
}

// Only a dump that was read to its end need not be read again.
static const char *dump_place(void *state, struct arena *a)
{
	const struct dump *d = state;

	return d->is_open || !*d->place ? NULL : arena_strdup(a, d->place);
}

const struct connector event_sacctmgr = {
	.category = CATEGORY_EVENT,
	.name = "sacctmgr",
	.settings =
		"sacctmgr:FILE, a dump of sacctmgr --parsable2 show event; see docs/accounting.md",
	.open = dump_open,
	.next = dump_next,
	.place = dump_place,
	.close = dump_close,
};
