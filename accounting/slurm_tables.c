// SPDX-License-Identifier: Apache-2.0
// Queries on slurmdbd's tables that are made of a list of columns.
#include "accounting/slurm_tables.h"

#include <errno.h>

#include "common/macro.h"

static int select_columns(const struct slurm_query *q, const struct map *there, const char *name,
	struct strbuf *sql, struct error *err)
{
	strbuf_puts(sql, "SELECT ");
	for (size_t i = 0; i < q->n; i++) {
		bool has = map_get(there, q->columns[i].name);

		if (!has && q->columns[i].is_needed)
			return error_set(err, ENOENT, "slurmdb: the table %s has no column %s",
				name, q->columns[i].name);
		strbuf_puts(sql, i ? ", " : "");
		if (has)
			strbuf_printf(sql, "`%s`", q->columns[i].name);
		else
			strbuf_puts(sql, "NULL");
	}
	strbuf_printf(sql, " FROM `%s`%s", name, q->where);
	return 0;
}

int slurm_table_query(struct slurm_table *t, const struct slurm_query *q, struct error *err)
{
	CLEANUP(map_release) struct map there = {0};
	CLEANUP(strbuf_release) struct strbuf sql = {0};
	const char *name = q->table;

	if (q->cluster && !maria_is_name(q->cluster))
		return error_set(
			err, EINVAL, "slurmdb: '%.60s' is no name of a cluster", q->cluster);
	if (q->cluster)
		name = arena_printf(&t->arena, "%s_%s", q->cluster, q->table);
	TRY(maria_columns(t->maria, name, &t->arena, &there, err));
	if (!there.n)
		return error_set(err, ENOENT,
			"slurmdb: there is no table %s in this database, or no right to read it",
			name);
	TRY(select_columns(q, &there, name, &sql, err));
	maria_rows_free(t->rows);
	t->rows = NULL;
	return maria_query(t->maria, strbuf_text(&sql), q->from, q->from ? 1 : 0, &t->rows, err);
}

int slurm_table_next(struct slurm_table *t, size_t n, const char **texts, struct error *err)
{
	const char *const *row = NULL;
	int rc = t->rows ? maria_next(t->rows, &row, err) : 0;

	arena_reset(&t->scratch);
	for (size_t i = 0; rc > 0 && i < n; i++)
		texts[i] = row[i] ? arena_strdup(&t->scratch, row[i]) : "";
	return rc;
}

void slurm_table_release(struct slurm_table *t)
{
	maria_rows_free(t->rows);
	maria_close(t->maria);
	arena_release(&t->arena);
	arena_release(&t->scratch);
}

bool slurm_number(const char *text, int64_t *ret)
{
	return parse_i64(text, ret) == 0 && *ret >= 0 && *ret != INT64_C(4294967294) &&
	       *ret != INT64_C(4294967295);
}
