// SPDX-License-Identifier: Apache-2.0
// Users from a file: passwd(5), of which the people are those from import.first_uid on, or CSV
// whose first line names the columns: login must be there; uid, gid, first_name, last_name,
// full_name, department, created may.
#include <errno.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/text.h"
#include "common/csv.h"
#include "common/macro.h"
#include "common/map.h"
#include "common/memory.h"

static const struct {
	const char *name;
	int at;
} columns[] = {
	{"login", AT_user_login},
	{"uid", AT_user_uid},
	{"gid", AT_user_gid},
	{"first_name", AT_user_first_name},
	{"last_name", AT_user_last_name},
	{"full_name", AT_user_full_name},
	{"department", AT_user_department},
	{"created", AT_user_created},
};

struct users {
	struct problems *problems;
	const struct timezone_rules *zone;
	int64_t first_uid;
	struct arena arena;
	struct csv csv;
	struct map seen;
	int fields[ARRAY_LEN(columns)]; // where each column is in a line; -1: nowhere
	size_t n_fields;
	bool is_passwd;
};

static void users_close(void *state)
{
	struct users *u = state;

	map_release(&u->seen);
	arena_release(&u->arena);
	free(u);
}

static int read_head(struct users *u, struct error *err)
{
	struct csv_row head;
	int rc = csv_next(&u->csv, &u->arena, &head, err);

	TRY(rc);
	if (rc == 0)
		return error_set(err, EINVAL, "%s: no line that names the columns", u->csv.file);
	u->n_fields = head.n;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		u->fields[i] = -1;
		for (size_t k = 0; k < head.n; k++)
			if (str_eq(head.fields[k], columns[i].name))
				u->fields[i] = (int)k;
	}
	if (u->fields[0] < 0)
		return error_at(err, EINVAL, u->csv.file, head.line, "no column login");
	return 0;
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
	return read_head(u, err);
}

static int users_open(
	const struct import_request *r, bool is_passwd, void **ret_state, struct error *err)
{
	struct users *u = memory_alloc(1, sizeof(*u));
	int rc;

	u->problems = r->problems;
	u->zone = r->zone;
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

// NULL, or what is wrong.
static const char *put_field(
	const struct users *u, size_t column, const char *text, struct record *ret)
{
	int at = columns[column].at;
	int64_t v = 0;

	if (!*text)
		return NULL;
	if (at == AT_user_uid || at == AT_user_gid) {
		if (parse_i64(text, &v) < 0 || v < 0 || v > UINT32_MAX)
			return columns[column].name;
		record_int(ret, at, v);
	} else if (at == AT_user_created) {
		if (text_time(text, u->zone, &v) < 0)
			return columns[column].name;
		record_int(ret, at, v);
	} else {
		record_text(ret, at, text);
	}
	return NULL;
}

static const char *take_csv(const struct users *u, const struct csv_row *row, struct record *ret)
{
	if (row->n != u->n_fields)
		return "not as many fields as columns";
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const char *wrong =
			u->fields[i] < 0 ? NULL : put_field(u, i, row->fields[u->fields[i]], ret);

		if (wrong)
			return wrong;
	}
	return NULL;
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
		wrong = u->is_passwd ? take_passwd(u, &row, ret) : take_csv(u, &row, ret);
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
		if (!u->is_passwd && u->fields[3] >= 0 && !ret->values[AT_user_first_name].is_set)
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
