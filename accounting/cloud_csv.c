// SPDX-License-Identifier: Apache-2.0
// Instances of a cloud from CSV whose first line names the columns, in any order: uuid and start
// must be there; name, project, user, host, flavor, state, cores, gpus, memory_mib, disk_gib,
// cpu_s, end may.
#include "accounting/columns.h"
#include "accounting/connector.h"
#include "accounting/text.h"
#include "common/macro.h"
#include "common/memory.h"

// The warehouse counts in bytes.
static const struct column known[] = {
	{"uuid", AT_instance_uuid, COLUMN_TEXT, .is_needed = true},
	{"name", AT_instance_name, COLUMN_TEXT},
	{"project", AT_instance_project, COLUMN_TEXT},
	{"user", AT_instance_username, COLUMN_TEXT},
	{"host", AT_instance_host, COLUMN_TEXT},
	{"flavor", AT_instance_flavor, COLUMN_TEXT},
	{"state", AT_instance_state, COLUMN_TEXT},
	{"cores", AT_instance_cores, COLUMN_INT},
	{"gpus", AT_instance_gpus, COLUMN_INT},
	{"memory_mib", AT_instance_memory_bytes, COLUMN_BIGINT, .scale = 1 << 20},
	{"disk_gib", AT_instance_disk_bytes, COLUMN_BIGINT, .scale = 1 << 30},
	{"cpu_s", AT_instance_cpu_s, COLUMN_DOUBLE},
	{"start", AT_instance_start_t, COLUMN_TIME, .is_needed = true},
	{"end", AT_instance_end_t, COLUMN_TIME},
};

struct cloud {
	struct problems *problems;
	struct arena arena;
	struct csv csv;
	struct columns columns;
};

static void cloud_close(void *state)
{
	struct cloud *c = state;

	arena_release(&c->arena);
	free(c);
}

static int cloud_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct cloud *c = memory_alloc(1, sizeof(*c));
	const char *name;
	struct bytes text;
	int rc = text_read(r, false, &c->arena, &name, &text, err);

	c->problems = r->problems;
	c->columns = (struct columns){.known = known, .n_known = ARRAY_LEN(known), .zone = r->zone};
	if (rc == 0) {
		csv_open(&c->csv, name, text, ',');
		rc = columns_open(&c->columns, &c->csv, &c->arena, err);
	}
	if (rc < 0) {
		cloud_close(c);
		return rc;
	}
	*ret_state = c;
	return 0;
}

static const char *take_line(const struct cloud *c, const struct csv_row *row, struct record *ret)
{
	const char *wrong;

	record_start(ret, STAGE_instance, NULL);
	wrong = columns_take(&c->columns, row, ret);
	ret->key = ret->values[AT_instance_uuid].text;
	return wrong;
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
