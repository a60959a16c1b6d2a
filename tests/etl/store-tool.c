// SPDX-License-Identifier: Apache-2.0
// store-tool: fills document stores for the tests of the loader.
//   put URL FILE             documents, one JSON object a line; the key is the document's own, or
//                            that of a line {"key": {cluster, raw_id, submit, end}, "document": {}}
//   generate URL CATALOGUE FIRST N STEP
//                            N jobs from number FIRST with every column of the catalogue; the same
//                            numbers give the same documents, STEP 0 as they run, 1 after the end
//   damage FILE RAW_ID HOW   nan, utf8, cut or noise, in a SQLite store, behind the store's back
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "common/catalogue/catalogue.h"
#include "common/document/document.h"
#include "common/store/store.h"
#include "common/str.h"

enum { BULK = 500, DAY = 86400 };

static int64_t get_int(const struct doc *d, const char *path)
{
	const struct doc *at = doc_find(d, path);

	return at && at->kind == DOC_INT ? at->integer : 0;
}

static const char *get_text(const struct doc *d, const char *path)
{
	const struct doc *at = doc_find(d, path);

	return at && at->kind == DOC_TEXT ? at->text : "";
}

static int make_item(
	const struct doc *line, struct arena *a, struct store_item *ret, struct error *err)
{
	const struct doc *document = doc_find(line, "document");
	const struct doc *key = doc_find(line, "key");

	*ret = (struct store_item){.resource = "1"};
	if (document && key) {
		ret->key = (struct job_key){get_text(key, "cluster"),
			(uint64_t)get_int(key, "raw_id"), get_int(key, "submit")};
		ret->end_s = get_int(key, "end");
	} else {
		document = line;
		ret->key = (struct job_key){get_text(line, "jobsight.cluster"),
			(uint64_t)get_int(line, "jobsight.raw_id"),
			get_int(line, "jobsight.submit")};
		ret->end_s = get_int(line, "acct.end_time");
	}
	ret->job_id = get_text(document, "acct.id");
	return doc_to_bson(document, a, &ret->summary, err);
}

static int put_file(struct store *s, const char *path, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	AUTO_FREE char *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *f = fopen(path, "r");
	int rc = 0;

	if (!f)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	while (rc == 0 && (len = getline(&line, &room, f)) > 0) {
		struct store_item item;
		struct doc *d;

		if (*line == '#' || *line == '\n')
			continue;
		rc = doc_from_json(line, (size_t)len, &a, &d, err);
		if (rc == 0)
			rc = make_item(d, &a, &item, err);
		if (rc == 0)
			rc = store_put(s, &item, 1, err);
	}
	(void)fclose(f);
	return rc;
}

// A number that looks random and is not.
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t x = a * UINT64_C(0x9e3779b97f4a7c15) + b + UINT64_C(0x632be59bd9b4e019);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

// "a.b.avg" becomes a.b {avg, cnt, cov, max, min}; one value in eight could not be had.
static void put_statistics(
	struct doc *root, struct arena *a, const char *path, uint64_t id, uint64_t column)
{
	static const char *const others[] = {"cnt", "cov", "max", "min", "std"};
	const char *last = strrchr(path, '.');
	double v = (double)(mix(id, column) % 1000000) / 1000000;
	struct doc *at;

	at = doc_at(root, a, last ? arena_strndup(a, path, (size_t)(last - path)) : "");
	if (last && mix(id, column + 1000) % 8 == 0) {
		doc_put_int(at, a, "error", 2 + (int64_t)(column % 5));
		return;
	}
	doc_put_double(at, a, last ? last + 1 : path, v);
	for (size_t i = 0; last && i < ARRAY_LEN(others); i++)
		if (!str_eq(others[i], last + 1))
			doc_put_double(at, a, others[i], v * (double)(i + 1));
}

static void put_acct(struct doc *acct, struct arena *a, uint64_t id, int64_t submit, int64_t end)
{
	struct doc *hosts = doc_array(a);
	uint64_t nodes = 1 + mix(id, 1) % 4;

	doc_put_text(acct, a, "id", arena_printf(a, "%" PRIu64, id));
	doc_put_int(acct, a, "start_time", submit + 60);
	doc_put_int(acct, a, "end_time", end);
	doc_put_int(acct, a, "submit", submit);
	doc_put_int(acct, a, "eligible", submit + 1);
	doc_put_text(acct, a, "user", arena_printf(a, "user%" PRIu64, mix(id, 2) % 40));
	doc_put_text(acct, a, "account", arena_printf(a, "account%" PRIu64, mix(id, 3) % 8));
	doc_put_text(acct, a, "partition", mix(id, 4) % 5 ? "batch" : "gpu");
	doc_put_text(acct, a, "qos", "normal");
	doc_put_text(acct, a, "jobname", arena_printf(a, "name-%" PRIu64, mix(id, 5) % 100));
	doc_put_text(acct, a, "exit_status", end ? "COMPLETED" : "RUNNING");
	doc_put_text(acct, a, "exit_code", "0:0");
	doc_put_int(acct, a, "nodes", (int64_t)nodes);
	doc_put_int(acct, a, "ncpus", (int64_t)nodes * 32);
	doc_put_int(acct, a, "gpus", 0);
	doc_put_int(acct, a, "timelimit", DAY);
	for (uint64_t i = 0; i < nodes; i++)
		doc_put_text(
			hosts, a, NULL, arena_printf(a, "cn%03" PRIu64, (mix(id, 6) + i) % 64));
	doc_put(acct, a, "host_list", hosts);
}

// Every fifth job runs in step 0 and has ended in step 1; every seventh was measured anew.
static struct doc *generate(
	const struct catalogue *c, struct arena *a, uint64_t id, int step, struct store_item *item)
{
	// On few days of three months from 2026-01-01, so that figures by day are soon made.
	int64_t submit = 1767225600 + (int64_t)(id % 9 * 10 * DAY + id * 977 % DAY);
	int64_t end = id % 5 == 0 && step == 0 ? 0 : submit + 60 + (int64_t)(mix(id, 7) % DAY);
	struct doc *d = doc_object(a);
	struct doc *own = doc_object(a);
	struct doc *coverage;

	doc_put_text(d, a, "_id", arena_printf(a, "%" PRIu64 "-%" PRId64, id, end));
	put_acct(doc_at(d, a, "acct"), a, id, submit, end);
	doc_put_int(own, a, "schema", 1);
	doc_put_text(own, a, "cluster", "generated");
	doc_put_int(own, a, "raw_id", (int64_t)id);
	doc_put_int(own, a, "submit", submit);
	doc_put_text(own, a, "state", end ? "done" : "running");
	coverage = doc_at(own, a, "coverage");
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];

		if (!m->column)
			continue;
		put_statistics(
			d, a, m->column->from[0], id + (id % 7 == 0 ? (uint64_t)step << 40 : 0), i);
		doc_put_double(doc_at(coverage, a, m->name), a, "time", 0.25 * (double)(id % 5));
	}
	doc_put(d, a, "jobsight", own);
	*item = (struct store_item){.key = {"generated", id, submit},
		.resource = "1",
		.job_id = arena_printf(a, "%" PRIu64, id),
		.end_s = end};
	return d;
}

static int generate_all(struct store *s, char **args, struct error *err)
{
	CLEANUP(arena_release) struct arena catalogue_arena = {0};
	CLEANUP(arena_release) struct arena a = {0};
	const char *const directories[] = {args[0]};
	struct store_item items[BULK];
	struct catalogue c;
	uint64_t first;
	uint64_t n;
	uint64_t step;

	if (parse_u64(args[1], &first) < 0 || parse_u64(args[2], &n) < 0 ||
		parse_u64(args[3], &step) < 0)
		return error_set(err, EINVAL, "generate: a number is wrong");
	TRY(catalogue_load(directories, 1, NULL, &catalogue_arena, &c, err));
	for (uint64_t done = 0; done < n;) {
		size_t k = 0;

		for (; k < BULK && done < n; k++, done++) {
			struct doc *d = generate(&c, &a, first + done, (int)step, &items[k]);
			TRY(doc_to_bson(d, &a, &items[k].summary, err));
		}
		TRY(store_put(s, items, k, err));
		arena_reset(&a);
	}
	return 0;
}

static uint8_t *find_bytes(uint8_t *in, size_t len, const void *what, size_t what_len)
{
	return memmem(in, len, what, what_len);
}

// The documents to be damaged hold the number 1234567.125 and the text DAMAGEME for it.
static size_t damage_bytes(uint8_t *bytes, size_t len, const char *how)
{
	const double marker = 1234567.125;
	const double nan = NAN;
	uint8_t *at;

	if (str_eq(how, "nan") && (at = find_bytes(bytes, len, &marker, sizeof(marker))))
		memcpy(at, &nan, sizeof(nan));
	if (str_eq(how, "utf8") && (at = find_bytes(bytes, len, "DAMAGEME", 8)))
		at[3] = 0xff;
	if (str_eq(how, "cut"))
		len /= 2;
	for (size_t i = 4; str_eq(how, "noise") && i < len; i++)
		bytes[i] = (uint8_t)mix(i, 99);
	return len;
}

static int damage(const char *file, const char *raw_id, const char *how, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	uint8_t *bytes = NULL;
	sqlite3 *db = NULL;
	sqlite3_stmt *get = NULL;
	sqlite3_stmt *put = NULL;
	size_t len = 0;
	int rc = -EIO;

	if (sqlite3_open(file, &db) == SQLITE_OK &&
		sqlite3_prepare_v2(db, "SELECT summary FROM job WHERE raw_id = ?", -1, &get,
			NULL) == SQLITE_OK &&
		sqlite3_bind_text(get, 1, raw_id, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(get) == SQLITE_ROW) {
		len = (size_t)sqlite3_column_bytes(get, 0);
		bytes = arena_copy(&a, sqlite3_column_blob(get, 0), len);
		len = damage_bytes(bytes, len, how);
	}
	sqlite3_finalize(get);
	if (bytes &&
		sqlite3_prepare_v2(db, "UPDATE job SET summary = ?1 WHERE raw_id = ?2", -1, &put,
			NULL) == SQLITE_OK &&
		sqlite3_bind_blob(put, 1, bytes, (int)len, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(put, 2, raw_id, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_step(put) == SQLITE_DONE && sqlite3_changes(db) == 1)
		rc = 0;
	sqlite3_finalize(put);
	sqlite3_close(db);
	return rc < 0 ? error_set(err, EIO, "%s: cannot damage job %s", file, raw_id) : 0;
}

static int run(int argc, char **argv, struct error *err)
{
	struct store *s;
	int rc;

	if (argc == 5 && str_eq(argv[1], "damage"))
		return damage(argv[2], argv[3], argv[4], err);
	if (!(argc == 4 && str_eq(argv[1], "put")) && !(argc == 7 && str_eq(argv[1], "generate")))
		return error_set(err, EINVAL, "usage: see the top of store-tool.c");
	TRY(store_open(argv[2], NULL, false, &s, err));
	rc = argc == 4 ? put_file(s, argv[3], err) : generate_all(s, argv + 3, err);
	store_close(s);
	return rc;
}

int main(int argc, char **argv)
{
	struct error err = {0};

	if (run(argc, argv, &err) == 0)
		return 0;
	(void)fprintf(stderr, "store-tool: %s\n", err.text);
	return 1;
}
