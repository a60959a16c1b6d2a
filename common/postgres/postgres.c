// SPDX-License-Identifier: Apache-2.0
// libpq, and nothing of what it is used for.
#include "common/postgres/postgres.h"

#include <errno.h>
#include <libpq-fe.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "common/str.h"

enum { PARAMETERS_MAX = 32, COPY_PIECE = 1 << 20 };

struct postgres {
	PGconn *connection;
};

// A PGresult under a name of our own.
struct postgres_rows {
	char unused;
};

static const PGresult *result_of(const struct postgres_rows *r)
{
	return (const PGresult *)(const void *)r;
}

// What a class (or a whole code) of SQLSTATE means to the caller; the first row that fits.
static const struct {
	const char *sqlstate;
	int code;
} meanings[] = {
	{"08", EHOSTDOWN},    // connection
	{"57P", EHOSTDOWN},   // shut down, crashed, starting
	{"53300", EHOSTDOWN}, // too many connections
	{"22", EDOM},         // data
	{"23", EDOM},         // constraints
	{"54", EDOM},         // program limits: a value too large for an index
	{"28", EACCES},
	{"42501", EACCES},
};

static int meaning_of(const char *sqlstate)
{
	for (size_t i = 0; sqlstate && i < ARRAY_LEN(meanings); i++)
		if (str_starts(sqlstate, meanings[i].sqlstate))
			return meanings[i].code;
	return EIO;
}

// libpq's texts have several lines.
static int fail_text(struct error *err, int code, const char *text)
{
	char line[400];

	(void)str_format(line, sizeof(line), "%s", text);
	for (char *c = line; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ' ' : 0;
	return error_set(err, code, "warehouse: %s", line);
}

static int fail(struct postgres *p, const PGresult *result, struct error *err)
{
	const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
	char text[400];

	if (PQstatus(p->connection) != CONNECTION_OK || !primary)
		return fail_text(err, EHOSTDOWN, PQerrorMessage(p->connection));
	(void)str_format(
		text, sizeof(text), "%s%s%s", primary, detail ? ": " : "", detail ? detail : "");
	return fail_text(err, meaning_of(PQresultErrorField(result, PG_DIAG_SQLSTATE)), text);
}

// Nobody answered, or a server that will answer later; else it refused us for good.
static int fail_connect(PGconn *connection, struct error *err)
{
	static const char *const later[] = {
		"starting up", "shutting down", "recovery", "too many", "connection slots"};
	const char *text = PQerrorMessage(connection);
	int code = strstr(text, "FATAL:") ? EACCES : EHOSTDOWN;

	for (size_t i = 0; i < ARRAY_LEN(later); i++)
		if (strstr(text, later[i]))
			code = EHOSTDOWN;
	return fail_text(err, code, text);
}

static bool has_password(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	bool found = false;

	for (PQconninfoOption *o = options; o && o->keyword; o++)
		found |= str_eq(o->keyword, "password") && o->val;
	PQconninfoFree(options);
	return found;
}

int postgres_check_url(const char *url, struct error *err)
{
	if (url && has_password(url))
		return error_set(err, EINVAL,
			"--warehouse holds a password, which every user of this machine can read: "
			"use warehouse.password_file, or ~/.pgpass");
	return 0;
}

static void log_notice_of(void *context, const PGresult *result)
{
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	(void)context;
	if (text)
		log_warning("warehouse: %s", text);
}

// Names mean the same whatever the role or database has set, and nobody's object hides ours.
static const char session[] =
	"SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO';"
	"SET client_min_messages = warning; SET enable_partitionwise_join = on; SET jit = off;"
	"SET standard_conforming_strings = on";

int postgres_open(const char *url, const char *password, struct postgres **ret, struct error *err)
{
	const char *const keywords[] = {
		"dbname", "password", "client_encoding", "fallback_application_name", NULL};
	const char *const values[] = {url, password, "UTF8", "jobsight-load", NULL};
	PQconninfoOption *parsed = PQconninfoParse(url, NULL);
	struct postgres *p;
	int rc = 0;

	if (!parsed &&
		(strchr(url, '=') || str_starts(url, "postgres"))) // its words may quote a password
		return error_set(
			err, EINVAL, "warehouse: the connection text cannot be understood");
	PQconninfoFree(parsed);
	p = memory_alloc(1, sizeof(*p));
	p->connection = PQconnectdbParams(keywords, values, 1);
	if (!p->connection)
		rc = error_set(err, ENOMEM, "warehouse: out of memory");
	else if (PQstatus(p->connection) != CONNECTION_OK)
		rc = fail_connect(p->connection, err);
	else
		rc = postgres_script(p, session, err);
	if (rc < 0) {
		postgres_close(p);
		return rc;
	}
	PQsetNoticeReceiver(p->connection, log_notice_of, NULL);
	*ret = p;
	return 0;
}

void postgres_close(struct postgres *p)
{
	if (!p)
		return;
	PQfinish(p->connection);
	free(p);
}

int postgres_script(struct postgres *p, const char *sql, struct error *err)
{
	PGresult *result = PQexec(p->connection, sql);
	ExecStatusType status = PQresultStatus(result);
	int rc = 0;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = fail(p, result, err);
	PQclear(result);
	return rc;
}

int postgres_query(struct postgres *p, const char *sql, const struct postgres_value *values,
	size_t n, struct postgres_rows **ret_rows, struct error *err)
{
	const char *data[PARAMETERS_MAX];
	int lengths[PARAMETERS_MAX];
	int formats[PARAMETERS_MAX];
	PGresult *result;
	ExecStatusType status;
	int rc = 0;

	if (n > PARAMETERS_MAX)
		return error_set(err, EINVAL, "warehouse: too many parameters");
	for (size_t i = 0; i < n; i++) {
		bool is_bytes = values[i].bytes.data;

		data[i] = is_bytes ? (const char *)values[i].bytes.data : values[i].text;
		lengths[i] = is_bytes ? (int)values[i].bytes.len : 0;
		formats[i] = is_bytes;
	}
	result = PQexecParams(p->connection, sql, (int)n, NULL, data, lengths, formats, 0);
	status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		rc = fail(p, result, err);
	if (rc == 0 && ret_rows)
		*ret_rows = (struct postgres_rows *)(void *)result;
	else
		PQclear(result);
	return rc;
}

int postgres_copy_start(struct postgres *p, const char *sql, struct error *err)
{
	PGresult *result = PQexec(p->connection, sql);
	int rc = 0;

	if (PQresultStatus(result) != PGRES_COPY_IN)
		rc = fail(p, result, err);
	PQclear(result);
	return rc;
}

int postgres_copy_add(struct postgres *p, const void *data, size_t len, struct error *err)
{
	const char *bytes = data;

	for (size_t at = 0; at < len; at += COPY_PIECE) {
		size_t piece = len - at < COPY_PIECE ? len - at : COPY_PIECE;

		if (PQputCopyData(p->connection, bytes + at, (int)piece) != 1)
			return fail(p, NULL, err);
	}
	return 0;
}

int postgres_copy_end(struct postgres *p, struct error *err)
{
	PGresult *result;
	int rc = 0;

	if (PQputCopyEnd(p->connection, NULL) != 1)
		return fail(p, NULL, err);
	while ((result = PQgetResult(p->connection))) {
		if (PQresultStatus(result) != PGRES_COMMAND_OK && rc == 0)
			rc = fail(p, result, err);
		PQclear(result);
		if (PQstatus(p->connection) != CONNECTION_OK)
			break;
	}
	return rc;
}

int postgres_copy(
	struct postgres *p, const char *sql, const void *data, size_t len, struct error *err)
{
	TRY(postgres_copy_start(p, sql, err));
	TRY(postgres_copy_add(p, data, len, err));
	return postgres_copy_end(p, err);
}

int postgres_copy_out(struct postgres *p, const char *sql, struct strbuf *out, struct error *err)
{
	PGresult *result = PQexec(p->connection, sql);
	char *data = NULL;
	int rc = PQresultStatus(result) == PGRES_COPY_OUT ? 0 : fail(p, result, err);
	int len;

	PQclear(result);
	if (rc < 0)
		return rc;
	while ((len = PQgetCopyData(p->connection, &data, 0)) > 0) {
		strbuf_add(out, data, (size_t)len);
		PQfreemem(data);
	}
	while ((result = PQgetResult(p->connection))) {
		if (rc == 0 && PQresultStatus(result) != PGRES_COMMAND_OK)
			rc = fail(p, result, err);
		PQclear(result);
	}
	return rc;
}

void postgres_rollback(struct postgres *p)
{
	PGTransactionStatusType status = PQtransactionStatus(p->connection);

	if (status != PQTRANS_UNKNOWN && status != PQTRANS_IDLE)
		PQclear(PQexec(p->connection, "ROLLBACK"));
}

void postgres_rows_free(struct postgres_rows *r)
{
	PQclear((PGresult *)(void *)r);
}

size_t postgres_rows_count(const struct postgres_rows *r)
{
	return (size_t)PQntuples(result_of(r));
}

const char *postgres_text(const struct postgres_rows *r, size_t row, size_t column)
{
	const PGresult *result = result_of(r);

	return PQgetisnull(result, (int)row, (int)column)
	               ? NULL
	               : PQgetvalue(result, (int)row, (int)column);
}

int64_t postgres_int(const struct postgres_rows *r, size_t row, size_t column)
{
	const char *text = postgres_text(r, row, column);
	int64_t v = 0;

	return text && parse_i64(text, &v) == 0 ? v : 0;
}

void postgres_array_add(struct strbuf *array, const char *text)
{
	strbuf_puts(array, array->len ? ",\"" : "{\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_putc(array, '\\');
		strbuf_putc(array, *text);
	}
	strbuf_putc(array, '"');
}

const char *postgres_array_end(struct strbuf *array)
{
	strbuf_puts(array, array->len ? "}" : "{}");
	return strbuf_text(array);
}
