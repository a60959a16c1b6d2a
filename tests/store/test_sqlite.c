// SPDX-License-Identifier: Apache-2.0
// What only the SQLite backend has: files that are damaged, foreign, of another version, or full.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/str.h"
#include "support.h"

struct place { // a folder of the test's own
	char folder[200];
	char file[300];
	char url[300];
};

static void make_place(struct place *p)
{
	const char *temporary = getenv("TMPDIR");

	cr_assert(str_format(
		p->folder, sizeof(p->folder), "%s/sqlite.XXXXXX", temporary ? temporary : "/tmp"));
	cr_assert(mkdtemp(p->folder) != NULL);
	cr_assert(str_format(p->file, sizeof(p->file), "%s/store", p->folder));
	cr_assert(str_format(p->url, sizeof(p->url), "sqlite:%s", p->file));
}

static void remove_place(struct place *p)
{
	static const char *const endings[] = {"", "-wal", "-shm", "-journal", ".backup"};

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		char name[310];

		if (str_format(name, sizeof(name), "%s%s", p->file, endings[i]))
			(void)unlink(name);
	}
	(void)rmdir(p->folder);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	cr_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void sql(const struct place *p, const char *text)
{
	sqlite3 *db;

	cr_assert(eq(int, sqlite3_open(p->file, &db), SQLITE_OK));
	cr_assert(eq(int, sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK), "%s",
		sqlite3_errmsg(db));
	sqlite3_close(db);
}

static void refuse(const struct place *p, bool read_only, int code, const char *words)
{
	struct error err = {0};
	struct store *s = NULL;

	cr_assert(eq(int, store_open(p->url, NULL, read_only, &s, &err), code), "%s", err.text);
	cr_assert(strstr(err.text, words) != NULL, "\"%s\" is not in: %s", words, err.text);
	cr_assert(strstr(err.text, p->file) != NULL, "the file is not named: %s", err.text);
}

Test(sqlite, urls_that_name_no_store)
{
	static const char *const urls[] = {"", "sqlite:", "sqlite", "postgres://x", "mongodb"};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct error err = {0};
		struct store *s;

		cr_assert(eq(int, store_open(urls[i], NULL, false, &s, &err), -EINVAL), "%s",
			urls[i]);
	}
}

Test(sqlite, files_that_are_no_store_are_refused_and_left_alone)
{
	CLEANUP(remove_place) struct place p;
	struct stat before;
	struct stat after;

	make_place(&p);
	refuse(&p, true, -ENOENT, "No such file");
	cr_assert(ne(int, access(p.file, F_OK), 0), "reading must not create it");
	write_file(p.file, "This is a letter, not a database, and longer than its header is.\n"
			   "This is a letter, not a database, and longer than its header is.\n");
	cr_assert(eq(int, stat(p.file, &before), 0));
	refuse(&p, false, -EBADMSG, "not a document store");
	cr_assert(eq(int, stat(p.file, &after), 0));
	cr_assert(eq(i64, (int64_t)before.st_size, (int64_t)after.st_size));
	cr_assert(eq(int, unlink(p.file), 0));
	sql(&p, "CREATE TABLE job (x)");
	refuse(&p, false, -EBADMSG, "but not a document store");
	cr_assert(eq(int, unlink(p.file), 0));
	cr_assert(eq(int, mkdir(p.file, 0700), 0));
	refuse(&p, false, -EISDIR, p.file);
	cr_assert(eq(int, rmdir(p.file), 0));
}

Test(sqlite, a_newer_schema_is_refused_clearly)
{
	CLEANUP(remove_place) struct place p;

	make_place(&p);
	store_close(open_store(p.url));
	sql(&p, "PRAGMA user_version = 99");
	refuse(&p, false, -EPROTONOSUPPORT, "newer Jobsight (schema 99");
	refuse(&p, true, -EPROTONOSUPPORT, "newer Jobsight (schema 99");
}

Test(sqlite, an_empty_file_becomes_a_store)
{
	CLEANUP(remove_place) struct place p;
	struct store *s;

	make_place(&p);
	write_file(p.file, "");
	refuse(&p, true, -EBADMSG, "old schema (0)");
	s = open_store(p.url);
	put_sample(s, &(struct sample){.raw_id = 1, .end_s = 2});
	store_close(s);
}

// A page whose structure is destroyed: words that say so, or it was not needed; never a crash.
Test(sqlite, a_damaged_file_gives_words)
{
	CLEANUP(remove_place) struct place p;
	int refused = 0;

	for (off_t at = 0; at < 400000; at += 16384) { // the head of each page
		CLEANUP(arena_release) struct arena a = {0};
		struct changes *c = arena_alloc(&a, sizeof(*c));
		struct error err = {0};
		const char *cursor;
		uint8_t noise[700];
		struct store *s;
		int fd;

		make_place(&p);
		s = open_store(p.url);
		for (uint64_t i = 0; i < 60; i++)
			put_sample(s, &(struct sample){.raw_id = i, .end_s = 2, .size = 5000});
		store_close(s);
		memset(noise, 0xa5, sizeof(noise));
		fd = open(p.file, O_WRONLY);
		cr_assert(eq(i64, (int64_t)pwrite(fd, noise, sizeof(noise), at), sizeof(noise)));
		close(fd);
		if (store_open(p.url, NULL, false, &s, &err) < 0) {
			cr_assert(strlen(err.text) > 20);
			refused++;
		} else {
			if (store_changes(s, "", 0, true, take_change, c, &a, &cursor, &err) < 0) {
				cr_assert(strstr(err.text, "damaged") != NULL, "%s", err.text);
				refused++;
			}
			store_close(s);
		}
		remove_place(&p);
	}
	cr_assert(gt(int, refused, 5));
}

Test(sqlite, many_may_create_it_at_once)
{
	enum { MANY = 8 };
	CLEANUP(remove_place) struct place p;
	CLEANUP(arena_release) struct arena a = {0};
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";
	pid_t pids[MANY];
	struct store *s;

	make_place(&p);
	for (uint64_t i = 0; i < MANY; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		s = open_store(p.url);
		put_sample(s, &(struct sample){.raw_id = i, .end_s = 2});
		store_close(s);
		_exit(0);
	}
	for (int i = 0; i < MANY; i++) {
		int status = -1;

		cr_assert(eq(int, waitpid(pids[i], &status, 0), pids[i]));
		cr_assert(eq(int, status, 0));
	}
	s = open_store(p.url);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, MANY));
	store_close(s);
}

Test(sqlite, a_full_disk_loses_nothing)
{
	CLEANUP(remove_place) struct place p;
	CLEANUP(arena_release) struct arena a = {0};
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const struct rlimit small = {400000, RLIM_INFINITY};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	struct error err = {0};
	const char *cursor = "";
	uint64_t stored = 0;
	struct store *s;

	make_place(&p);
	s = open_store(p.url);
	signal(SIGXFSZ, SIG_IGN);
	cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &small), 0));
	for (;; stored++) {
		struct store_item item = sample_item(
			&a, &(struct sample){.raw_id = stored, .end_s = 2, .size = 20000});

		if (store_put(s, &item, 1, &err) < 0)
			break;
		cr_assert(lt(u64, stored, 100));
	}
	cr_assert(gt(u64, stored, 1));
	cr_assert(strstr(err.text, "cannot write") != NULL, "%s", err.text);
	cr_assert(eq(int, setrlimit(RLIMIT_FSIZE, &none), 0));
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, stored));
	put_sample(s, &(struct sample){.raw_id = stored, .end_s = 2, .size = 20000});
	store_close(s);
	s = open_store(p.url);
	take_changes(s, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	store_close(s);
}

Test(sqlite, a_reader_sees_a_snapshot_while_others_write)
{
	CLEANUP(remove_place) struct place p;
	CLEANUP(arena_release) struct arena a = {0};
	struct changes *c = arena_alloc(&a, sizeof(*c));
	const char *cursor = "";
	struct store *reader = NULL;
	struct error err = {0};
	struct store *s;

	make_place(&p);
	s = open_store(p.url);
	put_sample(s, &(struct sample){.raw_id = 1, .end_s = 2});
	cr_assert(eq(int, store_open(p.url, NULL, true, &reader, &err), 0), "%s", err.text);
	take_changes(reader, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	put_sample(s, &(struct sample){.raw_id = 2, .end_s = 2});
	take_changes(reader, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 1));
	cr_assert(eq(u64, c->raw_ids[0], 2));
	store_close(s);
	store_close(reader);
	// Also when nobody has it open any more.
	cr_assert(eq(int, store_open(p.url, NULL, true, &reader, &err), 0), "%s", err.text);
	cursor = "";
	take_changes(reader, &cursor, 0, false, &a, c);
	cr_assert(eq(sz, c->n, 2));
	store_close(reader);
}
