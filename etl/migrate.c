// SPDX-License-Identifier: Apache-2.0
// Migrations are forward only. What was applied is recorded with its checksum, so that a file that
// was edited afterwards is found out instead of two warehouses silently differing.
#include "etl/migrate.h"

#include <errno.h>
#include <inttypes.h>

#include "common/log.h"
#include "common/sha256.h"
#include "common/str.h"

static const char bootstrap[] =
	"CREATE SCHEMA IF NOT EXISTS warehouse;"
	"COMMENT ON SCHEMA warehouse IS 'Jobsight: what every job really did with the machine.';"
	"CREATE TABLE IF NOT EXISTS warehouse.migration ("
	" number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
	" applied timestamptz NOT NULL DEFAULT clock_timestamp(), program text NOT NULL);"
	"COMMENT ON TABLE warehouse.migration IS 'Migrations of this schema that were applied.';"
	"COMMENT ON COLUMN warehouse.migration.number IS 'Order.';"
	"COMMENT ON COLUMN warehouse.migration.name IS 'File in etl/schema.';"
	"COMMENT ON COLUMN warehouse.migration.checksum IS 'SHA-256 of the file.';"
	"COMMENT ON COLUMN warehouse.migration.applied IS 'When.';"
	"COMMENT ON COLUMN warehouse.migration.program IS 'Version of the program that applied it.'";

static const char schema_there[] = "SELECT to_regclass('warehouse.migration') IS NOT NULL";
static const char applied[] = "SELECT number, checksum FROM warehouse.migration ORDER BY number";
static const char record[] = "INSERT INTO warehouse.migration (number, name, checksum, program)"
			     " VALUES ($1::integer, $2, $3, $4)";
static const char reset_catalogue[] =
	"UPDATE warehouse.metric SET is_current = false WHERE is_current";
static const char put_metric[] =
	"SELECT warehouse.put_metric($1::integer, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,"
	" $13::integer, $14, $15, $16)";
static const char put_series_label[] =
	"UPDATE warehouse.metric SET series_label = $2 WHERE name = $1";
static const char set_keep[] = "SELECT warehouse.set_keep($1, $2)";
static const char set_timezone[] = "SELECT warehouse.set_timezone($1)";
static const char align_columns[] =
	"SELECT compat.release_facts(); SELECT warehouse.align_columns();"
	" SELECT compat.create_facts()";

static const char *checksum(const struct migration *m, char text[SHA256_TEXT_SIZE])
{
	return sha256_text(m->text, m->len, text);
}

// How many of our migrations are applied, after a look at each of them.
static int count_applied(struct postgres *p, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	char sum[SHA256_TEXT_SIZE];
	size_t n;

	TRY(postgres_query(p, applied, NULL, 0, &rows, err));
	n = postgres_rows_count(rows);
	if (n > n_migrations)
		return error_set(err, ESTALE,
			"the warehouse is at migration %" PRId64
			", this program knows %d: it is too old",
			postgres_int(rows, n - 1, 0), migrations[n_migrations - 1].number);
	for (size_t i = 0; i < n; i++) {
		if (postgres_int(rows, i, 0) != migrations[i].number)
			return error_set(err, ESTALE,
				"migration %s was never applied, but later ones were",
				migrations[i].name);
		if (!str_eq(postgres_text(rows, i, 1), checksum(&migrations[i], sum)))
			return error_set(err, ESTALE,
				"migration %s was changed after it was applied",
				migrations[i].name);
	}
	return (int)n;
}

static int apply(struct postgres *p, const struct migration *m, struct error *err)
{
	char number[16];
	char sum[SHA256_TEXT_SIZE];
	const struct postgres_value values[] = {{.text = number}, {.text = m->name},
		{.text = checksum(m, sum)}, {.text = JOBSIGHT_VERSION}};

	(void)str_format(number, sizeof(number), "%d", m->number);
	TRY(postgres_script(p, "BEGIN", err));
	TRY(postgres_script(p, m->text, err));
	TRY(postgres_query(p, record, values, ARRAY_LEN(values), NULL, err));
	return postgres_script(p, "COMMIT", err);
}

int migrate_schema(struct postgres *p, struct error *err)
{
	int n;

	TRY(postgres_script(p, bootstrap, err));
	n = count_applied(p, err);
	if (n < 0)
		return n;
	for (size_t i = (size_t)n; i < n_migrations; i++) {
		if (apply(p, &migrations[i], err) < 0) {
			postgres_rollback(p);
			return error_prefix(err, "migration %s", migrations[i].name);
		}
		log_info("applied migration %s", migrations[i].name);
	}
	return 0;
}

int migrate_check(struct postgres *p, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	int n = 0;

	TRY(postgres_query(p, schema_there, NULL, 0, &rows, err));
	if (str_eq(postgres_text(rows, 0, 0), "t"))
		n = count_applied(p, err);
	if (n < 0)
		return n;
	if ((size_t)n < n_migrations)
		return error_set(err, ESTALE,
			"the warehouse is not up to date: run jobsight-load --migrate");
	return 0;
}

static int put_one(struct postgres *p, int position, const struct metric *m, struct error *err)
{
	const struct column *c = m->column;
	char place[16];
	char order[16];
	const char *type = NULL;
	const char *weight = NULL;
	const char *also_per = NULL;

	if (c) {
		type = c->is_double ? "double precision" : "real";
		weight = c->weight == WEIGHT_NONE ? NULL : weight_name(c->weight);
		also_per = c->also_per == WEIGHT_NONE ? NULL : weight_name(c->also_per);
	}
	(void)str_format(place, sizeof(place), "%d", position);
	(void)str_format(order, sizeof(order), "%d", m->chart ? m->chart->order : 0);
	const struct postgres_value values[] = {
		{.text = place},
		{.text = m->name},
		{.text = m->label ? m->label : m->name},
		{.text = m->help ? m->help : ""},
		{.text = c && c->unit ? c->unit
	                 : m->unit    ? m->unit
	                              : ""},
		{.text = c ? c->name : NULL},
		{.text = type},
		{.text = c ? aggregate_name(c->aggregate) : NULL},
		{.text = weight},
		{.text = also_per},
		{.text = m->chart ? m->chart->group : NULL},
		{.text = m->chart ? m->chart->kind : NULL},
		{.text = m->chart ? order : NULL},
		{.text = audience_name(m->audience)},
		{.text = m->series ? m->series->document : NULL},
		{.text = m->series ? m->series->unit : NULL},
	};
	return postgres_query(p, put_metric, values, ARRAY_LEN(values), NULL, err);
}

static int label_series(struct postgres *p, const struct metric *m, struct error *err)
{
	const char *label = m->series && m->series->label ? m->series->label : m->name;
	const struct postgres_value values[] = {
		{.text = m->name}, {.text = m->series ? label : NULL}};

	return postgres_query(p, put_series_label, values, ARRAY_LEN(values), NULL, err);
}

static int put_all(struct postgres *p, const struct catalogue *c, struct error *err)
{
	TRY(postgres_script(p, "BEGIN", err));
	TRY(postgres_script(p, reset_catalogue, err));
	for (size_t i = 0; i < c->n; i++) {
		TRY(put_one(p, (int)i + 1, &c->metrics[i], err));
		TRY(label_series(p, &c->metrics[i], err));
	}
	TRY(postgres_script(p, align_columns, err));
	return postgres_script(p, "COMMIT", err);
}

int migrate_catalogue(struct postgres *p, const struct catalogue *c, struct error *err)
{
	int rc = put_all(p, c, err);

	if (rc < 0)
		postgres_rollback(p);
	return rc;
}

int migrate_keep(struct postgres *p, const char *metrics, const char *jobs, struct error *err)
{
	const struct postgres_value values[] = {{.text = metrics}, {.text = jobs}};

	if (postgres_query(p, set_keep, values, ARRAY_LEN(values), NULL, err) < 0)
		return error_prefix(err, "warehouse.keep_metrics, warehouse.keep_jobs");
	return 0;
}

int migrate_timezone(struct postgres *p, const char *zone, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value value = {.text = zone};

	if (postgres_query(p, set_timezone, &value, 1, &rows, err) < 0)
		return error_prefix(err, "warehouse.timezone");
	if (str_eq(postgres_text(rows, 0, 0), "t"))
		log_notice("days are those of %s now: all figures are made anew", zone);
	return 0;
}
