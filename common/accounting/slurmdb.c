// SPDX-License-Identifier: Apache-2.0
// Reading slurmdbd's database: columns are probed, so that those of every release will do; jobs
// are read in pages by their primary key, each page a short read-only query of its own.
#include "common/accounting/slurmdb.h"

#include <errno.h>
#include <inttypes.h>
#include <mysql.h>
#include <stdlib.h>
#include <string.h>

#include "common/accounting/slurmdb_row.h"
#include "common/file.h"
#include "common/memory.h"
#include "common/str.h"

#define PAGE_ROWS 5000
#define TEXT_ROOM 1024 // of a value at first; longer ones are fetched again

enum { SQL_NAME_MAX = 64 };

struct slurmdb {
	struct accounting_request request;
	MYSQL *mysql;
	MYSQL_STMT *page;
	struct arena arena; // of the session
	struct arena scratch;
	struct slurmdb_names names;
	int64_t after; // job_db_inx of the last row
	size_t rows;   // of the page, read so far
	bool is_last;
	int64_t limits[6]; // parameters of the page's query
	char buffers[FIELD_COUNT][TEXT_ROOM];
	unsigned long lengths[FIELD_COUNT];
	my_bool is_null[FIELD_COUNT];
};

// What each field is read from: the first of these columns of the job table that is there, or an
// expression that always is.
static const struct field {
	const char *column;     // in t; NULL: expression
	const char *expression; // NULL: the column itself
	const char *other;      // an older release's column
} fields[FIELD_COUNT] = {
	[FIELD_INDEX] = {"job_db_inx", NULL, NULL},
	[FIELD_ID] = {"id_job", NULL, NULL},
	[FIELD_ARRAY_JOB] = {"id_array_job", NULL, NULL},
	[FIELD_ARRAY_TASK] = {"id_array_task", NULL, NULL},
	[FIELD_HET_JOB] = {"het_job_id", NULL, "pack_job_id"},
	[FIELD_HET_OFFSET] = {"het_job_offset", NULL, "pack_job_offset"},
	[FIELD_NAME] = {"job_name", NULL, NULL},
	[FIELD_USER] = {NULL, "a.user", NULL},
	[FIELD_UID] = {"id_user", NULL, NULL},
	[FIELD_GID] = {"id_group", NULL, NULL},
	[FIELD_ACCOUNT] = {"account", NULL, NULL},
	[FIELD_PARTITION] = {"partition", NULL, NULL},
	[FIELD_QOS] = {NULL, "q.name", NULL},
	[FIELD_WCKEY] = {"wckey", NULL, NULL},
	[FIELD_RESERVATION] = {NULL,
		"(SELECT MAX(r.resv_name) FROM `%s_resv_table` r WHERE r.id_resv = t.id_resv AND "
		"t.id_resv <> 0)",
		NULL},
	[FIELD_STATE] = {"state", NULL, NULL},
	[FIELD_EXIT] = {"exit_code", NULL, NULL},
	[FIELD_SUBMIT] = {"time_submit", NULL, NULL},
	[FIELD_ELIGIBLE] = {"time_eligible", NULL, NULL},
	[FIELD_START] = {"time_start", NULL, NULL},
	[FIELD_END] = {"time_end", NULL, NULL},
	[FIELD_SUSPENDED] = {"time_suspended", NULL, NULL},
	[FIELD_LIMIT] = {"timelimit", NULL, NULL},
	[FIELD_NODES] = {"nodes_alloc", NULL, NULL},
	[FIELD_REQUESTED_CPUS] = {"cpus_req", NULL, NULL},
	[FIELD_REQUESTED_MEMORY] = {"mem_req", NULL, NULL},
	[FIELD_TRES] = {"tres_alloc", NULL, NULL},
	[FIELD_REQUESTED_TRES] = {"tres_req", NULL, NULL},
	[FIELD_HOSTS] = {"nodelist", NULL, NULL},
	[FIELD_WORK_DIR] = {"work_dir", NULL, NULL},
	[FIELD_SUBMIT_LINE] = {"submit_line", NULL, NULL},
	// 22.05 keeps each script once; 21.08 kept it in the row.
	[FIELD_SCRIPT] = {"script_hash_inx",
		"(SELECT s.batch_script FROM `%s_job_script_table` s WHERE s.hash_inx = "
		"t.script_hash_inx AND t.script_hash_inx <> 0)",
		"batch_script"},
};

// What was never eligible is left out, as sacct does: jobs cancelled while held, and records whose
// end came before their begin, which slurmdbd fills in a moment later.
static const char page_order[] =
	" WHERE t.deleted = 0 AND t.job_db_inx > ? AND t.time_eligible <> 0"
	" AND (? = 0 OR t.time_end = 0 OR t.time_end >= ?)"
	" AND (? = 0 OR t.time_start < ? OR t.time_end <> 0)"
	" ORDER BY t.job_db_inx LIMIT ?";

// ---- the connection ----

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

static int broken(struct slurmdb *s, struct error *err)
{
	return error_set(err, EHOSTDOWN, "slurmdb: %s", mysql_error(s->mysql));
}

static int broken_statement(struct slurmdb *s, struct error *err)
{
	return error_set(err, EHOSTDOWN, "slurmdb: %s", mysql_stmt_error(s->page));
}

static int connect_to(struct slurmdb *s, const struct place *p, struct error *err)
{
	const char *password = getenv("JOBSIGHT_SLURMDB_PASSWORD");
	uint64_t port = 0;
	unsigned timeout = 60;
	my_bool yes = 1;
	if (p->password_file)
		TRY(file_read_secret(p->password_file, &s->arena, &password, err));
	if (p->port && (parse_u64(p->port, &port) < 0 || port > 65535))
		return error_set(err, EINVAL, "slurmdb: '%.60s' is no port", p->port);
	s->mysql = mysql_init(NULL);
	if (s->mysql == NULL)
		return error_set(err, ENOMEM, "slurmdb: no client");
	// The bytes as slurmdbd wrote them, whatever the tables call their character set.
	mysql_options(s->mysql, MYSQL_SET_CHARSET_NAME, "binary");
	mysql_options(s->mysql, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
	timeout = 600;
	mysql_options(s->mysql, MYSQL_OPT_READ_TIMEOUT, &timeout);
	if (p->ca_file) {
		mysql_options(s->mysql, MYSQL_OPT_SSL_CA, p->ca_file);
		mysql_options(s->mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
		mysql_options(s->mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
	}
	if (mysql_real_connect(s->mysql, p->host, p->user, password, p->database, (unsigned)port,
		    p->socket, 0) == NULL ||
		mysql_query(s->mysql, "SET SESSION TRANSACTION READ ONLY") != 0)
		return broken(s, err);
	return 0;
}

// ---- what the database has ----

// The name of a cluster becomes part of names of tables.
static int check_cluster(const char *cluster, struct error *err)
{
	size_t len = strlen(cluster);
	for (size_t i = 0; i < len; i++)
		if (strchr("`\\%\"'", cluster[i]) || (unsigned char)cluster[i] < 0x20)
			len = 0;
	if (len == 0 || len > SQL_NAME_MAX - 20)
		return error_set(err, EINVAL, "slurmdb: '%.60s' is no name of a cluster", cluster);
	return 0;
}

static int each_row(struct slurmdb *s, const char *sql,
	void (*each)(struct slurmdb *s, MYSQL_ROW r, void *context), void *context,
	struct error *err)
{
	if (mysql_query(s->mysql, sql) != 0)
		return broken(s, err);
	MYSQL_RES *result = mysql_store_result(s->mysql);
	if (result == NULL)
		return broken(s, err);
	for (MYSQL_ROW r = mysql_fetch_row(result); r; r = mysql_fetch_row(result))
		each(s, r, context);
	mysql_free_result(result);
	return 0;
}

static void note_column(struct slurmdb *s, MYSQL_ROW r, void *context)
{
	struct map *columns = context;
	map_put(columns, arena_strdup(&s->arena, r[0]), s);
}

static void note_tres(struct slurmdb *s, MYSQL_ROW r, void *context)
{
	(void)context;
	bool has_name = r[2] && r[2][0];
	map_put(&s->names.tres, arena_strdup(&s->arena, r[0]),
		arena_printf(&s->arena, has_name ? "%s/%s" : "%s", r[1] ? r[1] : "",
			has_name ? r[2] : ""));
}

static void put_field(
	struct slurmdb *s, const struct map *columns, enum slurmdb_field f, struct strbuf *sql)
{
	const struct field *x = &fields[f];
	bool is_wanted = f != FIELD_SCRIPT || s->request.with_scripts;
	const char *column = x->column;
	bool has = column == NULL || map_get(columns, column);
	bool has_other = x->other && map_get(columns, x->other);
	if (!is_wanted || !(has || has_other))
		strbuf_puts(sql, "NULL");
	else if (has && x->expression) // may hold the name of the cluster once
		strbuf_puts(sql,
			arena_printf(&s->arena, "%.*s%s%s", (int)strcspn(x->expression, "%"),
				x->expression, strchr(x->expression, '%') ? s->request.cluster : "",
				strchr(x->expression, '%') ? strchr(x->expression, '%') + 2 : ""));
	else
		strbuf_printf(sql, "t.`%s`", has ? column : x->other);
}

static int make_query(struct slurmdb *s, struct strbuf *sql, struct error *err)
{
	CLEANUP(map_release) struct map columns = {0};
	CLEANUP(strbuf_release) struct strbuf probe = {0};
	const char *cluster = s->request.cluster;
	strbuf_printf(&probe,
		"SELECT column_name FROM information_schema.columns WHERE table_schema = "
		"DATABASE() AND table_name = '%s_job_table'",
		cluster);
	TRY(each_row(s, strbuf_text(&probe), note_column, &columns, err));
	if (map_get(&columns, "job_db_inx") == NULL)
		return error_set(err, ENOENT,
			"slurmdb: there is no cluster '%s' in this database, or no right to read it",
			cluster);
	TRY(each_row(s, "SELECT id, type, name FROM tres_table WHERE deleted = 0", note_tres, NULL,
		err));
	strbuf_puts(sql, "SELECT ");
	for (enum slurmdb_field f = 0; f < FIELD_COUNT; f++) {
		strbuf_puts(sql, f ? ", " : "");
		put_field(s, &columns, f, sql);
	}
	strbuf_printf(sql,
		" FROM `%s_job_table` t LEFT JOIN `%s_assoc_table` a ON a.id_assoc = t.id_assoc "
		"LEFT JOIN qos_table q ON q.id = t.id_qos%s",
		cluster, cluster, page_order);
	return 0;
}

static int prepare(struct slurmdb *s, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf sql = {0};
	MYSQL_BIND in[ARRAY_LEN(s->limits)] = {0};
	MYSQL_BIND out[FIELD_COUNT] = {0};
	TRY(make_query(s, &sql, err));
	s->page = mysql_stmt_init(s->mysql);
	if (s->page == NULL || mysql_stmt_prepare(s->page, sql.text, sql.len) != 0)
		return s->page ? broken_statement(s, err) : broken(s, err);
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		in[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_LONGLONG, .buffer = &s->limits[i]};
	for (size_t i = 0; i < FIELD_COUNT; i++)
		out[i] = (MYSQL_BIND){.buffer_type = MYSQL_TYPE_STRING,
			.buffer = s->buffers[i],
			.buffer_length = TEXT_ROOM - 1,
			.length = &s->lengths[i],
			.is_null = &s->is_null[i]};
	if (mysql_stmt_bind_param(s->page, in) != 0 || mysql_stmt_bind_result(s->page, out) != 0)
		return broken_statement(s, err);
	return 0;
}

static void slurmdb_close(void *state)
{
	struct slurmdb *s = state;
	if (s == NULL)
		return;
	if (s->page)
		(void)mysql_stmt_close(s->page);
	if (s->mysql)
		mysql_close(s->mysql);
	map_release(&s->names.tres);
	arena_release(&s->arena);
	arena_release(&s->scratch);
	free(s);
}

static int open_session(struct slurmdb *s, struct error *err)
{
	struct place p;
	TRY(check_cluster(s->request.cluster, err));
	TRY(parse_place(s->request.spec, &s->arena, &p, err));
	TRY(connect_to(s, &p, err));
	return prepare(s, err);
}

static int slurmdb_open(const struct accounting_request *r, void **ret_state, struct error *err)
{
	struct slurmdb *s = memory_alloc(1, sizeof(*s));
	s->request = *r;
	s->after = -1;
	s->rows = PAGE_ROWS; // none of a page that was never asked for
	int rc = open_session(s, err);
	if (rc < 0) {
		slurmdb_close(s);
		return rc;
	}
	*ret_state = s;
	return 0;
}

// ---- rows ----

static int next_page(struct slurmdb *s, struct error *err)
{
	int64_t limits[] = {s->after, s->request.since_s, s->request.since_s, s->request.until_s,
		s->request.until_s, PAGE_ROWS};
	memcpy(s->limits, limits, sizeof(limits));
	s->rows = 0;
	(void)mysql_stmt_free_result(s->page);
	if (mysql_stmt_execute(s->page) != 0 || mysql_stmt_store_result(s->page) != 0)
		return broken_statement(s, err);
	return 0;
}

static const char *field_text(struct slurmdb *s, unsigned f)
{
	if (s->is_null[f])
		return NULL;
	if (s->lengths[f] < TEXT_ROOM) {
		s->buffers[f][s->lengths[f]] = '\0';
		return s->buffers[f];
	}
	char *text = arena_alloc(&s->scratch, s->lengths[f] + 1);
	MYSQL_BIND b = {
		.buffer_type = MYSQL_TYPE_STRING, .buffer = text, .buffer_length = s->lengths[f]};
	return mysql_stmt_fetch_column(s->page, &b, f, 0) == 0 ? text : NULL;
}

// 1, 0 at the end.
static int next_row(struct slurmdb *s, struct slurmdb_row *ret, struct error *err)
{
	for (;;) {
		int rc = s->after < 0 && s->rows == PAGE_ROWS ? MYSQL_NO_DATA
		                                              : mysql_stmt_fetch(s->page);
		if (rc == 1)
			return broken_statement(s, err);
		if (rc == MYSQL_NO_DATA) {
			if (s->rows < PAGE_ROWS)
				return 0;
			TRY(next_page(s, err));
			continue;
		}
		s->rows++;
		arena_reset(&s->scratch);
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			ret->text[f] = field_text(s, f);
		if (ret->text[FIELD_INDEX] == NULL ||
			parse_i64(ret->text[FIELD_INDEX], &s->after) < 0)
			return error_set(err, EBADMSG, "slurmdb: a row without job_db_inx");
		return 1;
	}
}

static int slurmdb_next(void *state, struct arena *a, struct job *ret,
	void (*bad)(void *context, const struct error *why), void *context, struct error *err)
{
	struct slurmdb *s = state;
	for (;;) {
		struct slurmdb_row row;
		struct job job;
		struct error why = {0};
		int rc = next_row(s, &row, err);
		if (rc <= 0)
			return rc;
		if (slurmdb_row_job(&row, &s->names, &s->request, &s->scratch, &job, &why) < 0) {
			(void)error_prefix(&why, "slurmdb");
			bad(context, &why);
			continue;
		}
		if (!accounting_is_asked(&s->request, &job))
			continue;
		job_copy(a, &job, ret);
		return 1;
	}
}

const struct accounting_source slurmdb_source = {
	.name = "slurmdb",
	.open = slurmdb_open,
	.next = slurmdb_next,
	.close = slurmdb_close,
};
