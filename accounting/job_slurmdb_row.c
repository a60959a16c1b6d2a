// SPDX-License-Identifier: Apache-2.0
// Columns of Slurm's job and step tables and where they go: tables of rows, a conversion a kind. A
// column that this Slurm does not have is NULL, and so is what it would have said.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "accounting/job_slurmdb.h"
#include "common/macro.h"

#define NO_VALUE   UINT64_C(4294967294) // and beyond: Slurm does not know
#define NO_VALUE64 UINT64_C(18446744073709551614)

enum kind {
	AS_TEXT,
	AS_NUMBER, // 0 too
	AS_COUNT,  // 0 is none
	AS_TIME,
	AS_FLAG,
	AS_EXIT, // code here, signal in the next place
	AS_STATE,
	AS_TRES,
};

struct source_column {
	const char *name;
	int at;
	enum kind kind;
	const char *expression; // with the cluster's name once; NULL: the column itself
};

static const struct source_column job_columns[] = {
	{"mod_time", AT_job_modified_t, AS_TIME, NULL},
	{"deleted", AT_job_is_deleted, AS_FLAG, NULL},
	{"derived_ec", AT_job_derived_code, AS_EXIT, NULL},
	{"derived_es", AT_job_comment, AS_TEXT, NULL},
	{"admin_comment", AT_job_admin_comment, AS_TEXT, NULL},
	{"system_comment", AT_job_system_comment, AS_TEXT, NULL},
	{"constraints", AT_job_constraints, AS_TEXT, NULL},
	{"container", AT_job_container, AS_TEXT, NULL},
	{"extra", AT_job_extra, AS_TEXT, NULL},
	{"failed_node", AT_job_failed_node, AS_TEXT, NULL},
	{"licenses", AT_job_licenses, AS_TEXT, NULL},
	{"kill_requid", AT_job_canceled_by, AS_NUMBER, NULL},
	{"priority", AT_job_priority, AS_NUMBER, NULL},
	{"restart_cnt", AT_job_restarts, AS_NUMBER, NULL},
	{"state_reason_prev", AT_job_wait_reason, AS_NUMBER, NULL},
	{"flags", AT_job_flags, AS_NUMBER, NULL},
	{"tres_req", AT_job_tres_requested, AS_TRES, NULL},
	{"wckey", AT_job_wckey, AS_TEXT, NULL},
	{"script_hash_inx", AT_job_script_hash, AS_TEXT,
		"(SELECT h.script_hash FROM `%s_job_script_table` h WHERE h.hash_inx = "
		"t.script_hash_inx AND t.script_hash_inx <> 0)"},
};

// The first is job_db_inx; these follow it.
static const struct source_column step_columns[] = {
	{"id_step", AT_step_step_id, AS_NUMBER, NULL},
	{"step_het_comp", AT_step_part, AS_COUNT, NULL},
	{"step_name", AT_step_name, AS_TEXT, NULL},
	{"state", AT_step_state, AS_STATE, NULL},
	{"time_start", AT_step_start_t, AS_TIME, NULL},
	{"time_end", AT_step_stop_t, AS_TIME, NULL},
	{"exit_code", AT_step_exit_code, AS_EXIT, NULL},
	{"nodes_alloc", AT_step_nodes, AS_NUMBER, NULL},
	{"task_cnt", AT_step_tasks, AS_NUMBER, NULL},
	{"nodelist", AT_step_hosts, AS_TEXT, NULL},
	{"consumed_energy", AT_step_energy_j, AS_COUNT, NULL},
	{"tres_alloc", AT_step_tres_allocated, AS_TRES, NULL},
	{"submit_line", AT_step_submit_line, AS_TEXT, NULL},
};

// Seconds and microseconds.
static const char *const time_columns[] = {"user_sec", "user_usec", "sys_sec", "sys_usec"};

static const char *const usage_columns[] = {"tres_usage_in_ave", "tres_usage_in_max",
	"tres_usage_in_max_taskid", "tres_usage_in_max_nodeid", "tres_usage_in_min",
	"tres_usage_in_min_taskid", "tres_usage_in_min_nodeid", "tres_usage_in_tot",
	"tres_usage_out_ave", "tres_usage_out_max", "tres_usage_out_max_taskid",
	"tres_usage_out_max_nodeid", "tres_usage_out_min", "tres_usage_out_min_taskid",
	"tres_usage_out_min_nodeid", "tres_usage_out_tot"};

// Of usage: which column and which TRES (2 memory, 6 disk) goes where.
static const struct {
	const char *column;
	const char *id;
	int at;
} measures[] = {
	{"tres_usage_in_max", "2", AT_step_memory_max_bytes},
	{"tres_usage_in_ave", "2", AT_step_memory_mean_bytes},
	{"tres_usage_in_tot", "6", AT_step_read_bytes},
	{"tres_usage_out_tot", "6", AT_step_written_bytes},
};

static void put_number(const struct source_column *c, const char *text, struct record *r)
{
	uint64_t v = 0;
	int64_t negative = 0;

	if (parse_u64(text, &v) == 0) {
		// Steps of Slurm's own have numbers below 0 that some releases write without sign.
		if (c->at == AT_step_step_id && v > INT32_MAX && v <= UINT32_MAX)
			record_int(r, c->at, (int32_t)(uint32_t)v);
		else if (v < NO_VALUE && (v || c->kind == AS_NUMBER))
			record_int(r, c->at, (int64_t)v);
	} else if (c->at == AT_step_step_id && parse_i64(text, &negative) == 0) {
		record_int(r, c->at, negative);
	}
}

static void put_column(const struct source_column *c, const char *text,
	const struct slurmdb_names *names, struct arena *a, struct record *r)
{
	uint64_t v = 0;

	if (!text || !*text)
		return;
	switch (c->kind) {
	case AS_TEXT:
		record_text(r, c->at, arena_strdup(a, text));
		return;
	case AS_TRES:
		record_text(r, c->at, slurmdb_tres_text(names, text, a));
		return;
	case AS_NUMBER:
	case AS_COUNT:
		put_number(c, text, r);
		return;
	case AS_TIME:
	case AS_FLAG:
	case AS_EXIT:
	case AS_STATE:
		break;
	}
	if (parse_u64(text, &v) < 0 || (c->kind == AS_TIME && !v) || v > INT64_MAX)
		return;
	if (c->kind == AS_STATE) {
		record_text(r, c->at, slurmdb_state(v));
	} else if (c->kind == AS_EXIT) {
		record_int(r, c->at, slurmdb_exit_code(v));
		record_int(r, c->at + 1, (int64_t)(v & 0x7f));
	} else {
		record_int(r, c->at, (int64_t)v);
	}
}

static void select_column(const struct map *columns, const char *name, const char *expression,
	const char *table, const char *cluster, struct strbuf *sql)
{
	const char *hole = expression ? strchr(expression, '%') : NULL;

	if (!map_get(columns, name))
		strbuf_puts(sql, ", NULL");
	else if (hole)
		strbuf_printf(
			sql, ", %.*s%s%s", (int)(hole - expression), expression, cluster, hole + 2);
	else
		strbuf_printf(sql, ", %s.`%s`", table, name);
}

void job_extra_select(
	const struct map *columns, const char *cluster, struct arena *a, struct strbuf *sql)
{
	(void)a;
	for (size_t i = 0; i < ARRAY_LEN(job_columns); i++)
		select_column(
			columns, job_columns[i].name, job_columns[i].expression, "t", cluster, sql);
}

void job_extra_put(const char *const *texts, const struct slurmdb_names *names, struct arena *a,
	struct record *r)
{
	for (size_t i = 0; i < ARRAY_LEN(job_columns); i++)
		put_column(&job_columns[i], texts[i], names, a, r);
	if (!r->values[AT_job_is_deleted].is_set)
		record_int(r, AT_job_is_deleted, 0);
}

int step_select(struct maria *m, const char *cluster, struct arena *a, struct strbuf *sql,
	struct error *err)
{
	CLEANUP(map_release) struct map columns = {0};
	static const char *const needed[] = {"job_db_inx", "id_step", "state", "time_start"};

	TRY(maria_columns(m, arena_printf(a, "%s_step_table", cluster), a, &columns, err));
	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!map_get(&columns, needed[i]))
			return error_set(err, ENOENT,
				"slurmdb: the table %s_step_table has no column %s", cluster,
				needed[i]);
	strbuf_puts(sql, "SELECT s.job_db_inx");
	for (size_t i = 0; i < ARRAY_LEN(step_columns); i++)
		select_column(&columns, step_columns[i].name, NULL, "s", cluster, sql);
	for (size_t i = 0; i < ARRAY_LEN(time_columns); i++)
		select_column(&columns, time_columns[i], NULL, "s", cluster, sql);
	for (size_t i = 0; i < ARRAY_LEN(usage_columns); i++)
		select_column(&columns, usage_columns[i], NULL, "s", cluster, sql);
	strbuf_printf(sql, " FROM `%s_step_table` s", cluster);
	return 0;
}

static bool seconds(const char *s, const char *us, double *ret)
{
	uint64_t whole = 0;
	uint64_t part = 0;

	if (!s || parse_u64(s, &whole) < 0 || (us && parse_u64(us, &part) < 0))
		return false;
	*ret = (double)whole + (double)part / 1e6;
	return true;
}

// One "id=count" of "1=20,2=4096"; the next one in *at.
static bool take_tres(const char **at, struct arena *a, const char **ret_id, uint64_t *ret)
{
	size_t len = strcspn(*at, ",");
	char *item = arena_strndup(a, *at, len);
	char *equals = strchr(item, '=');

	*at += len + ((*at)[len] == ',');
	if (!equals)
		return false;
	*equals = '\0';
	*ret_id = item;
	return parse_u64(equals + 1, ret) == 0 && *ret < NO_VALUE64;
}

static bool is_json_safe(const char *text)
{
	for (; *text; text++)
		if (strchr("\"\\", *text) || (*text & 0x80) || (unsigned char)*text < 0x20)
			return false;
	return true;
}

// "in_ave": {"cpu": 20}: a column of usage by names of TRES.
static void put_usage(size_t column, const char *text, const struct slurmdb_names *names,
	struct arena *a, struct strbuf *json, struct record *r)
{
	size_t n = 0;

	while (*text) {
		const char *id = NULL;
		const char *name;
		uint64_t v = 0;

		if (!take_tres(&text, a, &id, &v))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(measures); i++)
			if (str_eq(measures[i].column, usage_columns[column]) &&
				str_eq(measures[i].id, id) && v <= INT64_MAX)
				record_int(r, measures[i].at, (int64_t)v);
		name = map_get(&names->tres, id);
		if (!name || !is_json_safe(name))
			continue;
		if (n == 0)
			strbuf_printf(json, "%s\"%s\": {", json->len > 1 ? ", " : "",
				usage_columns[column] + strlen("tres_usage_"));
		strbuf_printf(json, "%s\"%s\": %" PRIu64, n++ ? ", " : "", name, v);
	}
	if (n)
		strbuf_putc(json, '}');
}

bool step_put(const char *const *texts, const struct slurmdb_names *names, struct arena *a,
	struct record *r)
{
	CLEANUP(strbuf_release) struct strbuf json = {0};
	const char *const *times = texts + ARRAY_LEN(step_columns);
	const char *const *usage = times + ARRAY_LEN(time_columns);
	double s;

	record_start(r, STAGE_step, NULL);
	r->follows = true;
	for (size_t i = 0; i < ARRAY_LEN(step_columns); i++)
		put_column(&step_columns[i], texts[i], names, a, r);
	if (!r->values[AT_step_part].is_set || r->values[AT_step_part].integer > INT16_MAX)
		record_int(r, AT_step_part, 0);
	if (seconds(times[0], times[1], &s))
		record_double(r, AT_step_user_s, s);
	if (seconds(times[2], times[3], &s))
		record_double(r, AT_step_system_s, s);
	strbuf_putc(&json, '{');
	for (size_t i = 0; i < ARRAY_LEN(usage_columns); i++)
		if (usage[i])
			put_usage(i, usage[i], names, a, &json, r);
	strbuf_putc(&json, '}');
	record_text(r, AT_step_usage, arena_strdup(a, json.text));
	return r->values[AT_step_step_id].is_set;
}
