// SPDX-License-Identifier: Apache-2.0
// The client library of MySQL and MariaDB, and nothing of what it is used for.
#include "common/accounting/maria.h"

#include <errno.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/str.h"

#define TEXT_ROOM 1024 // of a value at first; longer ones are fetched again

enum { SQL_NAME_MAX = 64, PARAMETERS_MAX = 8 };

struct maria {
	MYSQL *mysql;
};

struct maria_rows {
	MYSQL_STMT *statement;
	struct arena scratch; // of the row at hand
	size_t n;             // columns
	const char **texts;
	char (*buffers)[TEXT_ROOM];
	unsigned long *lengths;
	my_bool *is_null;
};

struct place {
	const char *host, *port, *socket, *user, *database, *password_file, *ca_file;
};

static int set_key(struct place *p, char *key, char *value, struct error *err)
{
	const struct {
		const char *name;
		const char **to;
	} keys[] = {{"host", &p->host}, {"port", &p->port}, {"socket", &p->socket},
		{"user", &p->user}, {"database", &p->database},
		{"password_file", &p->password_file}, {"ca_file", &p->ca_file}};
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_eq(keys[i].name, key)) {
			*keys[i].to = value;
			return 0;
		}
	if (str_eq(key, "password"))
		return error_set(err, EINVAL,
			"slurmdb: a password is not written here: password_file=FILE, or "
			"JOBSIGHT_SLURMDB_PASSWORD");
	return error_set(err, EINVAL,
		"slurmdb: '%.60s' is none of host, port, socket, user, database, password_file and "
		"ca_file",
		key);
}

static int parse_place(const char *spec, struct arena *a, struct place *ret, struct error *err)
{
	*ret = (struct place){.database = "slurm_acct_db"};
	for (const char *at = spec; *at;) {
		at += strspn(at, " ");
		size_t len = strcspn(at, " ");
		char *item = arena_strndup(a, at, len);
		char *equals = strchr(item, '=');
		at += len;
		if (len == 0)
			break;
		if (equals == NULL)
			return error_set(err, EINVAL,
				"slurmdb: '%.60s': NAME=VALUE is wanted, blanks between", item);
		*equals = '\0';
		TRY(set_key(ret, item, equals + 1, err));
	}
	return 0;
}

static int broken(struct maria *m, struct error *err)
{
	return error_set(err, EHOSTDOWN, "slurmdb: %s", mysql_error(m->mysql));
}

static int broken_statement(const struct maria_rows *r, struct error *err)
{
	return error_set(err, EHOSTDOWN, "slurmdb: %s", mysql_stmt_error(r->statement));
}

static int connect_to(
	struct maria *m, const struct place *p, const char *password, struct error *err)
{
	uint64_t port = 0;
	unsigned timeout = 60;
	my_bool yes = 1;
	if (p->port && (parse_u64(p->port, &port) < 0 || port > 65535))
		return error_set(err, EINVAL, "slurmdb: '%.60s' is no port", p->port);
	m->mysql = mysql_init(NULL);
	if (m->mysql == NULL)
		return error_set(err, ENOMEM, "slurmdb: no client");
	// The bytes as slurmdbd wrote them, whatever the tables call their character set.
	mysql_options(m->mysql, MYSQL_SET_CHARSET_NAME, "binary");
	mysql_options(m->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
	timeout = 600;
	mysql_options(m->mysql, MYSQL_OPT_READ_TIMEOUT, &timeout);
	if (p->ca_file) {
		mysql_options(m->mysql, MYSQL_OPT_SSL_CA, p->ca_file);
		mysql_options(m->mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
		mysql_options(m->mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	}
	if (mysql_real_connect(m->mysql, p->host, p->user, password, p->database, (unsigned)port,
		    p->socket, 0) == NULL ||
		mysql_query(m->mysql, "SET SESSION TRANSACTION READ ONLY") != 0)
		return broken(m, err);
	return 0;
}

int maria_open(const char *spec, struct maria **ret, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *password = getenv("JOBSIGHT_SLURMDB_PASSWORD");
	struct maria *m;
	struct place p;
	int rc;
	TRY(parse_place(spec, &a, &p, err));
	if (p.password_file)
		TRY(file_read_secret(p.password_file, &a, &password, err));
	m = memory_alloc(1, sizeof(*m));
	rc = connect_to(m, &p, password, err);
	if (rc < 0) {
		maria_close(m);
		return rc;
	}
	*ret = m;
	return 0;
}

void maria_close(struct maria *m)
{
	if (m == NULL)
		return;
	if (m->mysql)
		mysql_close(m->mysql);
	free(m);
}

bool maria_is_name(const char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		if (strchr("`\\%\"'", text[i]) || (unsigned char)text[i] < 0x20)
			return false;
	return len > 0 && len <= SQL_NAME_MAX - 20;
}

int maria_columns(
	struct maria *m, const char *table, struct arena *a, struct map *ret, struct error *err)
{
	CLEANUP(maria_rows_cleanup) struct maria_rows *rows = NULL;
	const char *const *row = NULL;
	int rc;
	const char *sql = arena_printf(a,
		"SELECT column_name FROM information_schema.columns WHERE table_schema = "
		"DATABASE() AND table_name = '%s'",
		table);
	TRY(maria_query(m, sql, NULL, 0, &rows, err));
	while ((rc = maria_next(rows, &row, err)) > 0)
		if (row && row[0])
			map_put(ret, arena_strdup(a, row[0]), a);
	return rc;
}

static int bind_result(struct maria_rows *r, struct error *err)
{
	AUTO_FREE MYSQL_BIND *out = memory_alloc(r->n, sizeof(*out));
	r->texts = memory_alloc(r->n, sizeof(*r->texts));
	r->buffers = memory_alloc(r->n, sizeof(*r->buffers));
	r->lengths = memory_alloc(r->n, sizeof(*r->lengths));
	r->is_null = memory_alloc(r->n, sizeof(*r->is_null));
	for (size_t i = 0; i < r->n; i++)
		out[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
			.buffer = r->buffers[i],
			.buffer_length = TEXT_ROOM - 1,
			.length = &r->lengths[i],
			.is_null = &r->is_null[i]};
	return mysql_stmt_bind_result(r->statement, out) != 0 ? broken_statement(r, err) : 0;
}

static int execute(
	struct maria_rows *r, const char *sql, const int64_t *numbers, size_t n, struct error *err)
{
	MYSQL_BIND in[PARAMETERS_MAX] = {0};
	int64_t copies[PARAMETERS_MAX];
	if (mysql_stmt_prepare(r->statement, sql, strlen(sql)) != 0)
		return broken_statement(r, err);
	if (n > PARAMETERS_MAX || mysql_stmt_param_count(r->statement) != n)
		return error_set(err, EINVAL, "slurmdb: wrong number of parameters");
	for (size_t i = 0; i < n; i++) {
		copies[i] = numbers[i];
		in[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &copies[i]};
	}
	r->n = mysql_stmt_field_count(r->statement);
	if (mysql_stmt_bind_param(r->statement, in) != 0 || mysql_stmt_execute(r->statement) != 0)
		return broken_statement(r, err);
	TRY(bind_result(r, err));
	return mysql_stmt_store_result(r->statement) != 0 ? broken_statement(r, err) : 0;
}

int maria_query(struct maria *m, const char *sql, const int64_t *numbers, size_t n,
	struct maria_rows **ret, struct error *err)
{
	struct maria_rows *r = memory_alloc(1, sizeof(*r));
	int rc;
	r->statement = mysql_stmt_init(m->mysql);
	rc = r->statement ? execute(r, sql, numbers, n, err) : broken(m, err);
	if (rc < 0) {
		maria_rows_free(r);
		return rc;
	}
	*ret = r;
	return 0;
}

static const char *text_of(struct maria_rows *r, unsigned i)
{
	if (r->is_null[i])
		return NULL;
	if (r->lengths[i] < TEXT_ROOM) {
		r->buffers[i][r->lengths[i]] = '\0';
		return r->buffers[i];
	}
	char *text = arena_alloc(&r->scratch, r->lengths[i] + 1);
	MYSQL_BIND b = {
		.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = r->lengths[i]};
	return mysql_stmt_fetch_column(r->statement, &b, i, 0) == 0 ? text : NULL;
}

int maria_next(struct maria_rows *r, const char *const **ret, struct error *err)
{
	int rc = mysql_stmt_fetch(r->statement);
	if (rc == MYSQL_NO_DATA)
		return 0;
	if (rc == 1)
		return broken_statement(r, err);
	arena_reset(&r->scratch);
	for (unsigned i = 0; i < r->n; i++)
		r->texts[i] = text_of(r, i);
	*ret = r->texts;
	return 1;
}

void maria_rows_free(struct maria_rows *r)
{
	if (r == NULL)
		return;
	if (r->statement)
		(void)mysql_stmt_close(r->statement);
	arena_release(&r->scratch);
	free(r->texts);
	free(r->buffers);
	free(r->lengths);
	free(r->is_null);
	free(r);
}
