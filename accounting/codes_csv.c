// SPDX-License-Identifier: Apache-2.0
// Projects and business codes from CSV in the form of HPCStats: fields apart by ';', quoted by '|'.
//   projects         CODE;DESCRIPTION;[KEY OF DOMAIN] NAME OF DOMAIN
//   business codes   CODE;DESCRIPTION
#include <errno.h>
#include <string.h>

#include "accounting/connector.h"
#include "common/csv.h"
#include "common/file.h"
#include "common/macro.h"
#include "common/map.h"
#include "common/memory.h"

enum { FILE_MAX = 64 << 20 };

struct table {
	struct problems *problems;
	enum code code; // of lines that make no sense
	struct arena arena;
	struct csv csv;
	struct map seen;
};

static void table_close(void *state)
{
	struct table *t = state;

	map_release(&t->seen);
	arena_release(&t->arena);
	free(t);
}

static int table_open(
	const struct import_request *r, enum code code, void **ret_state, struct error *err)
{
	struct table *t = memory_alloc(1, sizeof(*t));
	struct bytes text;
	int rc = file_read(r->spec, FILE_MAX, &t->arena, &text, err);

	if (rc < 0) {
		table_close(t);
		return rc;
	}
	t->problems = r->problems;
	t->code = code;
	csv_open(&t->csv, r->spec, text, ';');
	t->csv.quote = '|';
	*ret_state = t;
	return 0;
}

// Why a line is none, or that its code is now seen.
static bool is_fit(struct table *t, const struct csv_row *row, size_t least, size_t most)
{
	const char *code = row->fields[0];

	if (row->n < least || row->n > most) {
		problem(t->problems, t->code, "%s:%d: %zu fields", t->csv.file, row->line, row->n);
		return false;
	}
	if (!*code || map_get(&t->seen, code)) {
		problem(t->problems, t->code, "%s:%d: %s", t->csv.file, row->line,
			*code ? "the same code again" : "no code");
		return false;
	}
	map_put(&t->seen, code, t);
	return true;
}

// The next line with so many fields and a code of its own. 1, 0 at the end.
static int next_line(struct table *t, size_t least, size_t most, struct csv_row *ret)
{
	for (;;) {
		struct error why = {0};
		int rc = csv_next(&t->csv, &t->arena, ret, &why);

		if (rc == 0)
			return 0;
		if (rc < 0)
			problem(t->problems, t->code, "%s", why.text);
		else if (is_fit(t, ret, least, most))
			return 1;
	}
}

// ---- projects ----

static int projects_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return table_open(r, E_P0002, ret_state, err);
}

// "[KEY] NAME"
static bool split_domain(
	struct arena *a, const char *text, const char **ret_key, const char **ret_name)
{
	const char *end = strchr(text, ']');

	if (*text != '[' || !end || end == text + 1)
		return false;
	*ret_key = arena_strndup(a, text + 1, (size_t)(end - text - 1));
	*ret_name = end + 1 + strspn(end + 1, " ");
	return **ret_name != '\0';
}

static int projects_next(void *state, struct record *ret, struct error *err)
{
	struct table *t = state;
	struct csv_row row;

	(void)err;
	// A fourth column, the sector, is documented by HPCStats and read by nobody.
	while (next_line(t, 3, 4, &row) > 0) {
		const char *key = NULL;
		const char *name = NULL;

		if (!split_domain(&t->arena, row.fields[2], &key, &name)) {
			problem(t->problems, E_P0002, "%s:%d: '%.60s' is not [KEY] NAME",
				t->csv.file, row.line, row.fields[2]);
			continue;
		}
		record_start(ret, STAGE_project, row.fields[0]);
		record_text(ret, AT_project_code, row.fields[0]);
		record_text(ret, AT_project_description, row.fields[1]);
		record_text(ret, AT_project_domain, key);
		record_text(ret, AT_project_domain_name, name);
		return 1;
	}
	return 0;
}

const struct connector project_csv = {
	.category = CATEGORY_PROJECT,
	.name = "csv",
	.settings = "csv:FILE with lines CODE;DESCRIPTION;[DOMAIN] NAME OF DOMAIN",
	.open = projects_open,
	.next = projects_next,
	.close = table_close,
};

// ---- business codes ----

static int business_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return table_open(r, E_B0002, ret_state, err);
}

static int business_next(void *state, struct record *ret, struct error *err)
{
	struct table *t = state;
	struct csv_row row;

	(void)err;
	if (next_line(t, 2, 2, &row) == 0)
		return 0;
	record_start(ret, STAGE_business, row.fields[0]);
	record_text(ret, AT_business_code, row.fields[0]);
	record_text(ret, AT_business_description, row.fields[1]);
	return 1;
}

const struct connector business_csv = {
	.category = CATEGORY_BUSINESS,
	.name = "csv",
	.settings = "csv:FILE with lines CODE;DESCRIPTION",
	.open = business_open,
	.next = business_next,
	.close = table_close,
};
