// SPDX-License-Identifier: Apache-2.0
// Accounts, qualities of service and associations from slurmdbd: who may charge what, with which
// share and limits. Three tables, one after the other.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "accounting/slurm_tables.h"
#include "common/accounting/slurmdb_query.h"
#include "common/macro.h"
#include "common/memory.h"

enum { ACCOUNT_NAME, ACCOUNT_DESCRIPTION, ACCOUNT_ORGANIZATION, ACCOUNT_COLUMNS };
enum { QOS_ID, QOS_NAME, QOS_PRIORITY, QOS_FACTOR, QOS_LIMIT, QOS_COLUMNS };
enum {
	ASSOC_ID,
	ASSOC_USER,
	ASSOC_ACCOUNT,
	ASSOC_PARENT,
	ASSOC_PARTITION,
	ASSOC_DEFAULT,
	ASSOC_SHARES,
	ASSOC_DEFAULT_QOS,
	ASSOC_QOS,
	ASSOC_LIMITS, // the first of them
};

static const struct slurm_column account_columns[ACCOUNT_COLUMNS] = {
	{"name", true}, {"description", false}, {"organization", false}};
static const struct slurm_column qos_columns[QOS_COLUMNS] = {{"id", true}, {"name", true},
	{"priority", false}, {"usage_factor", false}, {"max_wall_duration_per_job", false}};
static const struct slurm_column association_columns[] = {{"id_assoc", true}, {"user", true},
	{"acct", true}, {"parent_acct", true}, {"partition", false}, {"is_def", false},
	{"shares", false}, {"def_qos_id", false}, {"qos", false}, {"max_jobs", false},
	{"max_jobs_accrue", false}, {"min_prio_thresh", false}, {"max_submit_jobs", false},
	{"max_wall_pj", false}, {"grp_jobs", false}, {"grp_jobs_accrue", false},
	{"grp_submit_jobs", false}, {"grp_wall", false}, {"priority", false},
	{"max_tres_pj", false}, {"max_tres_pn", false}, {"max_tres_mins_pj", false},
	{"max_tres_run_mins", false}, {"grp_tres", false}, {"grp_tres_mins", false},
	{"grp_tres_run_mins", false}};

enum {
	ASSOC_COLUMNS = ARRAY_LEN(association_columns),
	SHARES_OF_PARENT = INT32_MAX,
};

struct reader {
	const char *cluster;
	struct slurm_table table;
	struct slurmdb_names names;
	struct map qos; // id to name
	unsigned phase;
};

// ---- limits as JSON ----

static void put_json_text(struct strbuf *out, const char *text)
{
	strbuf_putc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			strbuf_putc(out, '\\');
		// What is no text of Slurm's own is not kept: names here are ASCII.
		strbuf_putc(out, (unsigned char)*text < 0x20 || (*text & 0x80) ? '?' : *text);
	}
	strbuf_putc(out, '"');
}

static void put_key(struct strbuf *out, const char *name)
{
	strbuf_printf(out, "%s\"%s\": ", out->len > 1 ? ", " : "", name);
}

// ",1,3" to "normal,high"; with a sign they add to those of the account above.
static const char *qos_names(const struct reader *r, const char *list, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	while (*list) {
		size_t sign = strspn(list, ",+-");
		size_t len = strspn(list + sign, "0123456789");
		const char *name;

		if (!len)
			break;
		name = map_get(&r->qos, arena_strndup(a, list + sign, len));
		if (name)
			strbuf_printf(&out, "%s%s%s", out.len ? "," : "",
				sign && strchr("+-", list[sign - 1])
					? arena_strndup(a, list + sign - 1, 1)
					: "",
				name);
		list += sign + len;
	}
	return arena_strdup(a, strbuf_text(&out));
}

static const char *limits_of(struct reader *r, const char **texts)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct arena *a = &r->table.scratch;
	const char *qos = qos_names(r, texts[ASSOC_QOS], a);
	const char *usual = map_get(&r->qos, texts[ASSOC_DEFAULT_QOS]);

	strbuf_putc(&out, '{');
	for (size_t i = ASSOC_LIMITS; i < ASSOC_COLUMNS; i++) {
		const char *name = association_columns[i].name;
		int64_t v = 0;

		if (strstr(name, "_tres")) {
			if (*texts[i]) {
				put_key(&out, name);
				put_json_text(&out, slurmdb_tres_text(&r->names, texts[i], a));
			}
		} else if (slurm_number(texts[i], &v)) {
			put_key(&out, name);
			strbuf_printf(&out, "%" PRId64, v);
		}
	}
	if (usual) {
		put_key(&out, "def_qos");
		put_json_text(&out, usual);
	}
	if (*qos) {
		put_key(&out, "qos");
		put_json_text(&out, qos);
	}
	strbuf_putc(&out, '}');
	return arena_strdup(a, out.text);
}

// ---- rows ----

static bool put_account(struct reader *r, const char **texts, struct record *ret)
{
	(void)r;
	record_start(ret, STAGE_account, texts[ACCOUNT_NAME]);
	record_text(ret, AT_account_name, texts[ACCOUNT_NAME]);
	record_text(ret, AT_account_description, texts[ACCOUNT_DESCRIPTION]);
	record_text(ret, AT_account_organization, texts[ACCOUNT_ORGANIZATION]);
	return *texts[ACCOUNT_NAME] != '\0';
}

static bool put_qos(struct reader *r, const char **texts, struct record *ret)
{
	int64_t v = 0;
	double factor = 0;

	record_start(ret, STAGE_qos, texts[QOS_NAME]);
	record_text(ret, AT_qos_name, texts[QOS_NAME]);
	if (slurm_number(texts[QOS_PRIORITY], &v))
		record_int(ret, AT_qos_priority, v);
	if (parse_double(texts[QOS_FACTOR], &factor) == 0 && factor >= 0)
		record_double(ret, AT_qos_usage_factor, factor);
	if (slurm_number(texts[QOS_LIMIT], &v) && v <= INT32_MAX / 60)
		record_int(ret, AT_qos_limit_s, v * 60);
	map_put(&r->qos, arena_strdup(&r->table.arena, texts[QOS_ID]),
		arena_strdup(&r->table.arena, texts[QOS_NAME]));
	return *texts[QOS_NAME] != '\0';
}

static bool put_association(struct reader *r, const char **texts, struct record *ret)
{
	int64_t id = 0;
	int64_t shares = 0;

	if (!slurm_number(texts[ASSOC_ID], &id) || !*texts[ASSOC_ACCOUNT]) {
		problem(r->table.problems, E_L0001, "association '%.40s' of account '%.40s'",
			texts[ASSOC_ID], texts[ASSOC_ACCOUNT]);
		return false;
	}
	record_start(ret, STAGE_association, texts[ASSOC_ID]);
	record_int(ret, AT_association_source_id, id);
	record_text(ret, AT_association_account, texts[ASSOC_ACCOUNT]);
	record_text(ret, AT_association_parent, texts[ASSOC_PARENT]);
	record_text(ret, AT_association_login, texts[ASSOC_USER]);
	record_text(ret, AT_association_partition, texts[ASSOC_PARTITION]);
	if (slurm_number(texts[ASSOC_SHARES], &shares) && shares != SHARES_OF_PARENT)
		record_int(ret, AT_association_shares, shares);
	record_int(ret, AT_association_is_default, str_eq(texts[ASSOC_DEFAULT], "1"));
	record_text(ret, AT_association_limits, limits_of(r, texts));
	return true;
}

static const struct phase {
	const char *table;
	bool is_of_cluster;
	const struct slurm_column *columns;
	size_t n;
	bool (*put)(struct reader *r, const char **texts, struct record *ret);
} phases[] = {
	{"acct_table", false, account_columns, ACCOUNT_COLUMNS, put_account},
	{"qos_table", false, qos_columns, QOS_COLUMNS, put_qos},
	{"assoc_table", true, association_columns, ASSOC_COLUMNS, put_association},
};

static int begin_phase(struct reader *r, struct error *err)
{
	const struct phase *p = &phases[r->phase];
	const struct slurm_query q = {.cluster = p->is_of_cluster ? r->cluster : NULL,
		.table = p->table,
		.columns = p->columns,
		.n = p->n,
		.where = SLURM_ROWS_IN_ORDER};

	return slurm_table_query(&r->table, &q, err);
}

static void associations_close(void *state)
{
	struct reader *r = state;

	map_release(&r->qos);
	slurmdb_names_release(&r->names);
	slurm_table_release(&r->table);
	free(r);
}

static int begin(struct reader *r, const char *spec, struct error *err)
{
	TRY(maria_open(spec, &r->table.maria, err));
	TRY(slurmdb_names_load(r->table.maria, &r->table.arena, &r->names, err));
	return begin_phase(r, err);
}

static int associations_open(
	const struct import_request *request, void **ret_state, struct error *err)
{
	struct reader *r = memory_alloc(1, sizeof(*r));
	int rc;

	r->cluster = request->cluster;
	r->table.problems = request->problems;
	rc = begin(r, request->spec, err);
	if (rc < 0) {
		associations_close(r);
		return rc;
	}
	*ret_state = r;
	return 0;
}

static int associations_next(void *state, struct record *ret, struct error *err)
{
	struct reader *r = state;
	const char *texts[ASSOC_COLUMNS];

	while (r->phase < ARRAY_LEN(phases)) {
		int rc = slurm_table_next(&r->table, phases[r->phase].n, texts, err);

		TRY(rc);
		if (rc == 0) {
			if (++r->phase < ARRAY_LEN(phases))
				TRY(begin_phase(r, err));
			continue;
		}
		if (phases[r->phase].put(r, texts, ret))
			return 1;
	}
	return 0;
}

const struct connector association_slurm = {
	.category = CATEGORY_ASSOCIATION,
	.name = "slurmdb",
	.settings = "slurmdb:[NAME=VALUE ...], slurmdbd's own database; see docs/accounting.md",
	.open = associations_open,
	.next = associations_next,
	.close = associations_close,
};
