// SPDX-License-Identifier: Apache-2.0
// golden STORE EXPECTED: looks up every line of EXPECTED ("JOB/SUBMIT PATH VALUE") in the documents of
// a store. golden STORE: prints a digest of all documents, so that two stores can be compared.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/document/document.h"
#include "common/file.h"
#include "common/sha256.h"
#include "common/store/store.h"
#include "common/str.h"

#define EPOCH 1767225600 // 2026-01-01

static _Noreturn void die(const struct error *err)
{
	fprintf(stderr, "%s\n", err->text);
	exit(1);
}

static const char *text_of(const struct doc *d, char buf[64])
{
	if (d == NULL)
		return "absent";
	if (d->kind == DOC_TEXT)
		return d->text;
	if (d->kind == DOC_BOOL)
		return d->boolean ? "true" : "false";
	if (d->kind == DOC_INT)
		(void)str_format(buf, 64, "%" PRId64, d->integer);
	else if (d->kind == DOC_DOUBLE)
		(void)str_format(buf, 64, "%.17g", d->number);
	else
		return "(not a value)";
	return buf;
}

static bool matches(const struct doc *d, const char *expected)
{
	char buf[64];
	double want = 0;
	if (d && (d->kind == DOC_INT || d->kind == DOC_DOUBLE) &&
		parse_double(expected, &want) == 0) {
		double got = d->kind == DOC_INT ? (double)d->integer : d->number;
		return fabs(got - want) <= 1e-9 * fmax(1, fabs(want));
	}
	return str_eq(text_of(d, buf), expected);
}

static const struct doc *look_up(
	struct store *s, struct arena *a, const char *job, const char *path)
{
	struct job_key key = {.cluster = "golden"};
	struct store_item item;
	struct error err;
	struct doc *d = NULL;
	int64_t submit = 0;
	const char *slash = strchr(job, '/');
	if (slash == NULL || parse_i64(slash + 1, &submit) < 0 ||
		parse_u64(arena_strndup(a, job, (size_t)(slash - job)), &key.raw_id) < 0)
		return NULL;
	key.submit_s = EPOCH + submit;
	if (store_get(s, &key, a, &item, &err) <= 0)
		return NULL;
	bool is_series = str_starts(path, "timeseries.") || str_eq(path, "timeseries");
	if (is_series && item.series.len == 0)
		return NULL;
	if (doc_from_bson(is_series ? item.series : item.summary, a, &d, &err) < 0)
		die(&err);
	path += is_series ? strlen("timeseries") : 0;
	return *path == '\0' ? d : doc_find(d, *path == '.' ? path + 1 : path);
}

static int check(struct store *s, const char *file)
{
	struct arena a = {0};
	struct bytes text;
	struct error err;
	int failed = 0;
	int n = 0;
	if (file_read(file, 1u << 20, &a, &text, &err) < 0)
		die(&err);
	char *rest = arena_strndup(&a, (const char *)text.data, text.len);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char job[64];
		char path[200];
		char value[200];
		char buf[64];
		if (line[0] == '#' || sscanf(line, "%63s %199s %199s", job, path, value) != 3)
			continue;
		n++;
		const struct doc *d = look_up(s, &a, job, path);
		if (matches(d, value))
			continue;
		fprintf(stderr, "job %s: %s is %s, expected %s\n", job, path, text_of(d, buf),
			value);
		failed++;
	}
	printf("%d of %d values as expected\n", n - failed, n);
	arena_release(&a);
	return failed || n == 0;
}

static int print_one(void *context, const struct store_item *item, struct error *err)
{
	(void)context;
	(void)err;
	char key[128];
	char sum[SHA256_TEXT_SIZE];
	char series[SHA256_TEXT_SIZE];
	(void)sha256_text(item->summary.data, item->summary.len, sum);
	(void)sha256_text(item->series.data, item->series.len, series);
	printf("%s %s %s\n", job_key_text(&item->key, key), sum, series);
	return 0;
}

int main(int argc, char **argv)
{
	struct store *s = NULL;
	struct error err;
	struct arena a = {0};
	const char *cursor = NULL;
	if (argc < 2)
		return 2;
	if (store_open(argv[1], NULL, true, &s, &err) < 0)
		die(&err);
	int rc = 0;
	if (argc > 2)
		rc = check(s, argv[2]);
	else if (store_changes(s, "", 1000000, true, print_one, NULL, &a, &cursor, &err) < 0)
		die(&err);
	store_close(s);
	arena_release(&a);
	return rc;
}
