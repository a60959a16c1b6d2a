// SPDX-License-Identifier: Apache-2.0
// Document store → warehouse. A batch is one transaction: the rows, the rejected documents and the
// cursor of the store are committed together, so a loader killed at any instant has either done a
// batch or not begun it. Two sessions take turns: one gets the rows of a batch while the other merges
// and commits the batch before, so that batches are committed in their order, one at a time. The SQL
// that merges is in etl/schema/014-merge-by-keys.sql.
#include "etl/load.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/log.h"
#include "common/progress.h"
#include "common/str.h"
#include "etl/extract.h"
#include "etl/reader.h"

enum statement {
	ADD_STORE,
	FIND_STORE,
	METRICS,
	ADD_LOG,
	CREATE_STAGE,
	MERGE,
	REJECT,
	SAVE_CURSOR,
	SAVE_LOG,
	END_LOG,
	STATEMENTS,
};

static const char *const statements[STATEMENTS] = {
	[ADD_STORE] = "INSERT INTO warehouse.document_store (url) SELECT $1 WHERE NOT EXISTS"
		      " (SELECT FROM warehouse.document_store WHERE url = $1)",
	[FIND_STORE] = "SELECT store_id, cursor FROM warehouse.document_store WHERE url = $1",
	[METRICS] = "SELECT column_name, metric_id, column_type = 'double precision',"
		    " (SELECT max(metric_id) + 1 FROM warehouse.metric)"
		    " FROM warehouse.metric WHERE column_name IS NOT NULL",
	[ADD_LOG] = "INSERT INTO warehouse.load_log (store_id, catalogue, version)"
		    " VALUES ($1::smallint, $2, $3) RETURNING load_id",
	[CREATE_STAGE] = "SELECT warehouse.create_stage($1::text[])",
	[MERGE] = "SELECT added, changed, unchanged FROM warehouse.merge_stage($1::text[])",
	[REJECT] =
		"INSERT INTO warehouse.load_error AS e"
		" (cluster, raw_id, submit_s, field, reason, document)"
		" VALUES ($1, $2::numeric, $3::bigint, $4, $5, $6::bytea)"
		" ON CONFLICT (cluster, raw_id, submit_s) DO UPDATE"
		" SET (field, reason, document) = (excluded.field, excluded.reason, excluded.document)"
		" WHERE (e.field, e.reason, e.document)"
		" IS DISTINCT FROM (excluded.field, excluded.reason, excluded.document)",
	[SAVE_CURSOR] =
		"UPDATE warehouse.document_store SET cursor = $2 WHERE store_id = $1::smallint",
	[SAVE_LOG] = "UPDATE warehouse.load_log SET batches = batches + 1,"
		     " documents = documents + $2::bigint, added = added + $3::bigint,"
		     " changed = changed + $4::bigint, unchanged = unchanged + $5::bigint,"
		     " rejected = rejected + $6::bigint WHERE load_id = $1::bigint",
	[END_LOG] =
		"UPDATE warehouse.load_log SET ended = clock_timestamp() WHERE load_id = $1::bigint",
};

enum { NUMBER_SIZE = 24 };

struct loader {                      // one run
	struct postgres *p, *second; // NULL: not asked for, or not to be had
	bool has_asked;
	struct store *store;
	const struct load_request *request;
	struct arena arena; // of the run
	struct extract extract;
	struct extractor *extractor;
	const char *metric_names; // '{a,b,c}' for SQL
	const char *copy;         // COPY stage (...) FROM STDIN
	char store_id[NUMBER_SIZE], load_id[NUMBER_SIZE];
	struct strbuf cursor; // committed
	struct load_result total;
};

struct batch { // one transaction
	struct loader *loader;
	struct postgres *p;
	const struct reader_batch *read;
	const struct error *refusal; // by the server, of the one document of this batch; or NULL
	struct load_result sum;
};

// What the server must be told in text has to be UTF-8, whatever a store holds.
static const char *clean_text(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text);

	if (!str_is_utf8(copy, strlen(copy)))
		for (char *c = copy; *c; c++)
			if (*c & 0x80)
				*c = '?';
	return copy;
}

static int reject(
	struct batch *b, const struct store_item *item, const struct defect *d, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	char raw_id[NUMBER_SIZE];
	char submit[NUMBER_SIZE];
	const struct postgres_value values[] = {
		{.text = clean_text(&a, item->key.cluster)},
		{.text = raw_id},
		{.text = submit},
		{.text = clean_text(&a, d->field)},
		{.text = clean_text(&a, d->reason)},
		{.bytes = {item->summary.len ? item->summary.data : (const uint8_t *)"",
			 item->summary.len}},
	};

	(void)str_format(raw_id, sizeof(raw_id), "%" PRIu64, item->key.raw_id);
	(void)str_format(submit, sizeof(submit), "%" PRId64, item->key.submit_s);
	log_info("%s/%s/%s: %s %s", values[0].text, raw_id, submit, values[3].text, values[4].text);
	b->sum.rejected++;
	return postgres_query(b->p, statements[REJECT], values, ARRAY_LEN(values), NULL, err);
}

// Puts aside what is unfit, or refused.
static int reject_all(struct batch *b, struct error *err)
{
	struct defect defect = {0};

	for (const struct reader_reject *r = b->read->rejects; r; r = r->next)
		TRY(reject(b, &r->item, &r->defect, err));
	if (!b->refusal || b->sum.rejected)
		return 0;
	(void)str_format(defect.reason, sizeof(defect.reason), "%s", b->refusal->text);
	return reject(b, b->read->single, &defect, err);
}

static int merge(struct batch *b, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	struct loader *l = b->loader;
	const struct postgres_value names = {.text = l->metric_names};

	if (b->sum.documents == b->sum.rejected)
		return 0;
	if (!b->read->session)
		TRY(postgres_copy(b->p, l->copy, b->read->rows.text, b->read->rows.len, err));
	TRY(postgres_query(b->p, statements[MERGE], &names, 1, &rows, err));
	b->sum.added = (uint64_t)postgres_int(rows, 0, 0);
	b->sum.changed = (uint64_t)postgres_int(rows, 0, 1);
	b->sum.unchanged = (uint64_t)postgres_int(rows, 0, 2);
	return 0;
}

static int save_place(struct batch *b, const char *cursor, struct error *err)
{
	const uint64_t numbers[] = {
		b->sum.documents, b->sum.added, b->sum.changed, b->sum.unchanged, b->sum.rejected};
	char text[ARRAY_LEN(numbers)][NUMBER_SIZE];
	struct postgres_value log[1 + ARRAY_LEN(numbers)] = {{.text = b->loader->load_id}};
	const struct postgres_value place[] = {{.text = b->loader->store_id}, {.text = cursor}};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		(void)str_format(text[i], sizeof(text[i]), "%" PRIu64, numbers[i]);
		log[i + 1].text = text[i];
	}
	TRY(postgres_query(b->p, statements[SAVE_CURSOR], place, ARRAY_LEN(place), NULL, err));
	return postgres_query(b->p, statements[SAVE_LOG], log, ARRAY_LEN(log), NULL, err);
}

static int transact(struct batch *b, struct error *err)
{
	if (b->read->refused)
		return error_set(err, -b->read->refused, "%s", b->read->refusal.text);
	if (!b->read->session)
		TRY(postgres_script(b->p, "BEGIN ISOLATION LEVEL READ COMMITTED", err));
	TRY(reject_all(b, err));
	TRY(merge(b, err));
	TRY(save_place(b, b->read->cursor, err));
	return postgres_script(b->p, "COMMIT", err);
}

// One transaction.
static int run_batch(struct loader *l, const struct reader_batch *read, const struct error *refusal,
	struct error *err)
{
	struct batch b = {.loader = l,
		.p = read->session ? read->session : l->p,
		.read = read,
		.refusal = refusal};
	int rc;

	b.sum.documents = read->documents;
	rc = transact(&b, err);
	if (rc < 0) {
		postgres_rollback(b.p);
		return rc;
	}
	strbuf_clear(&l->cursor);
	strbuf_puts(&l->cursor, read->cursor);
	l->total.documents += b.sum.documents;
	l->total.added += b.sum.added;
	l->total.changed += b.sum.changed;
	l->total.unchanged += b.sum.unchanged;
	l->total.rejected += b.sum.rejected;
	return 0;
}

// The server refused data that passed our own checks: the documents go one by one, and the one it
// still refuses is put aside with the server's words.
static int run_singly(struct loader *l, uint64_t n, struct error *err)
{
	const struct reader_request request = {.store = l->store,
		.extractor = l->extractor,
		.cursor = strbuf_text(&l->cursor),
		.limit = 1};
	struct reader *reader = NULL;
	int rc = reader_start(&request, &reader, err);

	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		struct reader_batch *read;
		struct error refusal = {0};

		rc = reader_next(reader, &read, err);
		if (rc < 0 || read->documents == 0)
			break;
		rc = run_batch(l, read, NULL, &refusal);
		if (rc == -EDOM)
			rc = run_batch(l, read, &refusal, &refusal);
		if (rc < 0)
			rc = error_set(err, -rc, "%s", refusal.text);
	}
	reader_stop(reader);
	return rc;
}

static int create_stage(struct loader *l, struct postgres *p, struct error *err)
{
	const struct postgres_value names = {.text = l->metric_names};

	return postgres_query(p, statements[CREATE_STAGE], &names, 1, NULL, err);
}

// The first batch waits for our own session; often there is no other.
static struct postgres *session_of(void *context, uint64_t n)
{
	struct loader *l = context;
	struct error err = {0};

	if (n == 0 || !l->request->second)
		return NULL;
	if (!l->has_asked) {
		l->has_asked = true;
		l->second = l->request->second(l->request->context);
		if (l->second && create_stage(l, l->second, &err) < 0) {
			log_notice("loaded by one session: %s", err.text);
			l->second = NULL;
		}
	}
	return l->second && n % 2 == 0 ? l->p : l->second;
}

// Batches until there are no more, or the server refuses one: *ret_refused says how many documents
// that had.
static int run_ahead(
	struct loader *l, struct progress *progress, uint64_t *ret_refused, struct error *err)
{
	const struct reader_request request = {.store = l->store,
		.extractor = l->extractor,
		.cursor = strbuf_text(&l->cursor),
		.limit = l->request->batch,
		.copy = l->copy,
		.session = session_of,
		.context = l};
	struct reader *reader;
	struct reader_batch *read;
	int rc;

	*ret_refused = 0;
	TRY(reader_start(&request, &reader, err));
	while ((rc = reader_next(reader, &read, err)) == 0 && read->documents > 0) {
		rc = run_batch(l, read, NULL, err);
		if (rc == -EDOM)
			*ret_refused = read->documents;
		if (rc < 0)
			break;
		progress_step(progress, l->total.documents);
	}
	reader_stop(reader);
	postgres_rollback(l->p); // of the batch after the one that failed
	if (l->second)
		postgres_rollback(l->second);
	return rc == -EDOM ? 0 : rc;
}

static int run_batches(struct loader *l, struct error *err)
{
	struct progress progress;
	uint64_t refused;
	int rc;

	progress_start(&progress, "documents", 0);
	do {
		rc = run_ahead(l, &progress, &refused, err);
		if (rc == 0 && refused)
			rc = run_singly(l, refused, err);
	} while (rc == 0 && refused);
	progress_end(&progress);
	return rc;
}

static int find_store(struct loader *l, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value url = {.text = l->request->store_url};

	TRY(postgres_query(l->p, statements[ADD_STORE], &url, 1, NULL, err));
	TRY(postgres_query(l->p, statements[FIND_STORE], &url, 1, &rows, err));
	(void)str_format(l->store_id, sizeof(l->store_id), "%s", postgres_text(rows, 0, 0));
	if (!l->request->again)
		strbuf_puts(&l->cursor, postgres_text(rows, 0, 1));
	return 0;
}

// The metric that keeps what a column is made of: a stanza may name one of another's numbers.
static const struct metric *kept_by(const struct catalogue *c, const struct metric *m)
{
	const char *from = m->column->n_from ? m->column->from[0] : "";

	for (size_t i = 0; m->n_outputs == 0 && i < c->n; i++)
		for (size_t k = 0; k < c->metrics[i].n_outputs; k++) {
			const char *path = c->metrics[i].outputs[k].document;
			size_t len = strcspn(path, "*");

			if (strncmp(from, path, len) == 0 &&
				(path[len] || from[len] == '.' || !from[len]))
				return &c->metrics[i];
		}
	return m;
}

static void add_column(
	struct loader *l, const struct metric *m, const struct postgres_rows *rows, size_t row)
{
	struct extract_column *c = &l->extract.columns[l->extract.n_columns++];

	c->column = m->column;
	c->coverage = extract_coverage_path(&l->arena, kept_by(l->request->catalogue, m)->name);
	c->metric_id = (unsigned)postgres_int(rows, row, 1);
	c->is_double = str_eq(postgres_text(rows, row, 2), "t");
}

// Pairs the columns of the catalogue with those of the warehouse.
static int find_columns(struct loader *l, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	CLEANUP(strbuf_release) struct strbuf names = {0};
	const struct catalogue *c = l->request->catalogue;

	TRY(postgres_query(l->p, statements[METRICS], NULL, 0, &rows, err));
	l->extract.columns = arena_array(&l->arena, c->n + 1, sizeof(*l->extract.columns));
	l->extract.n_metrics = postgres_rows_count(rows) ? (size_t)postgres_int(rows, 0, 3) : 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct column *column = c->metrics[i].column;
		size_t row = 0;

		if (!column)
			continue;
		while (row < postgres_rows_count(rows) &&
			!str_eq(postgres_text(rows, row, 0), column->name))
			row++;
		if (row == postgres_rows_count(rows))
			return error_set(err, ESTALE,
				"metric %s has no column in the warehouse: run jobsight-load --migrate",
				c->metrics[i].name);
		add_column(l, &c->metrics[i], rows, row);
		postgres_array_add(&names, column->name);
	}
	l->metric_names = arena_strdup(&l->arena, postgres_array_end(&names));
	l->extractor = extractor_new(&l->extract, &l->arena);
	return 0;
}

static int start(struct loader *l, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	CLEANUP(strbuf_release) struct strbuf copy = {0};
	const struct postgres_value log[] = {{.text = l->store_id},
		{.text = l->request->catalogue->hash}, {.text = JOBSIGHT_VERSION}};

	strbuf_puts(&copy, "COPY pg_temp.stage (");
	extract_column_names(&l->extract, &copy);
	strbuf_puts(&copy, ") FROM STDIN (FORMAT binary)");
	l->copy = arena_strdup(&l->arena, copy.text);
	TRY(create_stage(l, l->p, err));
	TRY(postgres_query(l->p, statements[ADD_LOG], log, ARRAY_LEN(log), &rows, err));
	(void)str_format(l->load_id, sizeof(l->load_id), "%s", postgres_text(rows, 0, 0));
	return 0;
}

static int run(struct loader *l, struct error *err)
{
	const struct postgres_value load_id = {.text = l->load_id};

	TRY(find_store(l, err));
	TRY(find_columns(l, err));
	TRY(start(l, err));
	TRY(run_batches(l, err));
	return postgres_query(l->p, statements[END_LOG], &load_id, 1, NULL, err);
}

int load_changes(struct postgres *p, struct store *s, const struct load_request *r,
	struct load_result *ret, struct error *err)
{
	struct loader l = {.p = p, .store = s, .request = r};
	int rc = run(&l, err);

	*ret = l.total;
	strbuf_release(&l.cursor);
	arena_release(&l.arena);
	return rc;
}
