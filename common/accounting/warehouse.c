// SPDX-License-Identifier: Apache-2.0
// Reading jobs from the warehouse: in pages by end and number, each a read-only query of its own.
#include "common/accounting/warehouse.h"

#include <errno.h>
#include <inttypes.h>

#include "common/accounting/sacct.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/postgres/postgres.h"
#include "common/settings.h"
#include "common/str.h"

enum { PAGE_ROWS = 5000 };

enum kind { KIND_TEXT, KIND_I64, KIND_U32, KIND_INT };

#define AT(field)  offsetof(struct job, field)
#define TIME_OF(t) "extract(epoch FROM " t ")::bigint"

// What each field of a job is; NULL leaves it as unknown as a record without that column does.
static const struct column {
	const char *sql;
	enum kind kind;
	size_t offset;
} columns[] = {
	{"j.raw_id", KIND_I64, AT(key.raw_id)},
	{TIME_OF("j.submit_t"), KIND_I64, AT(key.submit_s)},
	{"j.local_id", KIND_TEXT, AT(id)},
	{"j.array_job", KIND_I64, AT(array_job)},
	{"j.array_task", KIND_I64, AT(array_task)},
	{"d.het_job", KIND_I64, AT(het_job)},
	{"d.het_offset", KIND_I64, AT(het_offset)},
	{"j.name", KIND_TEXT, AT(name)},
	{"p.name", KIND_TEXT, AT(user)},
	{"d.group_name", KIND_TEXT, AT(group)},
	{"a.name", KIND_TEXT, AT(account)},
	{"r.name", KIND_TEXT, AT(partition)},
	{"q.name", KIND_TEXT, AT(qos)},
	{"d.wckey", KIND_TEXT, AT(wckey)},
	{"d.reservation", KIND_TEXT, AT(reservation)},
	{"d.uid", KIND_U32, AT(uid)},
	{"d.gid", KIND_U32, AT(gid)},
	{"s.name", KIND_TEXT, AT(state)},
	{"j.exit_code", KIND_INT, AT(exit_code)},
	{"j.exit_signal", KIND_INT, AT(exit_signal)},
	{TIME_OF("j.eligible_t"), KIND_I64, AT(eligible_s)},
	{TIME_OF("j.start_t"), KIND_I64, AT(start_s)},
	{"CASE WHEN j.end_t < 'infinity' THEN " TIME_OF("j.end_t") " END", KIND_I64, AT(end_s)},
	{"j.limit_s", KIND_I64, AT(limit_s)},
	{"j.suspended_s", KIND_I64, AT(suspended_s)},
	{"j.nodes", KIND_U32, AT(nodes)},
	{"j.cores", KIND_U32, AT(cpus)},
	{"j.gpus", KIND_U32, AT(gpus)},
	{"j.requested_cores", KIND_U32, AT(requested_cpus)},
	{"j.requested_memory_bytes", KIND_I64, AT(requested_memory_bytes)},
	{"d.allocated_memory_bytes", KIND_I64, AT(allocated_memory_bytes)},
	{"j.accounting_energy_j", KIND_I64, AT(energy_j)},
	{"d.tres_allocated", KIND_TEXT, AT(tres)},
	{"d.work_dir", KIND_TEXT, AT(work_dir)},
	{"d.submit_line", KIND_TEXT, AT(submit_line)},
};

// Behind these columns: the hosts, and the place from which the next page goes on.
enum { COLUMN_HOSTS = ARRAY_LEN(columns), COLUMN_END, COLUMN_JOB };

static const char hosts_and_place[] =
	", (SELECT string_agg(n.name, ',' ORDER BY x.node_index) FROM warehouse.job_node x"
	" JOIN warehouse.node n ON n.node_id = x.node_id"
	" WHERE x.job_id = j.job_id AND x.end_t = j.end_t), j.end_t, j.job_id";

// $1 cluster, $2 and $3 the last row's end and number, $4 until, $5 and $6 ids as text and numbers.
static const char page_order[] =
	" FROM warehouse.job j"
	" LEFT JOIN warehouse.job_detail d ON d.job_id = j.job_id AND d.end_t = j.end_t"
	" LEFT JOIN warehouse.person p ON p.person_id = j.person_id"
	" LEFT JOIN warehouse.account a ON a.account_id = j.account_id"
	" LEFT JOIN warehouse.partition r ON r.partition_id = j.partition_id"
	" LEFT JOIN warehouse.qos q ON q.qos_id = j.qos_id"
	" LEFT JOIN warehouse.state s ON s.state_id = j.state_id"
	" WHERE j.cluster_id = $1::smallint AND j.end_t >= $2::timestamptz"
	" AND (j.end_t > $2::timestamptz OR j.job_id > $3::bigint)"
	" AND ($4::bigint IS NULL OR j.start_t IS NULL OR j.start_t < to_timestamp($4::bigint))"
	" AND ($5::text[] IS NULL OR j.local_id = ANY ($5::text[]) OR j.raw_id = ANY ($6::bigint[])"
	" OR j.array_job = ANY ($6::bigint[]) OR d.het_job = ANY ($6::bigint[]))"
	" ORDER BY j.end_t, j.job_id LIMIT $7::bigint";

// Row-level security would make a stranger's jobs none, not an error.
static const char cluster_sql[] =
	"SELECT (SELECT cluster_id FROM warehouse.cluster WHERE name = $1),"
	" NOT row_security_active('warehouse.job')"
	" OR pg_has_role(current_user, 'jobsight_analyst', 'USAGE')"
	" OR pg_has_role(current_user, 'jobsight_loader', 'USAGE')";

struct warehouse {
	struct accounting_request request;
	struct postgres *postgres;
	struct postgres_rows *page; // NULL: none was asked for yet
	size_t row;                 // of the page
	struct strbuf sql, ids, numbers, end, job;
	struct arena arena; // of the session
	struct arena scratch;
	const char *cluster_id;
};

static void warehouse_close(void *state)
{
	struct warehouse *w = state;
	if (w == NULL)
		return;
	postgres_rows_free(w->page);
	postgres_close(w->postgres);
	strbuf_release(&w->sql);
	strbuf_release(&w->ids);
	strbuf_release(&w->numbers);
	strbuf_release(&w->end);
	strbuf_release(&w->job);
	arena_release(&w->arena);
	arena_release(&w->scratch);
	free(w);
}

// Its number, which stays.
static int find_cluster(struct warehouse *w, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value name = {.text = w->request.cluster};
	TRY(postgres_query(w->postgres, cluster_sql, &name, 1, &rows, err));
	if (!str_eq(postgres_text(rows, 0, 1), "t"))
		return error_set(err, EACCES,
			"warehouse: this role does not see all jobs: make it a member of "
			"jobsight_analyst");
	if (postgres_text(rows, 0, 0) == NULL)
		return error_set(err, ENOENT, "warehouse: there is no cluster '%.60s' in it",
			w->request.cluster);
	w->cluster_id = arena_strdup(&w->arena, postgres_text(rows, 0, 0));
	return 0;
}

static void put_ids(struct warehouse *w)
{
	const struct accounting_request *q = &w->request;
	for (size_t i = 0; i < q->n_ids; i++) {
		int64_t number = 0;
		postgres_array_add(&w->ids, q->ids[i]);
		if (parse_i64(q->ids[i], &number) == 0)
			postgres_array_add(&w->numbers, q->ids[i]);
	}
	postgres_array_end(&w->ids);
	postgres_array_end(&w->numbers);
}

static void put_sql(struct warehouse *w)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		strbuf_printf(&w->sql, "%s%s", i ? ", " : "SELECT ", columns[i].sql);
	strbuf_puts(&w->sql, hosts_and_place);
	strbuf_puts(&w->sql, page_order);
}

static int open_session(struct warehouse *w, struct error *err)
{
	const struct accounting_request *q = &w->request;
	bool is_own = q->spec && q->spec[0];
	TRY(is_own ? postgres_check_url(q->spec, err) : 0);
	TRY(postgres_open(is_own        ? q->spec
			  : q->settings ? q->settings->warehouse_url
					: "",
		is_own || !q->settings ? NULL : q->settings->warehouse_password, &w->postgres,
		err));
	TRY(postgres_script(w->postgres, "SET default_transaction_read_only = on", err));
	TRY(find_cluster(w, err));
	put_sql(w);
	put_ids(w);
	char since[TIME_TEXT_SIZE];
	strbuf_puts(&w->end, q->since_s ? format_time(q->since_s, since) : "-infinity");
	strbuf_puts(&w->job, "-1");
	return 0;
}

static int warehouse_open(const struct accounting_request *r, void **ret_state, struct error *err)
{
	struct warehouse *w = memory_alloc(1, sizeof(*w));
	w->request = *r;
	int rc = open_session(w, err);
	if (rc < 0) {
		warehouse_close(w);
		return rc;
	}
	*ret_state = w;
	return 0;
}

static int next_page(struct warehouse *w, struct error *err)
{
	const struct accounting_request *q = &w->request;
	char until[24];
	char rows[24];
	(void)str_format(until, sizeof(until), "%" PRId64, q->until_s);
	(void)str_format(rows, sizeof(rows), "%d", PAGE_ROWS);
	const struct postgres_value values[] = {
		{.text = w->cluster_id},
		{.text = strbuf_text(&w->end)},
		{.text = strbuf_text(&w->job)},
		{.text = q->until_s ? until : NULL},
		{.text = q->n_ids ? strbuf_text(&w->ids) : NULL},
		{.text = q->n_ids ? strbuf_text(&w->numbers) : NULL},
		{.text = rows},
	};
	postgres_rows_free(w->page);
	w->page = NULL;
	w->row = 0;
	return postgres_query(
		w->postgres, strbuf_text(&w->sql), values, ARRAY_LEN(values), &w->page, err);
}

// 1: w->row is the next one; 0 at the end.
static int find_row(struct warehouse *w, struct error *err)
{
	size_t n = w->page ? postgres_rows_count(w->page) : PAGE_ROWS;
	if (w->page && w->row < n)
		return 1;
	if (n < PAGE_ROWS)
		return 0;
	TRY(next_page(w, err));
	return postgres_rows_count(w->page) > 0;
}

static int set_column(struct job *j, const struct column *c, const char *text)
{
	char *at = (char *)j + c->offset;
	int64_t v = 0;
	if (c->kind == KIND_TEXT) {
		*(const char **)(void *)at = text;
		return 0;
	}
	int rc = parse_i64(text, &v);
	if (rc == 0 && c->kind == KIND_I64)
		*(int64_t *)(void *)at = v;
	else if (rc == 0 && c->kind == KIND_U32 && v >= 0 && v <= UINT32_MAX)
		*(uint32_t *)(void *)at = (uint32_t)v;
	else if (rc == 0 && c->kind == KIND_INT && v >= INT32_MIN && v <= INT32_MAX)
		*(int *)(void *)at = (int)v;
	else
		rc = -EINVAL;
	return rc;
}

// Texts stay the page's.
static int read_row(struct warehouse *w, struct job *ret, struct error *err)
{
	const size_t row = w->row++;
	*ret = sacct_record_start(NULL, &w->scratch, err).job;
	ret->key.cluster = w->request.cluster;
	strbuf_clear(&w->end);
	strbuf_puts(&w->end, postgres_text(w->page, row, COLUMN_END));
	strbuf_clear(&w->job);
	strbuf_puts(&w->job, postgres_text(w->page, row, COLUMN_JOB));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const char *text = postgres_text(w->page, row, i);
		if (text && set_column(ret, &columns[i], text) < 0)
			return error_set(err, EBADMSG, "warehouse: job_id %s: %s is '%.60s'",
				strbuf_text(&w->job), columns[i].sql, text);
	}
	const char *hosts = postgres_text(w->page, row, COLUMN_HOSTS);
	return hostlist_expand(hosts, HOSTLIST_MAX, &w->scratch, &ret->hosts, err);
}

static int warehouse_next(void *state, struct arena *a, struct job *ret,
	void (*bad)(void *context, const struct error *why), void *context, struct error *err)
{
	struct warehouse *w = state;
	for (;;) {
		struct job job;
		struct error why = {0};
		int rc = find_row(w, err);
		if (rc <= 0)
			return rc;
		arena_reset(&w->scratch);
		if (read_row(w, &job, &why) < 0) {
			bad(context, &why);
			continue;
		}
		if (!accounting_is_asked(&w->request, &job))
			continue;
		job_copy(a, &job, ret);
		return 1;
	}
}

const struct accounting_source warehouse_source = {
	.name = "warehouse",
	.is_whole_alone = true,
	.open = warehouse_open,
	.next = warehouse_next,
	.close = warehouse_close,
};
