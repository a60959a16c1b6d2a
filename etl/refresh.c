// SPDX-License-Identifier: Apache-2.0
// One period after the other until nothing is marked, each in a transaction. A day is made by two
// sessions: the helper works out most of what was measured, in the snapshot of ours, and its rows come to us,
// who put everything and commit; it commits nothing. The SQL is in etl/schema/013-refresh-usage.sql.
#include "etl/refresh.h"

#include <pthread.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/macro.h"
#include "common/progress.h"
#include "common/str.h"

static const char mark_capacity[] = "SELECT warehouse.mark_capacity()";
static const char has_days[] = "SELECT EXISTS (SELECT FROM warehouse.dirty WHERE unit = 'day')";
static const char publish_next[] = "SELECT warehouse.publish_next()";
static const char keep_months[] = "SELECT warehouse.keep_months()";
static const char refresh_next[] = "SELECT unit, day, cluster_id FROM warehouse.refresh_next()";
static const char take[] =
	"SELECT t.unit, t.day, t.cluster_id, CASE WHEN t.is_whole THEN pg_export_snapshot() END"
	" FROM warehouse.refresh_take() t";
static const char one[] = "SELECT warehouse.refresh_one($1, $2::date, $3::smallint)";
static const char half[] = "SELECT warehouse.refresh_half($1, $2::date, $3::smallint)";
static const char put_parts[] = "SELECT warehouse.put_parts($1::date, $2::smallint)";
static const char mark_month[] = "INSERT INTO warehouse.dirty (day, cluster_id, unit)"
				 " VALUES (date_trunc('month', $1::date), $2::smallint, 'month')";

// What the helper hands over: the rows of a day.
static const struct part {
	const char *table, *day, *condition;
} parts[] = {
	{"performance_day", "day", ""},
	{"efficiency_day", "day", ""},
	{"performance_period", "period", " AND unit = 'day'"},
	{"histogram_period", "period",
		" AND unit = 'day' AND distribution_id IN"
		" (SELECT d.distribution_id FROM warehouse.distribution d"
		" WHERE d.is_metric AND warehouse.is_helpers(d.distribution_id))"},
};

struct day { // one that two make
	struct postgres *helper;
	const char *day, *cluster, *snapshot; // as the server writes them
	struct strbuf rows[ARRAY_LEN(parts)];
	struct error err;
	int rc;
};

static int work_out(struct day *d, struct error *err)
{
	const struct postgres_value values[] = {
		{.text = "performance"}, {.text = d->day}, {.text = d->cluster}};
	CLEANUP(strbuf_release) struct strbuf sql = {0};

	strbuf_printf(&sql, "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '%s'",
		d->snapshot);
	TRY(postgres_script(d->helper, sql.text, err));
	TRY(postgres_query(d->helper, half, values, ARRAY_LEN(values), NULL, err));
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		strbuf_clear(&sql);
		strbuf_printf(&sql,
			"COPY (SELECT * FROM warehouse.%s WHERE %s = '%s' AND cluster_id = %s%s)"
			" TO STDOUT (FORMAT binary)",
			parts[i].table, parts[i].day, d->day, d->cluster, parts[i].condition);
		TRY(postgres_copy_out(d->helper, sql.text, &d->rows[i], err));
	}
	return 0;
}

static void *help(void *context)
{
	struct day *d = context;

	d->rc = work_out(d, &d->err);
	postgres_rollback(d->helper);
	return NULL;
}

static int put(struct postgres *p, const struct day *d, struct error *err)
{
	const struct postgres_value values[] = {{.text = d->day}, {.text = d->cluster}};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		CLEANUP(strbuf_release) struct strbuf sql = {0};

		strbuf_printf(
			&sql, "COPY pg_temp.part_%s FROM STDIN (FORMAT binary)", parts[i].table);
		TRY(postgres_copy(p, sql.text, d->rows[i].text, d->rows[i].len, err));
	}
	TRY(postgres_query(p, put_parts, values, ARRAY_LEN(values), NULL, err));
	return postgres_query(p, mark_month, values, ARRAY_LEN(values), NULL, err);
}

static int make_day(struct postgres *p, struct day *d, struct error *err)
{
	const struct postgres_value values[] = {
		{.text = "usage"}, {.text = d->day}, {.text = d->cluster}};
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, help, d);

	if (rc != 0)
		return error_set(err, rc, "cannot start a thread");
	rc = postgres_query(p, half, values, ARRAY_LEN(values), NULL, err);
	pthread_join(thread, NULL);
	if (rc == 0 && d->rc < 0)
		rc = error_set(err, -d->rc, "%s", d->err.text);
	return rc < 0 ? rc : put(p, d, err);
}

static int make_taken(struct postgres *p, struct postgres *helper, const struct postgres_rows *rows,
	struct error *err)
{
	struct day d = {.helper = helper,
		.day = postgres_text(rows, 0, 1),
		.cluster = postgres_text(rows, 0, 2),
		.snapshot = postgres_text(rows, 0, 3)};
	const struct postgres_value values[] = {
		{.text = postgres_text(rows, 0, 0)}, {.text = d.day}, {.text = d.cluster}};
	int rc;

	if (!d.snapshot)
		return postgres_query(p, one, values, ARRAY_LEN(values), NULL, err);
	rc = make_day(p, &d, err);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		strbuf_release(&d.rows[i]);
	return rc;
}

static int make_together(struct postgres *p, struct postgres *helper,
	struct postgres_rows **ret_rows, struct error *err)
{
	TRY(postgres_script(p,
		"BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL jit = off;"
		" SET LOCAL work_mem = '128MB'",
		err));
	TRY(postgres_query(p, take, NULL, 0, ret_rows, err));
	if (postgres_text(*ret_rows, 0, 0))
		TRY(make_taken(p, helper, *ret_rows, err));
	return postgres_script(p, "COMMIT", err);
}

// The next period. What two cannot do, because somebody else changes the same, one does.
static int make_next(struct postgres *p, struct postgres *helper, struct postgres_rows **ret_rows,
	struct error *err)
{
	struct error why = {0};

	if (helper && make_together(p, helper, ret_rows, &why) == 0)
		return 0;
	if (helper) {
		log_notice("made by one session: %s", why.text);
		postgres_rollback(p);
		postgres_rows_free(*ret_rows);
		*ret_rows = NULL;
	}
	return postgres_query(p, refresh_next, NULL, 0, ret_rows, err);
}

int refresh_marked(struct postgres *p, struct postgres *(*helper)(void *context), void *context,
	uint64_t *ret_n, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *days = NULL;
	struct postgres *second = NULL;
	struct progress progress;
	int rc;

	*ret_n = 0;
	TRY(postgres_query(p, mark_capacity, NULL, 0, NULL, err));
	TRY(postgres_query(p, has_days, NULL, 0, &days, err));
	if (str_eq(postgres_text(days, 0, 0), "t"))
		second = helper(context);
	if (second)
		TRY(postgres_script(p, "SELECT warehouse.create_parts()", err));
	progress_start(&progress, "periods", 0);
	do {
		CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

		rc = make_next(p, second, &rows, err);
		if (rc < 0 || !postgres_text(rows, 0, 0))
			break;
		log_debug("made %s %s of cluster %s", postgres_text(rows, 0, 0),
			postgres_text(rows, 0, 1), postgres_text(rows, 0, 2));
		progress_step(&progress, ++*ret_n);
	} while (rc == 0);
	progress_end(&progress);
	return rc;
}

int refresh_publish(struct postgres *p, uint64_t *ret_n, struct error *err)
{
	const int64_t patience = 60 * NS_PER_S;
	int64_t began = clock_monotonic_ns();

	*ret_n = 0;
	do {
		CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

		TRY(postgres_query(p, publish_next, NULL, 0, &rows, err));
		if (!postgres_text(rows, 0, 0))
			return 0;
		*ret_n += (uint64_t)postgres_int(rows, 0, 0);
	} while (clock_monotonic_ns() - began < patience);
	return 0;
}

int refresh_keep(struct postgres *p, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

	TRY(postgres_query(p, keep_months, NULL, 0, &rows, err));
	if (postgres_int(rows, 0, 0) > 0)
		log_notice("%s partitions of old months dropped", postgres_text(rows, 0, 0));
	return 0;
}
