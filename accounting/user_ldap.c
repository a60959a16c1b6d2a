// SPDX-License-Identifier: Apache-2.0
// Users from LDAP: the members of some groups; their department is a group, too. All groups and all
// people are read once, in two searches, and looked up here: a search for each user is what makes
// other importers slow. ldap-slurm adds those whom the workload manager knows.
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/directory.h"
#ifdef HAVE_SLURMDB
#include "common/accounting/maria.h"
#endif
#include "common/file.h"
#include "common/macro.h"
#include "common/map.h"
#include "common/memory.h"

enum { ALIASES_MAX = 1 << 20 };

enum person_attribute { UID, UID_NUMBER, GID_NUMBER, SURNAME, GIVEN_NAME, FULL_NAME, CREATED };
static const char *const person_attributes[] = {
	"uid", "uidNumber", "gidNumber", "sn", "givenName", "displayName", "createTimestamp", NULL};

enum group_attribute { GROUP_NAME, GROUP_NUMBER, MEMBER, MEMBER_UID };
static const char *const group_attributes[] = {"cn", "gidNumber", "member", "memberUid", NULL};

struct person {
	const struct directory_entry *entry;
	const char *login;
	const char *department; // of a group, NULL: none
	bool is_given;
};

struct users {
	struct import_request request;
	struct arena arena;
	struct directory_entries people, groups;
	struct map by_login, by_dn; // struct person; keys in lower case
	struct map by_number;       // struct directory_entry of a group
	struct map aliases;         // of departments
	const char **logins;        // who is to be given, in order
	size_t n, at, room;
	size_t n_ldap; // those after come from the workload manager
	struct map listed;
};

static const char *lower(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	for (char *c = copy; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return copy;
}

static const char *first_value(const struct directory_entry *e, size_t attribute)
{
	return e->attributes[attribute].n ? e->attributes[attribute].values[0] : NULL;
}

// ---- the directory in memory ----

static void note_people(struct users *u)
{
	for (size_t i = 0; i < u->people.n; i++) {
		const struct directory_entry *e = &u->people.rows[i];
		struct person *p;

		if (!first_value(e, UID))
			continue;
		p = arena_alloc(&u->arena, sizeof(*p));
		p->entry = e;
		p->login = lower(&u->arena, first_value(e, UID));
		map_put(&u->by_dn, lower(&u->arena, e->dn), p);
		if (map_get(&u->by_login, p->login))
			problem(u->request.problems, E_U0007, "%s: a second entry of %s", e->dn,
				p->login);
		else
			map_put(&u->by_login, p->login, p);
	}
}

static void note_groups(struct users *u)
{
	for (size_t i = 0; i < u->groups.n; i++) {
		const struct directory_entry *e = &u->groups.rows[i];

		if (first_value(e, GROUP_NUMBER))
			map_put(&u->by_number, first_value(e, GROUP_NUMBER), (void *)e);
	}
}

// The login of a member: its entry's, where the directory has one, else what its name begins with.
static const char *member_login(struct users *u, const char *dn)
{
	const char *key = lower(&u->arena, dn);
	const struct person *p = map_get(&u->by_dn, key);
	const char *equals = strchr(key, '=');
	size_t len;

	if (p)
		return p->login;
	if (!equals)
		return key;
	len = strcspn(equals + 1, ",+");
	return arena_strndup(&u->arena, equals + 1, len);
}

// ---- departments ----

// DIRECTION-SUBDIRECTION of a group whose name the expression fits; or NULL.
static const char *department_of(struct users *u, const regex_t *form, const char *dn)
{
	regmatch_t found[3];
	const char *name;
	const char *alias;
	int len[3] = {0};

	if (regexec(form, dn, ARRAY_LEN(found), found, 0) != 0)
		return NULL;
	for (size_t i = 1; i < ARRAY_LEN(found); i++)
		len[i] = found[i].rm_so >= 0 ? (int)(found[i].rm_eo - found[i].rm_so) : 0;
	name = arena_printf(&u->arena, "%.*s%s%.*s", len[1], dn + (len[1] ? found[1].rm_so : 0),
		len[2] ? "-" : "", len[2], dn + (len[2] ? found[2].rm_so : 0));
	alias = map_get(&u->aliases, name);
	return alias ? alias : name;
}

static void put_in_department(struct users *u, const char *login, const char *department)
{
	struct person *p = map_get(&u->by_login, lower(&u->arena, login));

	if (p && !p->department)
		p->department = department;
}

static int note_departments(struct users *u, struct error *err)
{
	const struct settings *s = u->request.settings;
	regex_t form;
	int rc;

	if (!s->ldap_departments)
		return 0;
	rc = regcomp(&form, s->ldap_department_regexp ? s->ldap_department_regexp : "cn=([^,]+)",
		REG_EXTENDED | REG_ICASE);
	if (rc != 0) {
		char why[100];

		regerror(rc, &form, why, sizeof(why));
		return error_set(err, EINVAL, "ldap.department_regexp: %s", why);
	}
	for (size_t i = 0; i < u->groups.n; i++) {
		const struct directory_entry *e = &u->groups.rows[i];
		const char *name = first_value(e, GROUP_NAME);
		const char *department = name && str_glob(s->ldap_departments, name)
		                                 ? department_of(u, &form, e->dn)
		                                 : NULL;

		for (size_t k = 0; department && k < e->attributes[MEMBER].n; k++)
			put_in_department(
				u, member_login(u, e->attributes[MEMBER].values[k]), department);
		for (size_t k = 0; department && k < e->attributes[MEMBER_UID].n; k++)
			put_in_department(u, e->attributes[MEMBER_UID].values[k], department);
	}
	regfree(&form);
	return 0;
}

// The group that is the primary one, where no other says the department.
static const char *primary_department(struct users *u, const struct person *p)
{
	const char *number = first_value(p->entry, GID_NUMBER);
	const struct directory_entry *group = number ? map_get(&u->by_number, number) : NULL;
	const char *cn = group ? first_value(group, GROUP_NAME) : NULL;
	const char *name;
	const char *alias;

	problem(u->request.problems, E_U0003, "%s", p->login);
	if (!cn) {
		problem(u->request.problems, E_U0006, "%s: %s", p->login,
			number ? number : "no number");
		return NULL;
	}
	name = arena_printf(&u->arena, "%s-%s", cn, u->request.settings->ldap_department_default);
	alias = map_get(&u->aliases, name);
	return alias ? alias : name;
}

// Lines NAME ALIAS.
static int read_aliases(struct users *u, struct error *err)
{
	const char *path = u->request.settings->ldap_aliases;
	struct bytes text;
	char *at;

	if (!path)
		return 0;
	TRY(file_read(path, ALIASES_MAX, &u->arena, &text, err));
	at = arena_strdup(&u->arena, (const char *)text.data);
	for (int line = 1; at; line++) {
		char *alias = strsep(&at, "\n");
		const char *name = strsep(&alias, " \t");

		if (*name == '\0' || *name == '#')
			continue;
		if (!alias || !*(alias += strspn(alias, " \t")))
			return error_at(err, EINVAL, path, line, "not NAME ALIAS");
		map_put(&u->aliases, name, alias);
	}
	return 0;
}

// ---- who is a user ----

static void list_login(struct users *u, const char *login)
{
	if (map_get(&u->listed, login))
		return;
	map_put(&u->listed, login, u);
	if (u->n == u->room) {
		u->room = u->room ? 2 * u->room : 256;
		u->logins = memory_resize(u->logins, u->room, sizeof(*u->logins));
	}
	u->logins[u->n++] = login;
}

static int list_group(struct users *u, const char *name, struct error *err)
{
	size_t found = 0;

	for (size_t i = 0; i < u->groups.n; i++) {
		const struct directory_entry *e = &u->groups.rows[i];
		const struct directory_attribute *uids = &e->attributes[MEMBER_UID];
		const struct directory_attribute *members = &e->attributes[MEMBER];
		const char *cn = first_value(e, GROUP_NAME);

		if (!cn || strcasecmp(cn, name) != 0)
			continue;
		found++;
		for (size_t k = 0; k < uids->n; k++)
			list_login(u, lower(&u->arena, uids->values[k]));
		for (size_t k = 0; !uids->n && k < members->n; k++)
			list_login(u, member_login(u, members->values[k]));
	}
	if (found == 1)
		return 0;
	return error_set(err, EINVAL, "ldap: %zu groups are called %s", found, name);
}

static int list_groups(struct users *u, struct error *err)
{
	const struct settings *s = u->request.settings;
	const char *names = *u->request.spec ? u->request.spec : s->ldap_groups;
	char *list;

	if (!names && s->ldap_group) {
		problem(u->request.problems, E_U0005, "ldap.group: %s", s->ldap_group);
		names = s->ldap_group;
	}
	if (!names)
		return error_set(err, EINVAL, "ldap.groups is not set");
	list = arena_strdup(&u->arena, names);
	while (list) {
		const char *name = strsep(&list, ", ");

		if (*name)
			TRY(list_group(u, name, err));
	}
	return 0;
}

#ifdef HAVE_SLURMDB
static int list_slurm(struct users *u, struct error *err)
{
	CLEANUP(maria_rows_cleanup) struct maria_rows *rows = NULL;
	CLEANUP(strbuf_release) struct strbuf sql = {0};
	const struct cluster_settings *c;
	const char *const *row = NULL;
	struct maria *m;
	int rc;

	TRY(settings_cluster(u->request.settings, u->request.cluster, &c, err));
	if (!c->accounting || !str_starts(c->accounting, "slurmdb:"))
		return error_set(err, EINVAL, "ldap-slurm needs accounting: slurmdb:...");
	if (!maria_is_name(c->name))
		return error_set(err, EINVAL, "\"%s\" cannot be part of a table's name", c->name);
	strbuf_printf(&sql,
		"SELECT DISTINCT user FROM `%s_assoc_table` WHERE user <> '' ORDER BY user",
		c->name);
	TRY(maria_open(c->accounting + strlen("slurmdb:"), &m, err));
	rc = maria_query(m, strbuf_text(&sql), NULL, 0, &rows, err);
	while (rc >= 0 && (rc = maria_next(rows, &row, err)) > 0)
		if (row && row[0])
			list_login(u, lower(&u->arena, row[0]));
	maria_close(m);
	return rc;
}
#endif

// ---- the connector ----

static void users_close(void *state)
{
	struct users *u = state;

	map_release(&u->by_login);
	map_release(&u->by_dn);
	map_release(&u->by_number);
	map_release(&u->aliases);
	map_release(&u->listed);
	free(u->logins);
	arena_release(&u->arena);
	free(u);
}

static int read_directory(struct users *u, struct error *err)
{
	const struct settings *s = u->request.settings;
	struct directory *d;
	int rc;

	if (!s->ldap_people || !s->ldap_groups_base)
		return error_set(err, EINVAL, "ldap.people and ldap.groups_base must be set");
	TRY(directory_open(s, &d, err));
	rc = directory_search(d, s->ldap_people, s->ldap_people_filter, person_attributes,
		&u->arena, &u->people, err);
	if (rc == 0)
		rc = directory_search(d, s->ldap_groups_base, s->ldap_groups_filter,
			group_attributes, &u->arena, &u->groups, err);
	directory_close(d);
	return rc;
}

static int prepare(struct users *u, struct error *err)
{
	TRY(read_aliases(u, err));
	TRY(read_directory(u, err));
	note_people(u);
	note_groups(u);
	TRY(note_departments(u, err));
	TRY(list_groups(u, err));
	u->n_ldap = u->n;
	return 0;
}

static int ldap_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct users *u = memory_alloc(1, sizeof(*u));
	int rc;

	u->request = *r;
	rc = prepare(u, err);
	if (rc < 0) {
		users_close(u);
		return rc;
	}
	*ret_state = u;
	return 0;
}

#ifdef HAVE_SLURMDB
static int ldap_slurm_open(const struct import_request *r, void **ret_state, struct error *err)
{
	int rc;

	TRY(ldap_open(r, ret_state, err));
	rc = list_slurm(*ret_state, err);
	if (rc < 0) {
		users_close(*ret_state);
		*ret_state = NULL;
	}
	return rc;
}
#endif

static void put_number(struct record *ret, int at, const char *text)
{
	int64_t n;

	if (text && parse_i64(text, &n) == 0)
		record_int(ret, at, n);
}

// 20260131120000Z, perhaps with a fraction.
static void put_created(struct record *ret, const char *text)
{
	char time[24];
	int64_t t;

	if (!text || strspn(text, "0123456789") < 14 || text[strlen(text) - 1] != 'Z')
		return;
	if (str_format(time, sizeof(time), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", text, text + 4,
		    text + 6, text + 8, text + 10, text + 12) &&
		parse_time(time, NULL, &t) == 0)
		record_int(ret, AT_user_created, t);
}

static void put_person(struct users *u, const struct person *p, struct record *ret)
{
	const struct directory_entry *e = p->entry;

	record_start(ret, STAGE_user, p->login);
	record_text(ret, AT_user_login, p->login);
	put_number(ret, AT_user_uid, first_value(e, UID_NUMBER));
	put_number(ret, AT_user_gid, first_value(e, GID_NUMBER));
	record_text(ret, AT_user_first_name, first_value(e, GIVEN_NAME));
	record_text(ret, AT_user_last_name, first_value(e, SURNAME));
	record_text(ret, AT_user_full_name, first_value(e, FULL_NAME));
	record_text(
		ret, AT_user_department, p->department ? p->department : primary_department(u, p));
	put_created(ret, first_value(e, CREATED));
	if (!first_value(e, GIVEN_NAME))
		problem(u->request.problems, E_U0002, "%s", p->login);
}

static int users_next(void *state, struct record *ret, struct error *err)
{
	struct users *u = state;

	(void)err;
	while (u->at < u->n) {
		const char *login = u->logins[u->at++];
		struct person *p = map_get(&u->by_login, login);

		if (!p) {
			problem(u->request.problems, u->at <= u->n_ldap ? E_U0001 : E_U0004, "%s",
				login);
			continue;
		}
		if (p->is_given) // by another way of writing
			continue;
		p->is_given = true;
		put_person(u, p, ret);
		return 1;
	}
	return 0;
}

const struct connector user_ldap = {
	.category = CATEGORY_USER,
	.name = "ldap",
	.settings = "ldap[:GROUP,...]: members of groups (ldap.groups), as the settings ldap.* say",
	.open = ldap_open,
	.next = users_next,
	.close = users_close,
};

#ifdef HAVE_SLURMDB
const struct connector user_ldap_slurm = {
	.category = CATEGORY_USER,
	.name = "ldap-slurm",
	.settings =
		"ldap-slurm[:GROUP,...]: the same, and whoever has an association in slurmdbd's "
		"database",
	.open = ldap_slurm_open,
	.next = users_next,
	.close = users_close,
};
#endif
