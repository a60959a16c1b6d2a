// SPDX-License-Identifier: Apache-2.0
// Users from a file: passwd(5), of which the people are those from import.first_uid on, or CSV
// whose first line names the columns: login must be there; uid, gid, first_name, last_name,
// full_name, department, created may.
#include <string.h>

#include "accounting/columns.h"
#include "accounting/connector.h"
#include "accounting/text.h"
#include "common/macro.h"
#include "common/map.h"
#include "common/memory.h"

static const struct column known[] = {
	{"login", AT_user_login, COLUMN_TEXT, .is_needed = true},
	{"uid", AT_user_uid, COLUMN_BIGINT, .most = UINT32_MAX},
	{"gid", AT_user_gid, COLUMN_BIGINT, .most = UINT32_MAX},
	{"first_name", AT_user_first_name, COLUMN_TEXT},
	{"last_name", AT_user_last_name, COLUMN_TEXT},
	{"full_name", AT_user_full_name, COLUMN_TEXT},
	{"department", AT_user_department, COLUMN_TEXT},
	{"created", AT_user_created, COLUMN_TIME},
};

struct users {
	struct problems *problems;
	int64_t first_uid;
	struct arena arena;
	struct csv csv;
	struct columns columns;
	struct map seen;
	bool is_passwd;
};

static void users_close(void *state)
{
	struct users *u = state;

	map_release(&u->seen);
	arena_release(&u->arena);
	free(u);
}

static int begin(struct users *u, const struct import_request *r, struct error *err)
{
	const char *name;
	struct bytes text;

	TRY(text_read(r, false, &u->arena, &name, &text, err));
	csv_open(&u->csv, name, text, u->is_passwd ? ':' : ',');
	if (u->is_passwd) {
		u->csv.quote = '\0'; // passwd has none
		return 0;
	}
	return columns_open(&u->columns, &u->csv, &u->arena, err);
}

static int users_open(
	const struct import_request *r, bool is_passwd, void **ret_state, struct error *err)
{
	struct users *u = memory_alloc(1, sizeof(*u));
	int rc;

	u->problems = r->problems;
	u->columns = (struct columns){.known = known, .n_known = ARRAY_LEN(known), .zone = r->zone};
	u->first_uid = (int64_t)r->settings->import_first_uid;
	u->is_passwd = is_passwd;
	rc = begin(u, r, err);
	if (rc < 0) {
		users_close(u);
		return rc;
	}
	*ret_state = u;
	return 0;
}

// login:x:uid:gid:full name,room ...:home:shell
static const char *take_passwd(struct users *u, const struct csv_row *row, struct record *ret)
{
	int64_t uid = 0;
	int64_t gid = 0;

	if (row->n != 7)
		return "not seven fields";
	if (parse_i64(row->fields[2], &uid) < 0 || parse_i64(row->fields[3], &gid) < 0 || uid < 0 ||
		gid < 0 || uid > UINT32_MAX || gid > UINT32_MAX)
		return "uid or gid";
	record_text(ret, AT_user_login, row->fields[0]);
	record_int(ret, AT_user_uid, uid);
	record_int(ret, AT_user_gid, gid);
	record_text(ret, AT_user_full_name,
		arena_strndup(&u->arena, row->fields[4], strcspn(row->fields[4], ",")));
	return NULL;
}

static bool is_person(const struct users *u, const struct record *r)
{
	return !u->is_passwd || (r->values[AT_user_uid].integer >= u->first_uid &&
					r->values[AT_user_uid].integer != 65534);
}

static int users_next(void *state, struct record *ret, struct error *err)
{
	struct users *u = state;
	struct csv_row row;
	int rc;

	(void)err;
	for (;;) {
		struct error why = {0};
		const char *wrong;
		const char *login;

		rc = csv_next(&u->csv, &u->arena, &row, &why);
		if (rc == 0)
			return 0;
		if (rc < 0) {
			problem(u->problems, E_U0007, "%s", why.text);
			continue;
		}
		record_start(ret, STAGE_user, NULL);
		wrong = u->is_passwd ? take_passwd(u, &row, ret)
		                     : columns_take(&u->columns, &row, ret);
		login = ret->values[AT_user_login].text;
		if (!wrong && !ret->values[AT_user_login].is_set)
			wrong = "no login";
		if (!wrong && map_get(&u->seen, login))
			wrong = "the same login again";
		if (wrong) {
			problem(u->problems, E_U0007, "%s:%d: %s", u->csv.file, row.line, wrong);
			continue;
		}
		map_put(&u->seen, login, u);
		if (!is_person(u, ret))
			continue;
		ret->key = login;
		if (!u->is_passwd && columns_has(&u->columns, AT_user_first_name) &&
			!ret->values[AT_user_first_name].is_set)
			problem(u->problems, E_U0002, "%s", login);
		return 1;
	}
}

static int passwd_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return users_open(r, true, ret_state, err);
}

static int csv_users_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return users_open(r, false, ret_state, err);
}

const struct connector user_passwd = {
	.category = CATEGORY_USER,
	.name = "passwd",
	.settings = "passwd:FILE in the form of passwd(5)",
	.open = passwd_open,
	.next = users_next,
	.close = users_close,
};

const struct connector user_csv = {
	.category = CATEGORY_USER,
	.name = "csv",
	.settings = "csv:FILE with columns login, uid, gid, first_name, last_name, department ...",
	.open = csv_users_open,
	.next = users_next,
	.close = users_close,
};
