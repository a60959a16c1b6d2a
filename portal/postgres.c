// SPDX-License-Identifier: Apache-2.0
// Runs the portal's statements on a pool of PostgreSQL connections.
#include "portal/postgres.h"

#include <errno.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "common/str.h"

#define CONNECTIONS_MAX 64

struct session { // a place in the pool; used by one request at a time
	struct warehouse *warehouse;
	PGconn *connection; // NULL: not connected yet
	bool is_busy;
};

struct warehouse {
	struct strbuf url, password;
	unsigned timeout_s;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct session sessions[CONNECTIONS_MAX];
	unsigned n;
};

static const struct {
	const char *name, *sql;
	int n_params;
} statements[] = {
#define STATEMENT(name, n_params, sql) {#name, sql, n_params},
#include "portal/statements.def"
};

int warehouse_open(const struct warehouse_options *o, struct warehouse **ret, struct error *err)
{
	if (o->connections == 0 || o->connections > CONNECTIONS_MAX)
		return error_set(
			err, EINVAL, "the pool may have 1 to %d connections", CONNECTIONS_MAX);
	struct warehouse *w = calloc(1, sizeof(*w));
	if (!w)
		return error_set(err, ENOMEM, "out of memory");
	strbuf_puts(&w->url, o->url);
	if (o->password)
		strbuf_puts(&w->password, o->password);
	w->timeout_s = o->timeout_s;
	w->n = o->connections;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->freed, NULL);
	for (unsigned i = 0; i < w->n; i++)
		w->sessions[i].warehouse = w;
	*ret = w;
	return 0;
}

void warehouse_close(struct warehouse *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->n; i++)
		PQfinish(w->sessions[i].connection);
	pthread_cond_destroy(&w->freed);
	pthread_mutex_destroy(&w->lock);
	strbuf_release(&w->url);
	strbuf_release(&w->password);
	free(w);
}

// A connected place first, else one that must connect; NULL when all are busy.
static struct session *free_session(struct warehouse *w)
{
	struct session *found = NULL;
	for (unsigned i = 0; i < w->n; i++) {
		struct session *s = &w->sessions[i];
		if (!s->is_busy && (!found || (s->connection && !found->connection)))
			found = s;
	}
	return found;
}

static struct session *take_session(struct warehouse *w)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += w->timeout_s;
	pthread_mutex_lock(&w->lock);
	struct session *s;
	int code = 0;
	while (!(s = free_session(w)) && code == 0)
		code = pthread_cond_timedwait(&w->freed, &w->lock, &until);
	if (s)
		s->is_busy = true;
	pthread_mutex_unlock(&w->lock);
	return s;
}

static void give_session(struct session *s)
{
	struct warehouse *w = s->warehouse;
	pthread_mutex_lock(&w->lock);
	s->is_busy = false;
	pthread_cond_signal(&w->freed);
	pthread_mutex_unlock(&w->lock);
}

static void disconnect(struct session *s)
{
	PQfinish(s->connection);
	s->connection = NULL;
}

static void ignore_notice(void *context, const char *message)
{
	(void)context;
	log_debug("warehouse: %.*s", (int)strcspn(message, "\n"), message);
}

static int connect_session(struct session *s, struct error *err)
{
	const struct warehouse *w = s->warehouse;
	char options[160];
	str_format(options, sizeof(options),
		"-c statement_timeout=%us -c idle_in_transaction_session_timeout=60s "
		"-c client_encoding=UTF8 -c timezone=UTC",
		w->timeout_s);
	const char *keywords[] = {"dbname", "options", "fallback_application_name",
		"connect_timeout", w->password.len ? "password" : NULL, NULL};
	const char *values[] = {strbuf_text(&w->url), options, "jobsight-portal", "5",
		strbuf_text(&w->password), NULL};
	s->connection = PQconnectdbParams(keywords, values, 1);
	if (PQstatus(s->connection) != CONNECTION_OK) {
		const char *why = PQerrorMessage(s->connection);
		log_warning("warehouse: %.*s", (int)strcspn(why, "\n"), why);
		disconnect(s);
		return error_set(err, EAGAIN, "The warehouse cannot be reached at the moment.");
	}
	PQsetNoticeProcessor(s->connection, ignore_notice, NULL);
	return 0;
}

static void clear_result(PGresult **r)
{
	PQclear(*r);
}

// The words of the database go to the log alone: they may quote data of others.
static int failed(
	const struct session *s, const PGresult *result, const char *what, struct error *err)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *why = PQerrorMessage(s->connection);
	log_warning("warehouse: %s: %.*s", what, (int)strcspn(why, "\n"), why);
	if (PQstatus(s->connection) != CONNECTION_OK)
		return error_set(err, EAGAIN, "The warehouse cannot be reached at the moment.");
	if (str_eq(state, "57014"))
		return error_set(err, EAGAIN,
			"The question took the warehouse too long. "
			"A narrower filter or period may help.");
	return error_set(err, EIO, "the warehouse refused statement %s", what);
}

static int run(
	struct session *s, const char *sql, int n, const char *const *params, struct error *err)
{
	CLEANUP(clear_result)
	PGresult *result = PQexecParams(s->connection, sql, n, NULL, params, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return failed(s, result, sql, err);
	return 0;
}

static int start_transaction(struct session *s, const char *person, struct error *err)
{
	if (!s->connection)
		TRY(connect_session(s, err));
	TRY(run(s, "BEGIN READ ONLY", 0, NULL, err));
	return run(s, "SELECT set_config('jobsight.person', $1, true)", 1, &person, err);
}

int session_begin(struct warehouse *w, const char *person, struct session **ret, struct error *err)
{
	struct session *s = take_session(w);
	if (!s)
		return error_set(err, EAGAIN, "The portal is busy; please try again in a moment.");
	bool was_connected = s->connection;
	int code = start_transaction(s, person, err);
	if (code < 0 && was_connected) { // the server may have been restarted meanwhile
		disconnect(s);
		code = start_transaction(s, person, err);
	}
	if (code < 0) {
		disconnect(s);
		give_session(s);
		return code;
	}
	*ret = s;
	return 0;
}

void session_end(struct session **session)
{
	struct session *s = *session;
	if (!s)
		return;
	// Nothing was written, so COMMIT and ROLLBACK are the same; what fails starts afresh.
	struct error ignored = {0};
	if (run(s, "ROLLBACK", 0, NULL, &ignored) < 0)
		disconnect(s);
	give_session(s);
	*session = NULL;
}

static int read_rows(const PGresult *result, struct arena *a, struct rows *ret, struct error *err)
{
	ret->n = (size_t)PQntuples(result);
	// NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
	ret->items = arena_array(a, ret->n, sizeof(*ret->items));
	for (size_t i = 0; i < ret->n; i++) {
		const char *json = PQgetvalue(result, (int)i, 0);
		TRY(doc_from_json(json, strlen(json), a, &ret->items[i], err));
	}
	return 0;
}

int session_query(struct session *s, enum statement statement, const char *const *params,
	struct arena *a, struct rows *ret, struct error *err)
{
	CLEANUP(clear_result)
	PGresult *result = PQexecParams(s->connection, statements[statement].sql,
		statements[statement].n_params, NULL, params, NULL, NULL, 0);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		return failed(s, result, statements[statement].name, err);
	return read_rows(result, a, ret, err);
}
