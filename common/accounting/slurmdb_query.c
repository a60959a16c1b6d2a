// SPDX-License-Identifier: Apache-2.0
// Columns of the job table by release: what is read, and from what.
#include "common/accounting/slurmdb_query.h"

#include <errno.h>
#include <string.h>

// What each field is read from: the first of these columns of the job table that is there, or an
// expression that always is.
static const struct field {
	const char *column;     // in t; NULL: expression
	const char *expression; // NULL: the column itself
	const char *other;      // an older release's column
	bool is_needed;
} fields[FIELD_COUNT] = {
	[FIELD_INDEX] = {"job_db_inx", NULL, NULL, true},
	[FIELD_ID] = {"id_job", NULL, NULL, true},
	[FIELD_ARRAY_JOB] = {"id_array_job", NULL, NULL},
	[FIELD_ARRAY_TASK] = {"id_array_task", NULL, NULL},
	[FIELD_HET_JOB] = {"het_job_id", NULL, "pack_job_id"},
	[FIELD_HET_OFFSET] = {"het_job_offset", NULL, "pack_job_offset"},
	[FIELD_NAME] = {"job_name", NULL, NULL},
	[FIELD_USER] = {NULL, "a.user", NULL},
	[FIELD_UID] = {"id_user", NULL, NULL, true},
	[FIELD_GID] = {"id_group", NULL, NULL},
	[FIELD_ACCOUNT] = {"account", NULL, NULL},
	[FIELD_PARTITION] = {"partition", NULL, NULL},
	[FIELD_QOS] = {NULL, "q.name", NULL},
	[FIELD_WCKEY] = {"wckey", NULL, NULL},
	[FIELD_RESERVATION] = {NULL,
		"(SELECT MAX(r.resv_name) FROM `%s_resv_table` r WHERE r.id_resv = t.id_resv AND "
		"t.id_resv <> 0)",
		NULL},
	[FIELD_STATE] = {"state", NULL, NULL, true},
	[FIELD_EXIT] = {"exit_code", NULL, NULL},
	[FIELD_SUBMIT] = {"time_submit", NULL, NULL, true},
	[FIELD_ELIGIBLE] = {"time_eligible", NULL, NULL, true},
	[FIELD_START] = {"time_start", NULL, NULL, true},
	[FIELD_END] = {"time_end", NULL, NULL, true},
	[FIELD_SUSPENDED] = {"time_suspended", NULL, NULL},
	[FIELD_LIMIT] = {"timelimit", NULL, NULL},
	[FIELD_NODES] = {"nodes_alloc", NULL, NULL, true},
	[FIELD_REQUESTED_CPUS] = {"cpus_req", NULL, NULL},
	[FIELD_REQUESTED_MEMORY] = {"mem_req", NULL, NULL},
	[FIELD_TRES] = {"tres_alloc", NULL, NULL, true},
	[FIELD_REQUESTED_TRES] = {"tres_req", NULL, NULL},
	[FIELD_HOSTS] = {"nodelist", NULL, NULL, true},
	[FIELD_WORK_DIR] = {"work_dir", NULL, NULL},
	[FIELD_SUBMIT_LINE] = {"submit_line", NULL, NULL},
	// 22.05 keeps each script once; 21.08 kept it in the row.
	[FIELD_SCRIPT] = {"script_hash_inx",
		"(SELECT s.batch_script FROM `%s_job_script_table` s WHERE s.hash_inx = "
		"t.script_hash_inx AND t.script_hash_inx <> 0)",
		"batch_script"},
};

static int put_field(const struct map *columns, const char *cluster, enum slurmdb_field f,
	bool is_wanted, struct arena *a, struct strbuf *sql, struct error *err)
{
	const struct field *x = &fields[f];
	const char *column = x->column;
	bool has = column == NULL || map_get(columns, column);
	bool has_other = x->other && map_get(columns, x->other);
	if (x->is_needed && !has)
		return error_set(err, ENOENT,
			"slurmdb: the table %s_job_table has no column %s: this is no Slurm from "
			"20.11 to 26.05",
			cluster, column);
	if (!is_wanted || !(has || has_other))
		strbuf_puts(sql, "NULL");
	else if (has && x->expression) // may hold the name of the cluster once
		strbuf_puts(sql,
			arena_printf(a, "%.*s%s%s", (int)strcspn(x->expression, "%"), x->expression,
				strchr(x->expression, '%') ? cluster : "",
				strchr(x->expression, '%') ? strchr(x->expression, '%') + 2 : ""));
	else
		strbuf_printf(sql, "t.`%s`", has ? column : x->other);
	return 0;
}

int slurmdb_select(const struct map *columns, const char *cluster, bool with_scripts,
	struct arena *a, struct strbuf *sql, struct error *err)
{
	for (enum slurmdb_field f = 0; f < FIELD_COUNT; f++) {
		strbuf_puts(sql, f ? ", " : "");
		TRY(put_field(columns, cluster, f, f != FIELD_SCRIPT || with_scripts, a, sql, err));
	}
	return 0;
}

void slurmdb_from(const char *cluster, struct strbuf *sql)
{
	strbuf_printf(sql,
		" FROM `%s_job_table` t LEFT JOIN `%s_assoc_table` a ON a.id_assoc = t.id_assoc "
		"LEFT JOIN qos_table q ON q.id = t.id_qos",
		cluster, cluster);
}

int slurmdb_columns(
	struct maria *m, const char *cluster, struct arena *a, struct map *ret, struct error *err)
{
	// The name of a cluster becomes part of names of tables.
	if (!maria_is_name(cluster))
		return error_set(err, EINVAL, "slurmdb: '%.60s' is no name of a cluster", cluster);
	TRY(maria_columns(m, arena_printf(a, "%s_job_table", cluster), a, ret, err));
	if (map_get(ret, "job_db_inx") == NULL)
		return error_set(err, ENOENT,
			"slurmdb: there is no cluster '%s' in this database, or no right to read "
			"it",
			cluster);
	return 0;
}

int slurmdb_names_load(
	struct maria *m, struct arena *a, struct slurmdb_names *ret, struct error *err)
{
	CLEANUP(maria_rows_cleanup) struct maria_rows *rows = NULL;
	const char *const *r = NULL;
	int rc;
	ret->arena = a;
	TRY(maria_query(m, "SELECT id, type, name FROM tres_table WHERE coalesce(deleted, 0) = 0",
		NULL, 0, &rows, err));
	while ((rc = maria_next(rows, &r, err)) > 0) {
		bool has_name = r[2] && r[2][0];
		map_put(&ret->tres, arena_strdup(a, r[0] ? r[0] : ""),
			arena_printf(a, has_name ? "%s/%s" : "%s", r[1] ? r[1] : "",
				has_name ? r[2] : ""));
	}
	return rc;
}
