// SPDX-License-Identifier: Apache-2.0
// How full file systems were, from the file that jobsight-fsusage (or HPCStats' agent) appends to:
//   MOUNT POINT,TIME,% OF BYTES[,% OF FILES[,BYTES USED,BYTES,FILES USED,FILES]]
#include "accounting/lines.h"
#include "common/macro.h"

static int csv_file_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return lines_open(r, false, E_F0001, ret_state, err);
}

static int ssh_file_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return lines_open(r, true, E_F0001, ret_state, err);
}

struct percent {
	bool is_known;
	double value;
};

static bool take_percent(const struct csv_row *row, size_t i, struct percent *ret)
{
	*ret = (struct percent){0};
	if (row->n <= i || !*row->fields[i])
		return true;
	ret->is_known = true;
	return parse_double(row->fields[i], &ret->value) == 0 && ret->value >= 0;
}

static bool put_bytes(const struct csv_row *row, size_t i, struct record *ret, int at)
{
	int64_t n;

	if (row->n <= i || !*row->fields[i])
		return true;
	if (parse_i64(row->fields[i], &n) < 0 || n < 0)
		return false;
	record_int(ret, at, n);
	return true;
}

// The key is of the arena, as all texts of a line are.
static bool take_line(void *context, const struct csv_row *row, struct record *ret)
{
	struct lines *l = context;
	struct percent bytes;
	struct percent files;
	int64_t t;

	if (row->n != 3 && row->n != 4 && row->n != 8) {
		lines_wrong(l, row, "not 3, 4 or 8 fields");
		return false;
	}
	if (!lines_time(l, row, row->fields[1], &t))
		return false;
	record_start(
		ret, STAGE_usage, arena_printf(&l->arena, "%s %s", row->fields[0], row->fields[1]));
	if (!*row->fields[0] || !take_percent(row, 2, &bytes) || !take_percent(row, 3, &files) ||
		!put_bytes(row, 4, ret, AT_usage_used_bytes) ||
		!put_bytes(row, 5, ret, AT_usage_total_bytes)) {
		lines_wrong(l, row, "no mount point, or no number where one belongs");
		return false;
	}
	record_text(ret, AT_usage_name, row->fields[0]);
	record_int(ret, AT_usage_t, t);
	if (bytes.is_known)
		record_double(ret, AT_usage_used_ratio, bytes.value / 100);
	if (files.is_known)
		record_double(ret, AT_usage_inode_ratio, files.value / 100);
	return true;
}

static int usage_next(void *state, struct record *ret, struct error *err)
{
	(void)err;
	return lines_record(state, take_line, state, ret);
}

#define USAGE(variable, way, text)               \
	const struct connector variable = {      \
		.category = CATEGORY_FILESYSTEM, \
		.name = #way,                    \
		.settings = text,                \
		.open = way##_file_open,         \
		.next = usage_next,              \
		.place = lines_place,            \
		.close = lines_close,            \
	}

USAGE(filesystem_csv, csv, "csv:FILE that jobsight-fsusage appends to");
USAGE(filesystem_ssh, ssh, "ssh:FILE of the login node that jobsight-fsusage appends to");
