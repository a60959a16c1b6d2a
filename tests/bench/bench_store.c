// SPDX-License-Identifier: Apache-2.0
// bench_store FOLDER [DOCUMENTS]: rates of documents and of the SQLite store, each beside the least
// that the same work can cost (copying the bytes; a bare SQLite table), with the ratio.
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/document/document.h"
#include "common/store/store.h"
#include "common/str.h"

enum { BATCH = 200, GROUPS = 8, METRICS = 14 };

static const char *const statistics[] = {"avg", "cnt", "max", "med", "min", "std"};

// The bulk of a summary: groups of metrics with their statistics, about 5 kB.
static struct bytes summary(struct arena *a, uint64_t raw_id)
{
	struct doc *d = doc_object(a);
	struct error err = {0};
	struct bytes b = {0};

	doc_put_text(d, a, "_id", arena_printf(a, "%" PRIu64 "-1700000000", raw_id));
	for (int g = 0; g < GROUPS; g++)
		for (int m = 0; m < METRICS / 2; m++) {
			struct doc *at =
				doc_at(d, a, arena_printf(a, "group%d.devices.metric%d", g, m));

			for (size_t s = 0; s < ARRAY_LEN(statistics); s++)
				doc_put_double(at, a, statistics[s],
					(double)(raw_id % 1000) / (double)(g + m + 1));
		}
	if (doc_to_bson(d, a, &b, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	return b;
}

struct result {
	const char *what;
	double rate;  // a second
	double floor; // the same for the least that it can cost; 0: none
};

static void print(struct result r)
{
	printf("%-44s %12.0f/s", r.what, r.rate);
	if (r.floor > 0)
		printf("   floor %12.0f/s   ratio %.2f", r.floor, r.rate / r.floor);
	printf("\n");
}

static double seconds_since(int64_t ns)
{
	return (double)(clock_monotonic_ns() - ns) / 1e9;
}

static double copies_per_second(struct bytes b)
{
	enum { ROUNDS = 400000 };
	static uint8_t to[64 * 1024];
	int64_t start = clock_monotonic_ns();

	for (int i = 0; i < ROUNDS && b.len <= sizeof(to); i++) {
		memcpy(to, b.data, b.len);
		__asm__ volatile("" : : "r"(to) : "memory"); // or the copy is left out
	}
	return ROUNDS / seconds_since(start);
}

static void bench_document(void)
{
	enum { ROUNDS = 20000 };
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(arena_release) struct arena scratch = {0};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct bytes b = summary(&a, 7);
	double copy = copies_per_second(b);
	struct error err = {0};
	struct doc *d = NULL;
	struct scalar s = {0};
	int64_t start;
	int bad = 0;

	printf("document of %zu bytes; floor: memcpy\n", b.len);
	start = clock_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++)
		bad += bson_check(b, &err) < 0;
	print((struct result){"bson_check", ROUNDS / seconds_since(start), copy});
	start = clock_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++, arena_reset(&scratch))
		bad += doc_from_bson(b, &scratch, &d, &err) < 0;
	print((struct result){"doc_from_bson", ROUNDS / seconds_since(start), copy});
	bad += doc_from_bson(b, &a, &d, &err) < 0;
	start = clock_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++, arena_reset(&scratch))
		bad += doc_to_bson(d, &scratch, &b, &err) < 0;
	print((struct result){"doc_to_bson", ROUNDS / seconds_since(start), copy});
	b = summary(&a, 7);
	start = clock_monotonic_ns();
	for (int i = 0; i < ROUNDS; i++, strbuf_clear(&text))
		doc_to_json(d, true, false, &text);
	print((struct result){"doc_to_json", ROUNDS / seconds_since(start), copy});
	start = clock_monotonic_ns();
	for (int i = 0; i < 50 * ROUNDS; i++)
		bad += bson_find(b, "group0.devices.metric0.avg", &s, NULL) != 1;
	print((struct result){"bson_find, early path", 50 * ROUNDS / seconds_since(start), 0});
	start = clock_monotonic_ns();
	for (int i = 0; i < 50 * ROUNDS; i++)
		bad += bson_find(b, "group7.devices.metric6.std", &s, NULL) != 1;
	print((struct result){"bson_find, late path", 50 * ROUNDS / seconds_since(start), 0});
	if (bad)
		printf("%d FAILED\n", bad);
}

// The least: the same bytes into a table of two columns, batches and durability as in the store.
static double bare_inserts(const char *file, const struct store_item *items, int n)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *insert = NULL;
	int64_t start;
	double rate;

	sqlite3_open(file, &db);
	sqlite3_exec(db,
		"PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		"PRAGMA wal_autocheckpoint=2000;"
		"CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)",
		NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO t (b) VALUES (?1)", -1, &insert, NULL);
	start = clock_monotonic_ns();
	for (int i = 0; i < n; i++) {
		struct bytes b = items[i % BATCH].summary;

		if (i % BATCH == 0)
			sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		sqlite3_bind_blob64(insert, 1, b.data, b.len, SQLITE_STATIC);
		sqlite3_step(insert);
		sqlite3_reset(insert);
		if (i % BATCH == BATCH - 1)
			sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	rate = n / seconds_since(start);
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return rate;
}

static double bare_reads(const char *file)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *read = NULL;
	int64_t start;
	uint64_t bytes = 0;
	int n = 0;
	double rate;

	sqlite3_open(file, &db);
	sqlite3_prepare_v2(db, "SELECT id, b FROM t ORDER BY id", -1, &read, NULL);
	start = clock_monotonic_ns();
	for (; sqlite3_step(read) == SQLITE_ROW; n++) {
		const uint8_t *b = sqlite3_column_blob(read, 1);

		bytes += b[sqlite3_column_bytes(read, 1) - 1];
	}
	rate = n / seconds_since(start);
	__asm__ volatile("" : : "r"(bytes)); // or the reading is left out
	sqlite3_finalize(read);
	sqlite3_close(db);
	return rate;
}

static int count(void *context, const struct store_item *item, struct error *err)
{
	(void)err;
	*(uint64_t *)context += item->summary.data[item->summary.len - 1] == 0;
	return 0;
}

static double puts_per_second(struct store *s, struct store_item *items, int n)
{
	struct error err = {0};
	int64_t start = clock_monotonic_ns();

	for (int i = 0; i < n; i += BATCH) {
		for (int k = 0; k < BATCH; k++)
			items[k].key.raw_id = (uint64_t)i + (uint64_t)k;
		if (store_put(s, items, BATCH, &err) < 0)
			printf("FAILED: %s\n", err.text);
	}
	return n / seconds_since(start);
}

static int bench_store(const char *folder, int n)
{
	CLEANUP(arena_release) struct arena a = {0};
	char *bare = arena_printf(&a, "%s/bare.sqlite", folder);
	struct store_item items[BATCH];
	struct error err = {0};
	struct store *s = NULL;
	const char *cursor;
	uint64_t seen = 0;
	double floor;
	int64_t start;

	for (int k = 0; k < BATCH; k++)
		items[k] = (struct store_item){.key = {"emmy", (uint64_t)k, 1},
			.resource = "emmy",
			.job_id = "1234",
			.end_s = 1700000000,
			.summary = summary(&a, (uint64_t)k)};
	printf("%d documents of %zu bytes, %d a transaction; floor: a bare SQLite table\n", n,
		items[0].summary.len, BATCH);
	floor = bare_inserts(bare, items, n);
	if (store_open(arena_printf(&a, "sqlite:%s/store.sqlite", folder), NULL, false, &s, &err) <
		0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	print((struct result){"store_put, new", puts_per_second(s, items, n), floor});
	print((struct result){"store_put, unchanged", puts_per_second(s, items, n), floor});
	for (int k = 0; k < BATCH; k++)
		items[k].end_s++;
	print((struct result){"store_put, changed", puts_per_second(s, items, n), floor});
	floor = bare_reads(bare);
	start = clock_monotonic_ns();
	if (store_changes(s, "", 0, false, count, &seen, &a, &cursor, &err) < 0)
		printf("FAILED: %s\n", err.text);
	print((struct result){"store_changes", (double)seen / seconds_since(start), floor});
	start = clock_monotonic_ns();
	for (int i = 0; i < 20000; i++) {
		CLEANUP(arena_release) struct arena one = {0};
		struct store_item item;
		struct job_key key = {"emmy", (uint64_t)i * 7919 % (uint64_t)n, 1};

		if (store_get(s, &key, &one, &item, &err) != 1)
			printf("FAILED: %s\n", err.text);
	}
	print((struct result){"store_get", 20000 / seconds_since(start), 0});
	store_close(s);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t n = 50000;

	if (argc < 2 || (argc > 2 && parse_u64(argv[2], &n) < 0) || n < BATCH || n > 10000000) {
		fprintf(stderr, "usage: bench_store FOLDER [DOCUMENTS]\n");
		return 2;
	}
	bench_document();
	return bench_store(argv[1], (int)(n / BATCH * BATCH));
}
