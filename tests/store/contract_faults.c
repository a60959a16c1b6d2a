// SPDX-License-Identifier: Apache-2.0
// The contract of common/store/store.h where things go wrong: hostile contents, readers and writers at
// once, writers that are killed.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/str.h"
#include "support.h"

// Not among them: a nested "_id", which FerretDB moves to the front.
Test(contract, hostile_names_and_texts)
{
	static const char *const names[] = {"sda.1", "$where", "", "a b",
		"\xc3\xa9\xf0\x9f\x98\x80", "'; DROP TABLE job; --", "\xff\xfe", "__proto__", "0",
		"a\nb", "constructor"};
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("hostile"));
	struct doc *d = doc_object(&a);
	struct error err = {0};
	struct store_item item = sample_item(&a, &(struct sample){.raw_id = 1,
							 .submit_s = 10,
							 .end_s = 20,
							 .cluster = "\xc3\xbc' ; --",
							 .job_id = "1' OR '1'='1"});
	struct store_item back;
	struct store_item *found;
	size_t n;

	doc_put_text(d, &a, "_id", "1-20");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct doc *device = doc_at(d, &a, "block");

		doc_put_text(device, &a, doc_key(&a, names[i]), names[i]);
	}
	cr_assert(eq(int, doc_to_bson(d, &a, &item.summary, &err), 0), "%s", err.text);
	put(s, &item, 1);
	cr_assert(eq(int, get(s, &item.key, &a, &back), 1));
	expect_same(&item, &back);
	cr_assert(eq(int, store_find(s, item.key.cluster, item.job_id, &a, &found, &n, &err), 0));
	cr_assert(eq(sz, n, 1));
	store_close(s);
}

// One wrong item among good ones: nothing is written, and the words say which and why.
static void refuse(struct store *s, const struct store_item *wrong, const char *words)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_item items[2] = {
		sample_item(&a, &(struct sample){.raw_id = 900, .submit_s = 1, .end_s = 2}),
		*wrong};
	struct error err = {0};
	struct store_item back;

	cr_assert(lt(int, store_put(s, items, 2, &err), 0), "%s", words);
	cr_assert(ne(ptr, strstr(err.text, words), NULL), "\"%s\" is not in: %s", words, err.text);
	cr_assert(
		eq(int, get(s, &items[0].key, &a, &back), 0), "%s: nothing must be written", words);
}

static struct bytes patched(struct arena *a, struct bytes b, double from, double to)
{
	uint8_t *copy = arena_copy(a, b.data, b.len);
	uint8_t *at = memmem(copy, b.len, &from, sizeof(from));

	cr_assert(ne(ptr, at, NULL));
	memcpy(at, &to, sizeof(to));
	return (struct bytes){copy, b.len};
}

Test(contract, what_may_not_be_stored_is_refused)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("refused"));
	const struct sample sample = {.raw_id = 7, .submit_s = 1, .end_s = 2, .has_series = true};
	const struct store_item good = sample_item(&a, &sample);
	struct store_item other =
		sample_item(&a, &(struct sample){.raw_id = 8, .has_series = true});
	struct store_item bad = good;
	struct doc *d = doc_object(&a);
	struct error err = {0};

	bad.summary = patched(&a, good.summary, 0.25, NAN);
	refuse(s, &bad, "emmy/7/1: document: cpu.jobcpus.user.avg: NaN or infinity");
	bad.summary = patched(&a, good.summary, 0.25, INFINITY);
	refuse(s, &bad, "NaN or infinity");
	bad.summary = (struct bytes){good.summary.data, good.summary.len - 1};
	refuse(s, &bad, "damaged BSON");
	bad = good;
	bad.series = other.series;
	refuse(s, &bad, "differ in _id");
	bad = good;
	doc_put_int(d, &a, "x", 1);
	doc_put_text(d, &a, "_id", "7-2");
	cr_assert(eq(int, doc_to_bson(d, &a, &bad.summary, &err), 0));
	refuse(s, &bad, "the first field of the summary is no text _id");
	d = doc_object(&a);
	doc_put_text(d, &a, "_id", "7-2");
	doc_put_int(doc_at(d, &a, "jobsight.store"), &a, "order", 1);
	cr_assert(eq(int, doc_to_bson(d, &a, &bad.summary, &err), 0));
	refuse(s, &bad, "store");
	bad = good;
	bad.job_id = "";
	refuse(s, &bad, "no name");
	bad = good;
	bad.key.cluster = "\xff";
	refuse(s, &bad, "no name");
	bad = good;
	bad.end_s = -5;
	refuse(s, &bad, "out of range");
	put(s, &good, 1);
	store_close(s);
}

Test(contract, reading_only)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store *s = open_store(url_of("reading"));
	struct store_item item = sample_item(&a, &(struct sample){.raw_id = 7, .end_s = 9});
	struct store_item back;
	struct store *reader = NULL;
	struct error err = {0};
	uint64_t n;

	put(s, &item, 1);
	cr_assert(eq(int, store_open(url_of("reading"), NULL, true, &reader, &err), 0), "%s",
		err.text);
	cr_assert(eq(int, get(reader, &item.key, &a, &back), 1));
	cr_assert(eq(int, store_put(reader, &item, 1, &err), -EROFS));
	cr_assert(eq(int, store_delete_before(reader, NULL, 1, &n, &err), -EROFS));
	store_close(reader);
	store_close(s);
}

// A child that writes and reports; what it acknowledges must be there.

static _Noreturn void write_jobs(const char *url, uint64_t first, int n, int report)
{
	struct store *s = open_store(url);

	for (int i = 0; i < n; i++) {
		CLEANUP(arena_release) struct arena a = {0};
		struct store_item items[2];

		for (int64_t v = 0; v < 2; v++) {
			items[v] = sample_item(&a, &(struct sample){.raw_id = first + (uint64_t)i,
							   .submit_s = 1,
							   .end_s = v ? 50 : 0,
							   .version = v,
							   .size = 3000,
							   .has_series = true});
			put(s, &items[v], 1);
		}
		if (report >= 0 && write(report, "x", 1) != 1)
			break;
	}
	store_close(s);
	_exit(0);
}

static pid_t start_writer(const char *url, uint64_t first, int n, int report)
{
	pid_t pid = fork();

	cr_assert(ge(int, pid, 0));
	if (pid == 0)
		write_jobs(url, first, n, report);
	return pid;
}

Test(contract, writers_at_once_and_a_reader_who_misses_nothing)
{
	enum { WRITERS = 4, MOST = 300 };
	CLEANUP(arena_release) struct arena a = {0};
	const char *url = url_of("writers");
	struct store *s;
	struct changes *c = arena_alloc(&a, sizeof(*c));
	int64_t seen[WRITERS][MOST];
	const int each = scaled(MOST, 6);
	const char *cursor = "";
	pid_t pids[WRITERS];
	int running = WRITERS;
	size_t last = 1;

	memset(seen, 0xff, sizeof(seen));
	for (int w = 0; w < WRITERS; w++)
		pids[w] = start_writer(url, 1000 * (uint64_t)w, each, -1);
	s = open_store(url); // after fork, as store.h asks
	while (running > 0 || last > 0) {
		if (running > 0)
			nanosleep(&(struct timespec){.tv_nsec = 3000000}, NULL);
		take_changes(s, &cursor, 50, false, &a, c);
		last = c->n;
		for (size_t i = 0; i < c->n; i++)
			seen[c->raw_ids[i] / 1000][c->raw_ids[i] % 1000] = c->versions[i];
		for (int w = 0; w < WRITERS; w++) {
			int status;

			if (pids[w] == 0 || waitpid(pids[w], &status, WNOHANG) <= 0)
				continue;
			cr_assert(eq(int, status, 0), "a writer failed");
			pids[w] = 0;
			running--;
			last = 1; // look once more after the last one
		}
	}
	for (int w = 0; w < WRITERS; w++)
		for (int i = 0; i < each; i++)
			cr_assert(eq(i64, seen[w][i], 1), "job %d of writer %d was missed", i, w);
	store_close(s);
}

// Both documents of each acknowledged job are there in the last version. The job at which the
// writer was killed may be in any version, but has no summary without its series.
static void expect_acknowledged(const char *url, uint64_t first, int acknowledged)
{
	struct store *s = open_store(url);

	for (int i = 0; i <= acknowledged; i++) {
		CLEANUP(arena_release) struct arena a = {0};
		struct store_item back = {0};
		int rc = get(s, &(struct job_key){"emmy", first + (uint64_t)i, 1}, &a, &back);

		if (i == acknowledged && rc == 0)
			continue;
		cr_assert(eq(int, rc, 1), "an acknowledged job is lost");
		cr_assert(gt(sz, back.series.len, 0), "a summary without its series");
		if (i < acknowledged || is_sqlite())
			cr_assert(eq(i64, version_of(back.series), version_of(back.summary)));
		if (i < acknowledged)
			cr_assert(eq(i64, version_of(back.summary), 1));
	}
	store_close(s);
}

Test(contract, a_writer_killed_at_any_instant)
{
	const char *url = url_of("killed");
	const int rounds = scaled(30, 5);

	for (int round = 0; round < rounds; round++) {
		const uint64_t first = 1000 * (uint64_t)round;
		int pipes[2];
		pid_t pid;
		int acknowledged = 0;
		char x;

		cr_assert(eq(int, pipe(pipes), 0));
		pid = start_writer(url, first, 100, pipes[1]);
		close(pipes[1]);
		// After a few jobs, at an instant that differs from round to round.
		while (acknowledged < 1 + round % 3 && read(pipes[0], &x, 1) == 1)
			acknowledged++;
		nanosleep(&(struct timespec){.tv_nsec = round * 7919 % 1000 * 3000}, NULL);
		kill(pid, SIGKILL);
		while (read(pipes[0], &x, 1) == 1)
			acknowledged++;
		close(pipes[0]);
		waitpid(pid, NULL, 0);
		expect_acknowledged(url, first, acknowledged);
		// Once more gives what one clean run gives.
		pid = start_writer(url, first, acknowledged + 1, -1);
		waitpid(pid, NULL, 0);
		expect_acknowledged(url, first, acknowledged + 1);
	}
}
