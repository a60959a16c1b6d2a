// SPDX-License-Identifier: Apache-2.0
// What the archive reader says of damaged and hostile archives, and what of them it still gives.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/str.h"
#include "summarizer/archive/archive.h"
#include "summarizer/archive/tree.h"

// Each test has a copy of its own of the archive that mkarchive made (argument by environment).
static const char *copy_archive(struct arena *a)
{
	static const char *const suffixes[] = {"meta", "index", "0", "1"};
	const char *from = getenv("TEST_ARCHIVE_BASE");
	cr_assert(from != NULL);
	char *folder = arena_strdup(a, "/tmp/jobsight-archive.XXXXXX");
	cr_assert(mkdtemp(folder) != NULL);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		struct bytes b;
		struct error err;
		if (file_read(arena_printf(a, "%s.%s", from, suffixes[i]), 1u << 20, a, &b, &err) <
			0)
			cr_fatal("%s", err.text);
		FILE *f = fopen(arena_printf(a, "%s/x.%s", folder, suffixes[i]), "wb");
		cr_assert(f != NULL);
		cr_assert(eq(sz, fwrite(b.data, 1, b.len, f), b.len));
		(void)fclose(f);
	}
	return arena_printf(a, "%s/x", folder);
}

static void remove_archive(struct arena *a, const char *base)
{
	static const char *const suffixes[] = {"meta", "index", "0", "1", "2", "1.bz2"};
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++)
		(void)unlink(arena_printf(a, "%s.%s", base, suffixes[i]));
	(void)rmdir(arena_strndup(a, base, strlen(base) - 2));
}

static void poke(struct arena *a, const char *base, const char *suffix, long at, const void *data,
	size_t len)
{
	int fd = open(arena_printf(a, "%s.%s", base, suffix), O_WRONLY);
	cr_assert(fd >= 0);
	cr_assert(eq(long, (long)pwrite(fd, data, len, at), (long)len));
	(void)close(fd);
}

static size_t count_records(struct archive *x, size_t *ret_marks)
{
	struct archive_record r;
	size_t n = 0;
	*ret_marks = 0;
	while (archive_next(x, &r) > 0) {
		n += r.n_sets > 0;
		*ret_marks += r.n_sets == 0;
	}
	return n;
}

struct fixture {
	struct arena a;
	const char *base;
	struct archive *x;
	struct error err;
	size_t marks;
};

static void open_fixture(struct fixture *f)
{
	f->base = copy_archive(&f->a);
}

static void close_fixture(struct fixture *f)
{
	archive_close(f->x);
	remove_archive(&f->a, f->base);
	arena_release(&f->a);
}

Test(archive, whole)
{
	struct fixture f = {0};
	open_fixture(&f);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_expect(eq(sz, count_records(f.x, &f.marks), 5));
	cr_expect(eq(sz, f.marks, 1));
	cr_expect(eq(int, archive_damage(f.x)->code, 0));
	cr_expect(eq(i64, archive_end_ns(f.x) - archive_meta(f.x)->label.start_ns, 90 * NS_PER_S));
	archive_rewind(f.x);
	cr_expect(eq(sz, count_records(f.x, &f.marks), 5));
	close_fixture(&f);
}

Test(archive, seek_finds_what_is_not_before)
{
	struct fixture f = {0};
	struct archive_record r;
	open_fixture(&f);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	int64_t start = archive_meta(f.x)->label.start_ns;
	for (int64_t s = -10; s <= 100; s++) {
		archive_seek(f.x, start + s * NS_PER_S);
		int64_t first = INT64_MAX;
		while (archive_next(f.x, &r) > 0)
			if (r.time_ns > start + s * NS_PER_S && r.time_ns < first)
				first = r.time_ns;
		int64_t want = s < 60 ? -1 : s < 75 ? 75 : s < 90 ? 90 : 0;
		if (want > 0)
			cr_expect(eq(i64, (first - start) / NS_PER_S, want));
	}
	close_fixture(&f);
}

Test(archive, damaged_record_names_file_and_offset_and_the_next_volume_goes_on)
{
	struct fixture f = {0};
	const uint32_t impossible = 0;
	open_fixture(&f);
	poke(&f.a, f.base, "0", 808, &impossible, 4); // the length of the first record
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_expect(eq(sz, count_records(f.x, &f.marks), 2), "the two of the second volume");
	cr_expect(eq(sz, f.marks, 1), "a mark stands for what is lost");
	cr_expect(strstr(archive_damage(f.x)->text, "x.0: ") != NULL);
	cr_expect(strstr(archive_damage(f.x)->text, "offset 808") != NULL);
	close_fixture(&f);
}

Test(archive, damaged_metadata_keeps_what_came_before)
{
	struct fixture f = {0};
	const uint32_t impossible = 0xffffffff;
	struct bytes meta;
	open_fixture(&f);
	cr_assert(eq(int,
		file_read(arena_printf(&f.a, "%s.meta", f.base), 1u << 20, &f.a, &meta, &f.err),
		0));
	uint32_t first = wire_u32(meta.data + 808);
	uint32_t second = wire_u32(meta.data + 808 + first);
	poke(&f.a, f.base, "meta", 808 + first + second - 4, &impossible, 4);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_expect(eq(sz, archive_meta(f.x)->n_metrics, 1));
	cr_expect(strstr(archive_damage(f.x)->text, "two lengths") != NULL);
	close_fixture(&f);
}

static void expect_refused(
	const char *suffix, long at, const void *data, size_t len, const char *words)
{
	struct fixture f = {0};
	open_fixture(&f);
	poke(&f.a, f.base, suffix, at, data, len);
	cr_expect(lt(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_expect(strstr(f.err.text, words) != NULL, "%s", f.err.text);
	f.x = NULL;
	close_fixture(&f);
}

Test(archive, refuses_what_is_no_archive)
{
	expect_refused("meta", 4, "JPEG", 4, "not a PCP archive");
	expect_refused("meta", 7, "\x04", 1, "version 4 is not known");
	expect_refused("meta", 24, "\0\0\0\0", 4, "its label says volume 0");
}

Test(archive, volume_of_another_archive_is_damage)
{
	struct fixture f = {0};
	open_fixture(&f);
	poke(&f.a, f.base, "0", 24, "\0\0\0\7", 4);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_expect(eq(sz, count_records(f.x, &f.marks), 2));
	cr_expect(strstr(archive_damage(f.x)->text, "x.0: its label says volume 7") != NULL);
	close_fixture(&f);
}

Test(archive, foreign_compression_gives_a_clear_message)
{
	struct fixture f = {0};
	open_fixture(&f);
	cr_assert(eq(int,
		rename(arena_printf(&f.a, "%s.1", f.base), arena_printf(&f.a, "%s.1.bz2", f.base)),
		0));
	cr_expect(eq(int, archive_open(f.base, &f.x, &f.err), -ENOTSUP));
	cr_expect(strstr(f.err.text, "x.1.bz2: of the compressed files .xz") != NULL);
	f.x = NULL;
	close_fixture(&f);
}

Test(archive, truncated_while_it_is_read_ends_early)
{
	struct fixture f = {0};
	struct archive_record r;
	open_fixture(&f);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_assert(eq(int, archive_next(f.x, &r), 1));
	cr_assert(eq(int, truncate(arena_printf(&f.a, "%s.0", f.base), 900), 0));
	cr_assert(eq(int, truncate(arena_printf(&f.a, "%s.1", f.base), 0), 0));
	cr_assert(eq(int, truncate(arena_printf(&f.a, "%s.meta", f.base), 0), 0));
	cr_expect(le(sz, count_records(f.x, &f.marks), 3), "what was in the window may still come");
	archive_rewind(f.x);
	(void)count_records(f.x, &f.marks);
	cr_expect(strstr(archive_damage(f.x)->text, "x.1: too short") != NULL);
	cr_expect(gt(sz, strlen(archive_meta(f.x)->metrics[0].name), 0), "metadata is our own");
	close_fixture(&f);
}

Test(archive, no_volume_no_archive)
{
	struct fixture f = {0};
	open_fixture(&f);
	(void)unlink(arena_printf(&f.a, "%s.0", f.base));
	(void)unlink(arena_printf(&f.a, "%s.1", f.base));
	cr_expect(eq(int, archive_open(f.base, &f.x, &f.err), -ENOENT));
	cr_expect(strstr(f.err.text, "no data volume") != NULL);
	f.x = NULL;
	close_fixture(&f);
}

Test(archive, missing_first_volume_is_a_mark_between)
{
	struct fixture f = {0};
	open_fixture(&f);
	cr_assert(eq(int,
		rename(arena_printf(&f.a, "%s.1", f.base), arena_printf(&f.a, "%s.2", f.base)), 0));
	poke(&f.a, f.base, "2", 24, "\0\0\0\2", 4);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	cr_expect(eq(sz, count_records(f.x, &f.marks), 5));
	cr_expect(eq(sz, f.marks, 2));
	close_fixture(&f);
}

Test(archive, a_wrong_index_only_costs_time)
{
	struct fixture f = {0};
	open_fixture(&f);
	for (long at = 808; at + 32 <= 808 + 5 * 32; at += 32)
		poke(&f.a, f.base, "index", at + 24, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
	cr_assert(eq(int, archive_open(f.base, &f.x, &f.err), 0));
	archive_seek(f.x, archive_meta(f.x)->label.start_ns + 80 * NS_PER_S);
	cr_expect(ge(sz, count_records(f.x, &f.marks), 1));
	close_fixture(&f);
}

Test(archive, every_byte_changed_never_crashes)
{
	static const char *const suffixes[] = {"meta", "index", "0", "1"};
	struct fixture f = {0};
	open_fixture(&f);
	for (size_t s = 0; s < ARRAY_LEN(suffixes); s++) {
		struct bytes b;
		const char *path = arena_printf(&f.a, "%s.%s", f.base, suffixes[s]);
		cr_assert(eq(int, file_read(path, 1u << 20, &f.a, &b, &f.err), 0));
		for (size_t at = 0; at < b.len; at += 1 + (at > 40 && at < 780) * 60) {
			uint8_t v = b.data[at] ^ 0xff;
			poke(&f.a, f.base, suffixes[s], (long)at, &v, 1);
			if (archive_open(f.base, &f.x, &f.err) == 0) {
				struct archive_record r;
				struct archive_set set;
				while (archive_next(f.x, &r) > 0)
					while (archive_set_next(&r, &set) > 0)
						;
				archive_close(f.x);
			}
			f.x = NULL;
			poke(&f.a, f.base, suffixes[s], (long)at, &b.data[at], 1);
		}
	}
	close_fixture(&f);
}

static void count_bad(void *context, const struct error *why)
{
	(void)why;
	(*(size_t *)context)++;
}

Test(tree, labels_decide_and_folders_only_guide)
{
	struct fixture f = {0};
	struct archive_tree t = {0};
	size_t bad = 0;
	open_fixture(&f);
	const char *folder = arena_strndup(&f.a, f.base, strlen(f.base) - 2);
	struct archive_tree_request q = {.root = folder,
		.since_s = 1772366400,
		.until_s = 1772366500,
		.bad = count_bad,
		.context = &bad};
	cr_assert(eq(int, archive_tree_scan(&t, &q, &f.a, &f.err), 0));
	const struct archive_host *h = archive_tree_host(&t, "cn001");
	cr_assert(h != NULL, "by its short name");
	cr_expect(eq(str, (char *)h->name, "cn001.example.org"));
	cr_expect(eq(sz, h->n, 1));
	cr_expect(archive_tree_host(&t, "cn001.example.org") == h);
	cr_expect(archive_tree_host(&t, "cn002") == NULL);
	cr_expect(eq(sz, bad, 0));
	archive_tree_release(&t);

	poke(&f.a, f.base, "meta", 4, "nope", 4);
	cr_assert(eq(int, archive_tree_scan(&t, &q, &f.a, &f.err), 0));
	cr_expect(eq(sz, bad, 1), "a damaged label is reported");
	cr_expect(archive_tree_host(&t, "cn001") == NULL);
	archive_tree_release(&t);

	q.root = "/nonexistent";
	cr_expect(lt(int, archive_tree_scan(&t, &q, &f.a, &f.err), 0));
	archive_tree_release(&t);
	close_fixture(&f);
}
