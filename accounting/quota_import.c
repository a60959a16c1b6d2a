// SPDX-License-Identifier: Apache-2.0
// Quotas: from the CSV of HPCStats' agent, which grows, or from what a tool printed, which is of
// one moment: that of the file.
#include <string.h>

#include "accounting/lines.h"
#include "accounting/quota.h"
#include "accounting/text.h"
#include "common/macro.h"
#include "common/memory.h"

// ---- CSV: TIME,NAME,FILESET,KIND, then of KB and of files: USED,QUOTA,LIMIT,IN DOUBT,GRACE ----

enum { CSV_FIELDS = 14, CSV_KIB = 4, CSV_FILES = 9 };

static int csv_quota_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return lines_open(r, false, E_Q0001, ret_state, err);
}

static int ssh_quota_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return lines_open(r, true, E_Q0001, ret_state, err);
}

// Five fields: used, soft, hard, in doubt, grace.
static bool take_five(
	const char *const *f, int64_t limits[QUOTA_LIMITS], int64_t *doubt, const char **grace)
{
	for (size_t i = 0; i < QUOTA_LIMITS; i++)
		if (!quota_number(f[i], &limits[i]))
			return false;
	*doubt = -1;
	if (*f[QUOTA_LIMITS] && !quota_number(f[QUOTA_LIMITS], doubt))
		return false;
	*grace = str_eq(f[QUOTA_LIMITS + 1], "none") ? NULL : f[QUOTA_LIMITS + 1];
	return true;
}

static bool take_line(void *context, const struct csv_row *row, struct record *ret)
{
	struct lines *l = context;
	struct quota q = {0};

	if (row->n != CSV_FIELDS) {
		lines_wrong(l, row, "not 14 fields");
		return false;
	}
	if (!lines_time(l, row, row->fields[0], &q.t))
		return false;
	q.name = row->fields[1];
	q.filesystem = *row->fields[2] && *row->fields[2] != '/'
	                       ? arena_printf(&l->arena, "/%s", row->fields[2])
	                       : row->fields[2];
	q.kind = quota_kind(row->fields[3]);
	if (!take_five(row->fields + CSV_KIB, q.kib, &q.doubt_kib, &q.grace) ||
		!take_five(row->fields + CSV_FILES, q.files, &q.doubt_files, &q.grace_files) ||
		!quota_record(&q, &l->arena, ret)) {
		lines_wrong(l, row, "no name, kind or number where one belongs");
		return false;
	}
	return true;
}

static int csv_quota_next(void *state, struct record *ret, struct error *err)
{
	(void)err;
	return lines_record(state, take_line, state, ret);
}

#define FROM_CSV(variable, way, text)       \
	const struct connector variable = { \
		.category = CATEGORY_QUOTA, \
		.name = #way,               \
		.settings = text,           \
		.open = way##_quota_open,   \
		.next = csv_quota_next,     \
		.place = lines_place,       \
		.close = lines_close,       \
	}

FROM_CSV(quota_csv, csv, "csv:FILE of HPCStats' fsquota agent");
FROM_CSV(quota_ssh, ssh, "ssh:FILE of the login node, of the same");

// ---- what a tool printed ----

struct printed {
	struct problems *problems;
	const char *name;
	struct arena arena;
	struct quota_text text;
};

static void printed_close(void *state)
{
	struct printed *p = state;

	arena_release(&p->arena);
	free(p);
}

static int open_printed(
	const struct import_request *r, bool by_ssh, void **ret_state, struct error *err)
{
	struct printed *p = memory_alloc(1, sizeof(*p));
	struct bytes text;
	int rc = text_read(r, by_ssh, &p->arena, &p->name, &text, err);

	if (rc < 0) {
		printed_close(p);
		return rc;
	}
	p->problems = r->problems;
	p->text = (struct quota_text){.arena = &p->arena,
		.t = text_written(r, by_ssh),
		.at = arena_strndup(&p->arena, (const char *)text.data, text.len)};
	*ret_state = p;
	return 0;
}

static int text_quota_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return open_printed(r, false, ret_state, err);
}

static int text_ssh_quota_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return open_printed(r, true, ret_state, err);
}

static int printed_next(void *state, struct record *ret, struct error *err)
{
	struct printed *p = state;
	struct quota q;
	int rc;

	(void)err;
	while ((rc = quota_text_next(&p->text, &q)) != 0) {
		if (rc > 0 && quota_record(&q, &p->arena, ret))
			return 1;
		problem(p->problems, E_Q0001, "%s:%d: no quota", p->name, p->text.line);
	}
	return 0;
}

#define FROM_TEXT(variable, title, way, text) \
	const struct connector variable = {   \
		.category = CATEGORY_QUOTA,   \
		.name = title,                \
		.settings = text,             \
		.open = way##_quota_open,     \
		.next = printed_next,         \
		.close = printed_close,       \
	}

FROM_TEXT(quota_text, "text", text,
	"text:FILE with what quota, lfs quota, repquota or mmrepquota -Y printed");
FROM_TEXT(quota_text_ssh, "text-ssh", text_ssh, "text-ssh:FILE of the login node, of the same");
