// SPDX-License-Identifier: Apache-2.0
// One summary document → one row of the stage. The table `fields` says for every column where it
// stands in a document and what is accepted there; field.c has a reader for each type.
// A document is unfit when its key or a required field is wrong: it is never repaired by guessing.
#include "etl/extract.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/document/document.h"
#include "common/memory.h"
#include "etl/copy.h"
#include "etl/field.h"

#define JOB_FIELDS ARRAY_LEN(fields)

// Column of the stage, type, whether a job without it is unfit, and where it may stand.
static const struct field fields[] = {
	{"eligible_t", FIELD_TIME, false, {"acct.eligible"}},
	{"start_t", FIELD_TIME, false, {"acct.start_time"}},
	{"array_job", FIELD_ARRAY, false, {"acct.local_job_id"}},
	{"requested_memory_bytes", FIELD_BIGINT, false, {"acct.reqmem"}},
	{"accounting_energy_j", FIELD_BIGINT, false, {"acct.energy"}},
	{"limit_s", FIELD_SECONDS, false, {"acct.timelimit"}},
	{"suspended_s", FIELD_SECONDS, false, {"acct.suspended"}},
	{"array_task", FIELD_INT, false, {"acct.local_job_array_index"}},
	{"nodes", FIELD_COUNT, true, {"acct.nodes"}},
	{"cores", FIELD_COUNT, true, {"acct.ncpus"}},
	{"gpus", FIELD_COUNT, false, {"acct.gpus"}},
	{"requested_cores", FIELD_INT, false, {"acct.reqcpus"}},
	{"exit_code", FIELD_EXIT_CODE, false, {"acct.exit_code"}},
	{"exit_signal", FIELD_EXIT_SIGNAL, false, {"acct.exit_code"}},
	{"gaps", FIELD_INT, false, {"jobsight.gaps"}},
	{"resets", FIELD_INT, false, {"jobsight.resets"}},
	{"is_shared", FIELD_NOT, false, {"jobsight.exclusive"}},
	{"local_id", FIELD_NAME, true, {"jobsight.id", "acct.id"}},
	{"name", FIELD_TEXT, false, {"acct.jobname"}},
	{"document_id", FIELD_TEXT, false, {"_id"}},
	{"document_state", FIELD_NAME, false, {"jobsight.state"}},
	{"username", FIELD_NAME, false, {"acct.user"}},
	{"account", FIELD_NAME, false, {"acct.account"}},
	{"partition", FIELD_NAME, false, {"acct.partition"}},
	{"qos", FIELD_NAME, false, {"acct.qos"}},
	{"application", FIELD_NAME, false, {"application.name"}},
	{"state", FIELD_WORD, false, {"acct.exit_status"}},
	{"source", FIELD_NAME, false, {"summarization.datasource"}},
	{"hosts", FIELD_NAMES, false, {"acct.host_list"}},
};

// What the store files a document under, and its place in the batch; put_row fills them.
static const char *const key_columns[] = {
	"ordinal", "cluster", "raw_id", "submit_t", "end_t", "measured_t"};

// What is looked up besides.
enum lookup {
	CLUSTER,
	RAW_ID,
	SUBMIT,
	START,
	END,
	ARRAY_TASK,
	CODE,
	LOOKUPS,
};

static const char *const lookups[LOOKUPS] = {
	[CLUSTER] = "jobsight.cluster",
	[RAW_ID] = "jobsight.raw_id",
	[SUBMIT] = "jobsight.submit",
	[START] = "acct.start_time",
	[END] = "acct.end_time",
	[ARRAY_TASK] = "acct.local_job_array_index",
	[CODE] = "jobsight.code",
};

struct extractor {
	const struct extract *x;
	const struct bson_paths *paths;
	struct bson_visit *scratch;
	struct bson_found *found; // of the document at hand, by place of the path
	size_t lookups[LOOKUPS];
	size_t fields[JOB_FIELDS][2];
	size_t *columns;  // of all paths of all columns, one after the other
	size_t *coverage; // of each column
	uint8_t *quality_bytes, *coverage_bytes;
};

struct extractor *extractor_new(const struct extract *x, struct arena *a)
{
	struct extractor *e = arena_alloc(a, sizeof(*e));
	struct bson_paths *paths = bson_paths_new(a);
	size_t n = 0;

	*e = (struct extractor){.x = x, .paths = paths};
	for (size_t i = 0; i < LOOKUPS; i++)
		e->lookups[i] = bson_paths_add(paths, lookups[i]);
	for (size_t i = 0; i < JOB_FIELDS; i++)
		for (size_t k = 0; k < ARRAY_LEN(fields[i].paths) && fields[i].paths[k]; k++)
			e->fields[i][k] = bson_paths_add(paths, fields[i].paths[k]);
	for (size_t i = 0; i < x->n_columns; i++)
		n += x->columns[i].column->n_from;
	e->columns = arena_array(a, n + 1, sizeof(*e->columns));
	e->coverage = arena_array(a, x->n_columns + 1, sizeof(*e->coverage));
	n = 0;
	for (size_t i = 0; i < x->n_columns; i++) {
		for (size_t k = 0; k < x->columns[i].column->n_from; k++)
			e->columns[n++] = bson_paths_add(paths, x->columns[i].column->from[k]);
		e->coverage[i] = bson_paths_add(paths, x->columns[i].coverage);
	}
	e->quality_bytes = arena_alloc(a, x->n_metrics + 1);
	e->coverage_bytes = arena_alloc(a, x->n_metrics + 1);
	e->scratch = bson_paths_scratch(paths, a);
	e->found = arena_array(a, bson_paths_count(paths), sizeof(*e->found));
	return e;
}

static const struct bson_found *look(const struct extractor *e, enum lookup which)
{
	return &e->found[e->lookups[which]];
}

const char *extract_coverage_path(struct arena *a, const char *metric_name)
{
	return arena_printf(a, "jobsight.coverage.%s.time", metric_name);
}

void extract_column_names(const struct extract *x, struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(key_columns); i++)
		strbuf_printf(out, "%s, ", key_columns[i]);
	for (size_t i = 0; i < JOB_FIELDS; i++)
		strbuf_printf(out, "%s, ", fields[i].column);
	strbuf_puts(out, "quality, coverage");
	// The catalogue allows [a-z0-9_] in these names; the quotes are for words that SQL reserves.
	for (size_t i = 0; i < x->n_columns; i++)
		strbuf_printf(out, ", \"%s\"", x->columns[i].column->name);
}

static int key_defect(struct defect *d, const char *path, const char *reason)
{
	return field_defect(d, path, "%s", reason);
}

// The key in the document must be the one that the store files it under: otherwise one job could
// take another's place.
static int check_key(const struct extractor *e, const struct store_item *item, struct defect *d)
{
	const struct bson_found *cluster = look(e, CLUSTER);
	const struct bson_found *raw_id = look(e, RAW_ID);
	struct scalar submit = look(e, SUBMIT)->value;

	for (enum lookup i = CLUSTER; i <= SUBMIT; i++)
		if (!look(e, i)->is_there)
			return key_defect(d, lookups[i], "is missing");
	if (cluster->value.kind != DOC_TEXT || !str_eq(cluster->value.text, item->key.cluster))
		return key_defect(d, lookups[CLUSTER], "is not the cluster it is filed under");
	if (raw_id->value.kind != DOC_INT || raw_id->value.integer < 0 ||
		(uint64_t)raw_id->value.integer != item->key.raw_id)
		return key_defect(d, lookups[RAW_ID], "is not the number it is filed under");
	if (submit.kind == DOC_TIME)
		submit.integer /= 1000;
	else if (submit.kind != DOC_INT)
		return key_defect(d, lookups[SUBMIT], "is not a time");
	if (submit.integer != item->key.submit_s)
		return key_defect(d, lookups[SUBMIT], "is not the time it is filed under");
	if (item->key.submit_s < TIME_FIRST || item->key.submit_s > TIME_LAST)
		return key_defect(d, lookups[SUBMIT], "is an absurd time");
	if (!*item->key.cluster || strlen(item->key.cluster) > NAME_MAX_BYTES)
		return key_defect(d, lookups[CLUSTER], "is empty or absurdly long");
	return 0;
}

// The end, and the times against each other. A job that runs has no end, whatever its document
// calls the end of what was measured so far.
static int check_times(const struct extractor *e, const struct store_item *item, int64_t *ret_end_s,
	struct defect *d)
{
	int64_t submit_s = item->key.submit_s;
	int64_t start = field_time(look(e, START));
	int64_t end = 0;

	if (item->end_s != JOB_RUNNING) {
		end = field_time(look(e, END));
		if (!end)
			return field_defect(
				d, "acct.end_time", "is not a time, but the job has ended");
		if (end < TIME_FIRST || end > TIME_LAST)
			return field_defect(
				d, "acct.end_time", "is an absurd time (%" PRId64 ")", end);
	}
	*ret_end_s = end;
	if (start && end && end < start)
		return field_defect(d, "acct.end_time", "is before acct.start_time");
	if (start && end && end - start > SPAN_MAX_S)
		return field_defect(d, "acct.end_time", "is absurdly long after acct.start_time");
	if (start && start - submit_s > SPAN_MAX_S)
		return field_defect(d, "acct.start_time", "is absurdly long after the submission");
	return 0;
}

static int reason_of(int64_t error)
{
	return error > 0 && error <= DOCUMENT_REASON_MAX ? (int)error : REASON_OTHER;
}

// Why the job was not measured at all, which is why anything of it is absent.
static int job_reason(const struct bson_found *code)
{
	if (!code->is_there || code->value.kind != DOC_INT)
		return REASON_ABSENT;
	return reason_of(code->value.integer);
}

// What a column gets: the first path that leads to a number. *ret_reason says why there is none;
// the first reason that the document itself gives counts.
static double metric_value(const struct extractor *e, const struct extract_column *c,
	const size_t *places, int *ret_reason)
{
	int reason = REASON_MEASURED;

	for (size_t i = 0; i < c->column->n_from; i++) {
		const struct bson_found *f = &e->found[places[i]];
		enum doc_kind kind = f->value.kind;

		if (f->is_there && (kind == DOC_INT || kind == DOC_DOUBLE)) {
			double v = f->value.number * c->column->scale;

			*ret_reason = REASON_MEASURED;
			if (isfinite(v) && (c->is_double || fabs(v) <= (double)FLT_MAX))
				return v;
			*ret_reason = REASON_OUT_OF_RANGE;
			return NAN;
		}
		if (reason != REASON_MEASURED)
			continue;
		if (f->error)
			reason = reason_of(f->error);
		else if (f->is_there && kind != DOC_NULL && kind != DOC_OBJECT)
			reason = REASON_NOT_NUMBER;
	}
	*ret_reason = reason ? reason : job_reason(look(e, CODE));
	return NAN;
}

static uint8_t coverage_percent(const struct bson_found *f)
{
	const struct scalar *s = &f->value;

	if (!f->is_there || (s->kind != DOC_INT && s->kind != DOC_DOUBLE) || !(s->number >= 0))
		return COVERAGE_UNKNOWN;
	// Rounded down, so that 100 is complete; samples just outside the job make a little more.
	return (uint8_t)(fmin(s->number, 1) * 100 + 1e-9);
}

static void put_metrics(const struct extractor *e, struct strbuf *row)
{
	const struct extract *x = e->x;
	const size_t *places = e->columns;
	size_t quality;

	memset(e->quality_bytes, REASON_NOT_ASKED, x->n_metrics);
	memset(e->coverage_bytes, COVERAGE_UNKNOWN, x->n_metrics);
	// The two come first in the row, but are known last.
	copy_bytes(row, e->quality_bytes, x->n_metrics);
	copy_bytes(row, e->coverage_bytes, x->n_metrics);
	quality = row->len - 2 * x->n_metrics - sizeof(uint32_t);
	for (size_t i = 0; i < x->n_columns; i++) {
		const struct extract_column *c = &x->columns[i];
		int reason;
		double v = metric_value(e, c, places, &reason);

		// SUPReMM's number is the same where no node had it; then it was never covered.
		if (reason == REASON_NOT_ALL_NODES && !e->found[e->coverage[i]].is_there)
			reason = REASON_NO_METRIC;
		places += c->column->n_from;
		e->quality_bytes[c->metric_id] = (uint8_t)reason;
		e->coverage_bytes[c->metric_id] = coverage_percent(&e->found[e->coverage[i]]);
		if (reason != REASON_MEASURED)
			copy_null(row);
		else if (c->is_double)
			copy_double(row, v);
		else
			copy_real(row, (float)v);
	}
	memcpy(row->text + quality, e->quality_bytes, x->n_metrics);
	memcpy(row->text + quality + x->n_metrics + sizeof(uint32_t), e->coverage_bytes,
		x->n_metrics);
}

static void put_end(const struct extractor *e, int64_t end_s, struct strbuf *row)
{
	int64_t measured = field_time(look(e, END));

	if (end_s) {
		copy_time(row, end_s);
		copy_null(row);
		return;
	}
	copy_infinity(row);
	if (measured >= TIME_FIRST && measured <= TIME_LAST)
		copy_time(row, measured);
	else
		copy_null(row);
}

static int put_fields(const struct extractor *e, struct strbuf *row, struct defect *d)
{
	struct field_found found = {0};
	int64_t task;

	found.is_array_task = field_whole(look(e, ARRAY_TASK), &task) && task >= 0;
	for (size_t i = 0; i < JOB_FIELDS; i++) {
		for (size_t k = 0; k < ARRAY_LEN(found.at); k++)
			found.at[k] = fields[i].paths[k] ? &e->found[e->fields[i][k]] : NULL;
		TRY(field_put(&fields[i], &found, row, d));
	}
	return 0;
}

static int put_row(struct extractor *e, int ordinal, const struct store_item *item,
	struct strbuf *row, struct defect *d)
{
	struct error err = {0};
	int64_t end_s = 0;

	if (bson_gather(e->paths, item->summary, e->scratch, e->found) < 0)
		return field_defect(d, "", "%s",
			bson_check(item->summary, &err) < 0 ? err.text : "damaged BSON");
	TRY(check_key(e, item, d));
	TRY(check_times(e, item, &end_s, d));
	copy_row(row, ARRAY_LEN(key_columns) + JOB_FIELDS + 2 + e->x->n_columns);
	copy_int(row, ordinal);
	copy_text(row, item->key.cluster);
	copy_bigint(row, (int64_t)item->key.raw_id);
	copy_time(row, item->key.submit_s);
	put_end(e, end_s, row);
	TRY(put_fields(e, row, d));
	put_metrics(e, row);
	return 0;
}

int extract_row(struct extractor *e, int ordinal, const struct store_item *item, struct strbuf *row,
	struct defect *ret_defect)
{
	size_t before = row->len;

	if (put_row(e, ordinal, item, row, ret_defect) == 0)
		return 0;
	row->len = before;
	if (row->text)
		row->text[before] = 0;
	return -EINVAL;
}
