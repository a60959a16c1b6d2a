// SPDX-License-Identifier: Apache-2.0
// What users and groups keep on a file system, from the database of Robinhood: its table ACCT_STAT
// has a row for each user, group and kind of entry. "robinhood:MOUNT-POINT [NAME=VALUE ...]", the
// rest as slurmdb's. Robinhood knows no limits: those are NULL.
#include <errno.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/quota.h"
#include "common/accounting/maria.h"
#include "common/clock.h"
#include "common/macro.h"
#include "common/memory.h"

enum { BLOCK = 512 };

static const struct { // of which a row of ours is; older releases call the columns otherwise
	const char *kind, *column, *former;
} owners[] = {
	{"user", "uid", "owner"},
	{"group", "gid", "gr_name"},
};

struct robinhood {
	struct problems *problems;
	struct maria *maria;
	struct maria_rows *rows;
	struct arena arena;
	struct map columns;
	const char *mount;
	int64_t now_s;
	size_t owner; // of owners
};

static void robinhood_close(void *state)
{
	struct robinhood *h = state;

	maria_rows_free(h->rows);
	maria_close(h->maria);
	map_release(&h->columns);
	arena_release(&h->arena);
	free(h);
}

static int ask(struct robinhood *h, struct error *err)
{
	const char *column = map_get(&h->columns, owners[h->owner].column)
	                             ? owners[h->owner].column
	                             : owners[h->owner].former;

	maria_rows_free(h->rows);
	h->rows = NULL;
	if (!map_get(&h->columns, column))
		return error_set(
			err, ENOENT, "ACCT_STAT has no column %s", owners[h->owner].column);
	return maria_query(h->maria,
		arena_printf(&h->arena,
			"SELECT `%s`, CAST(SUM(blocks) AS CHAR), CAST(SUM(count) AS CHAR) FROM ACCT_STAT "
			"GROUP BY 1 ORDER BY 1",
			column),
		NULL, 0, &h->rows, err);
}

static int begin(struct robinhood *h, const char *spec, struct error *err)
{
	size_t len = strcspn(spec, " \t");

	if (*spec != '/')
		return error_set(
			err, EINVAL, "say robinhood:MOUNT-POINT, then where its database is");
	h->mount = arena_strndup(&h->arena, spec, len);
	TRY(maria_open(spec + len + strspn(spec + len, " \t"), &h->maria, err));
	TRY(maria_columns(h->maria, "ACCT_STAT", &h->arena, &h->columns, err));
	if (!map_get(&h->columns, "blocks") || !map_get(&h->columns, "count"))
		return error_set(err, ENOENT,
			"there is no table ACCT_STAT with blocks and count in this database, or no right "
			"to read it");
	return ask(h, err);
}

static int robinhood_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct robinhood *h = memory_alloc(1, sizeof(*h));

	h->problems = r->problems;
	h->now_s = clock_now_s();
	if (begin(h, r->spec, err) < 0) {
		robinhood_close(h);
		return error_prefix(err, "robinhood");
	}
	*ret_state = h;
	return 0;
}

static bool take(struct robinhood *h, const char *const *row, struct record *ret)
{
	struct quota q = {.filesystem = h->mount,
		.kind = owners[h->owner].kind,
		.name = arena_strdup(&h->arena, row[0] ? row[0] : ""),
		.t = h->now_s,
		.doubt_kib = -1,
		.doubt_files = -1};

	if (!row[1] || !row[2] || parse_i64(row[1], &q.kib[QUOTA_USED]) < 0 ||
		parse_i64(row[2], &q.files[QUOTA_USED]) < 0 || q.kib[QUOTA_USED] < 0 ||
		q.files[QUOTA_USED] < 0)
		return false;
	q.kib[QUOTA_USED] /= 1024 / BLOCK;
	return quota_record(&q, &h->arena, ret);
}

static int robinhood_next(void *state, struct record *ret, struct error *err)
{
	struct robinhood *h = state;

	for (;;) {
		const char *const *row;
		int rc = maria_next(h->rows, &row, err);

		if (rc < 0)
			return error_prefix(err, "robinhood");
		if (rc > 0 && take(h, row, ret))
			return 1;
		if (rc > 0) {
			problem(h->problems, E_Q0001, "robinhood: %s '%.60s'",
				owners[h->owner].kind, row[0] ? row[0] : "");
			continue;
		}
		if (h->owner + 1 == ARRAY_LEN(owners))
			return 0;
		h->owner++;
		TRY(ask(h, err));
	}
}

const struct connector quota_robinhood = {
	.category = CATEGORY_QUOTA,
	.name = "robinhood",
	.settings =
		"robinhood:MOUNT-POINT [NAME=VALUE ...] of Robinhood's MySQL database, as slurmdb",
	.open = robinhood_open,
	.next = robinhood_next,
	.close = robinhood_close,
};
