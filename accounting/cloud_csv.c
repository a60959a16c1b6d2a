// SPDX-License-Identifier: Apache-2.0
// Instances of a cloud from CSV whose first line names the columns, in any order: uuid and start
// must be there; name, project, user, host, flavor, state, cores, gpus, memory_mib, disk_gib,
// cpu_s, end may.
#include <errno.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/text.h"
#include "common/csv.h"
#include "common/macro.h"
#include "common/memory.h"

static const struct {
	const char *name;
	int at;
	enum column_type type;
	int64_t scale; // the warehouse counts in bytes
} columns[] = {
	{"uuid", AT_instance_uuid, COLUMN_TEXT, 0},
	{"name", AT_instance_name, COLUMN_TEXT, 0},
	{"project", AT_instance_project, COLUMN_TEXT, 0},
	{"user", AT_instance_username, COLUMN_TEXT, 0},
	{"host", AT_instance_host, COLUMN_TEXT, 0},
	{"flavor", AT_instance_flavor, COLUMN_TEXT, 0},
	{"state", AT_instance_state, COLUMN_TEXT, 0},
	{"cores", AT_instance_cores, COLUMN_INT, 1},
	{"gpus", AT_instance_gpus, COLUMN_INT, 1},
	{"memory_mib", AT_instance_memory_bytes, COLUMN_BIGINT, 1 << 20},
	{"disk_gib", AT_instance_disk_bytes, COLUMN_BIGINT, 1 << 30},
	{"cpu_s", AT_instance_cpu_s, COLUMN_DOUBLE, 0},
	{"start", AT_instance_start_t, COLUMN_TIME, 0},
	{"end", AT_instance_end_t, COLUMN_TIME, 0},
};

struct cloud {
	struct problems *problems;
	const struct timezone_rules *zone;
	struct arena arena;
	struct csv csv;
	int fields[ARRAY_LEN(columns)]; // where each column is in a line; -1: nowhere
	size_t n_fields;
};

static void cloud_close(void *state)
{
	struct cloud *c = state;

	arena_release(&c->arena);
	free(c);
}

static int read_head(struct cloud *c, struct error *err)
{
	struct csv_row head;
	int rc = csv_next(&c->csv, &c->arena, &head, err);

	TRY(rc);
	if (rc == 0)
		return error_set(err, EINVAL, "%s: no line that names the columns", c->csv.file);
	c->n_fields = head.n;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		c->fields[i] = -1;
		for (size_t k = 0; k < head.n; k++)
			if (str_eq(head.fields[k], columns[i].name))
				c->fields[i] = (int)k;
		if (c->fields[i] < 0 &&
			(columns[i].at == AT_instance_uuid || columns[i].at == AT_instance_start_t))
			return error_at(err, EINVAL, c->csv.file, head.line, "no column %s",
				columns[i].name);
	}
	return 0;
}

static int cloud_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct cloud *c = memory_alloc(1, sizeof(*c));
	const char *name;
	struct bytes text;
	int rc = text_read(r, false, &c->arena, &name, &text, err);

	c->problems = r->problems;
	c->zone = r->zone;
	if (rc == 0) {
		csv_open(&c->csv, name, text, ',');
		rc = read_head(c, err);
	}
	if (rc < 0) {
		cloud_close(c);
		return rc;
	}
	*ret_state = c;
	return 0;
}

static bool put_field(const struct cloud *c, size_t column, const char *text, struct record *ret)
{
	int at = columns[column].at;
	int64_t scale = columns[column].scale;
	int64_t n;
	double d;

	if (!*text)
		return true;
	switch (columns[column].type) {
	case COLUMN_TEXT:
		record_text(ret, at, text);
		return true;
	case COLUMN_TIME:
		if (text_time(text, c->zone, &n) < 0)
			return false;
		record_int(ret, at, n);
		return true;
	case COLUMN_DOUBLE:
		if (parse_double(text, &d) < 0 || d < 0)
			return false;
		record_double(ret, at, d);
		return true;
	default:
		if (parse_i64(text, &n) < 0 || n < 0 || n > INT64_MAX / scale)
			return false;
		record_int(ret, at, n * scale);
		return true;
	}
}

// NULL, or what is wrong.
static const char *take_line(const struct cloud *c, const struct csv_row *row, struct record *ret)
{
	if (row->n != c->n_fields)
		return "not as many fields as columns";
	record_start(ret, STAGE_instance, row->fields[c->fields[0]]);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (c->fields[i] >= 0 && !put_field(c, i, row->fields[c->fields[i]], ret))
			return columns[i].name;
	if (!ret->values[AT_instance_uuid].is_set || !ret->values[AT_instance_start_t].is_set)
		return "no uuid or no start";
	return NULL;
}

static int cloud_next(void *state, struct record *ret, struct error *err)
{
	struct cloud *c = state;
	struct csv_row row;
	int rc;

	(void)err;
	for (;;) {
		struct error why = {0};
		const char *wrong;

		rc = csv_next(&c->csv, &c->arena, &row, &why);
		if (rc == 0)
			return 0;
		wrong = rc < 0 ? NULL : take_line(c, &row, ret);
		if (rc < 0)
			problem(c->problems, E_C0001, "%s", why.text);
		else if (wrong)
			problem(c->problems, E_C0001, "%s:%d: %s", c->csv.file, row.line, wrong);
		else
			return 1;
	}
}

const struct connector cloud_csv = {
	.category = CATEGORY_CLOUD,
	.name = "csv",
	.settings = "csv:FILE of instances, whose first line names the columns",
	.open = cloud_open,
	.next = cloud_next,
	.close = cloud_close,
};
