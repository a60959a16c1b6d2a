// SPDX-License-Identifier: Apache-2.0
// One summary document → one row of the stage. The table `fields` says for every column where it
// stands in a document and what is accepted there; extract_fields.c has a reader for each type.
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
	{"local_id", FIELD_NAME, true, {"acct.id", "acct.local_job_id"}},
	{"name", FIELD_TEXT, false, {"acct.jobname"}},
	{"document_id", FIELD_TEXT, false, {"_id"}},
	{"document_state", FIELD_NAME, false, {"jobsight.state"}},
	{"username", FIELD_NAME, false, {"acct.user"}},
	{"account", FIELD_NAME, false, {"acct.account"}},
	{"partition", FIELD_NAME, false, {"acct.partition"}},
	{"qos", FIELD_NAME, false, {"acct.qos"}},
	{"application", FIELD_NAME, false, {"application.name"}},
	{"state", FIELD_WORD, false, {"acct.exit_status"}},
	{"hosts", FIELD_NAMES, false, {"acct.host_list"}},
};

// What the store files a document under, and its place in the batch; put_row fills them.
static const char *const key_columns[] = {"ordinal", "cluster", "raw_id", "submit_t", "end_t"};

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
static int check_key(const struct store_item *item, struct defect *d)
{
	struct scalar cluster;
	struct scalar raw_id;
	struct scalar submit;

	if (bson_find(item->summary, "jobsight.cluster", &cluster, NULL) <= 0)
		return key_defect(d, "jobsight.cluster", "is missing");
	if (bson_find(item->summary, "jobsight.raw_id", &raw_id, NULL) <= 0)
		return key_defect(d, "jobsight.raw_id", "is missing");
	if (bson_find(item->summary, "jobsight.submit", &submit, NULL) <= 0)
		return key_defect(d, "jobsight.submit", "is missing");
	if (cluster.kind != DOC_TEXT || !str_eq(cluster.text, item->key.cluster))
		return key_defect(d, "jobsight.cluster", "is not the cluster it is filed under");
	if (raw_id.kind != DOC_INT || raw_id.integer < 0 ||
		(uint64_t)raw_id.integer != item->key.raw_id)
		return key_defect(d, "jobsight.raw_id", "is not the number it is filed under");
	if (submit.kind == DOC_TIME)
		submit.integer /= 1000;
	else if (submit.kind != DOC_INT)
		return key_defect(d, "jobsight.submit", "is not a time");
	if (submit.integer != item->key.submit_s)
		return key_defect(d, "jobsight.submit", "is not the time it is filed under");
	if (item->key.submit_s < TIME_FIRST || item->key.submit_s > TIME_LAST)
		return key_defect(d, "jobsight.submit", "is an absurd time");
	if (!*item->key.cluster || strlen(item->key.cluster) > NAME_MAX_BYTES)
		return key_defect(d, "jobsight.cluster", "is empty or absurdly long");
	return 0;
}

// The end, and the times against each other. A job that runs has no end, whatever its document
// calls the end of what was measured so far.
static int check_times(const struct store_item *item, int64_t *ret_end_s, struct defect *d)
{
	int64_t submit_s = item->key.submit_s;
	int64_t start = field_time(item->summary, "acct.start_time");
	int64_t end = 0;

	if (item->end_s != JOB_RUNNING) {
		end = field_time(item->summary, "acct.end_time");
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
static int job_reason(struct bytes b)
{
	struct scalar code;

	if (bson_find(b, "jobsight.code", &code, NULL) <= 0 || code.kind != DOC_INT)
		return REASON_ABSENT;
	return reason_of(code.integer);
}

// What a column gets: the first path that leads to a number. *ret_reason says why there is none;
// the first reason that the document itself gives counts.
static double metric_value(struct bytes b, const struct extract_column *c, int *ret_reason)
{
	int reason = REASON_MEASURED;

	for (size_t i = 0; i < c->column->n_from; i++) {
		struct scalar s;
		int error = 0;
		int rc = bson_find(b, c->column->from[i], &s, &error);

		if (rc > 0 && (s.kind == DOC_INT || s.kind == DOC_DOUBLE)) {
			double v = s.number * c->column->scale;

			*ret_reason = REASON_MEASURED;
			if (isfinite(v) && (c->is_double || fabs(v) <= (double)FLT_MAX))
				return v;
			*ret_reason = REASON_OUT_OF_RANGE;
			return NAN;
		}
		if (reason != REASON_MEASURED)
			continue;
		if (error)
			reason = reason_of(error);
		else if (rc > 0 && s.kind != DOC_NULL && s.kind != DOC_OBJECT)
			reason = REASON_NOT_NUMBER;
	}
	*ret_reason = reason ? reason : job_reason(b);
	return NAN;
}

static uint8_t coverage_percent(struct bytes b, const char *path)
{
	struct scalar s;

	if (bson_find(b, path, &s, NULL) <= 0 || (s.kind != DOC_INT && s.kind != DOC_DOUBLE) ||
		!(s.number >= 0))
		return COVERAGE_UNKNOWN;
	// Rounded down, so that 100 is complete; samples just outside the job make a little more.
	return (uint8_t)(fmin(s.number, 1) * 100 + 1e-9);
}

static void put_metrics(const struct extract *x, struct bytes b, struct strbuf *row)
{
	AUTO_FREE uint8_t *quality = memory_alloc(x->n_metrics + 1, 1);
	AUTO_FREE uint8_t *coverage = memory_alloc(x->n_metrics + 1, 1);
	CLEANUP(strbuf_release) struct strbuf values = {0};

	memset(quality, REASON_NOT_ASKED, x->n_metrics);
	memset(coverage, COVERAGE_UNKNOWN, x->n_metrics);
	for (size_t i = 0; i < x->n_columns; i++) {
		const struct extract_column *c = &x->columns[i];
		int reason;
		double v = metric_value(b, c, &reason);

		quality[c->metric_id] = (uint8_t)reason;
		coverage[c->metric_id] = coverage_percent(b, c->coverage);
		if (reason != REASON_MEASURED)
			copy_null(&values);
		else if (c->is_double)
			copy_double(&values, v);
		else
			copy_real(&values, (float)v);
	}
	copy_bytes(row, quality, x->n_metrics);
	copy_bytes(row, coverage, x->n_metrics);
	strbuf_add(row, strbuf_text(&values), values.len);
}

static int put_row(const struct extract *x, int ordinal, const struct store_item *item,
	struct strbuf *row, struct defect *d)
{
	struct error err = {0};
	int64_t end_s = 0;

	if (bson_check(item->summary, &err) < 0)
		return field_defect(d, "", "%s", err.text);
	TRY(check_key(item, d));
	TRY(check_times(item, &end_s, d));
	copy_row(row, ARRAY_LEN(key_columns) + JOB_FIELDS + 2 + x->n_columns);
	copy_int(row, ordinal);
	copy_text(row, item->key.cluster);
	copy_bigint(row, (int64_t)item->key.raw_id);
	copy_time(row, item->key.submit_s);
	if (end_s)
		copy_time(row, end_s);
	else
		copy_infinity(row);
	for (size_t i = 0; i < JOB_FIELDS; i++)
		TRY(field_put(&fields[i], item->summary, row, d));
	put_metrics(x, item->summary, row);
	return 0;
}

int extract_row(const struct extract *x, int ordinal, const struct store_item *item,
	struct strbuf *row, struct defect *ret_defect)
{
	size_t before = row->len;

	if (put_row(x, ordinal, item, row, ret_defect) == 0)
		return 0;
	row->len = before;
	if (row->text)
		row->text[before] = 0;
	return -EINVAL;
}
