// SPDX-License-Identifier: Apache-2.0
// Archives as the sampler writes them, read back by the summarizer's reader: whole, continued, torn.
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/str.h"
#include "prolog-epilog/boundary.h"
#include "prolog-epilog/writer.h"
#include "summarizer/archive/archive.h"

#define SECOND INT64_C(1000000000)
#define BEGIN  (INT64_C(1795240153) * SECOND)
#define INDOM  (340U << 22 | 1)
#define WORD   (340U << 22 | 1)
#define TEXT   (340U << 22 | 2)
#define WIDE   (340U << 22 | 3)

static const struct writer_metric metrics[] = {
	{"t.word", WORD, INDOM, ARCHIVE_TYPE_U32, ARCHIVE_COUNTER, 0},
	{"t.text", TEXT, INDOM, ARCHIVE_TYPE_STRING, ARCHIVE_INSTANT, 0},
	{"t.wide", WIDE, WRITER_NO_INDOM, ARCHIVE_TYPE_U64, ARCHIVE_COUNTER, 0},
};

struct place {
	char folder[64];
	char base[80];
};

static struct place place_make(void)
{
	struct place p = {.folder = "/tmp/jobsight-writer.XXXXXX"};

	cr_assert(mkdtemp(p.folder) != NULL);
	cr_assert(str_format(p.base, sizeof(p.base), "%s/day", p.folder));
	return p;
}

static void path_of(const struct place *p, const char *suffix, char ret[100])
{
	cr_assert(str_format(ret, 100, "%s%s", p->base, suffix));
}

static void place_remove(const struct place *p)
{
	static const char *const suffixes[] = {".meta", ".index", ".0"};
	char path[100];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		path_of(p, suffixes[i], path);
		unlink(path);
	}
	rmdir(p->folder);
}

static struct writer *begin(const struct place *p, int version)
{
	struct writer *w = NULL;
	struct error err = {0};
	static const int32_t ids[] = {0, 7};
	char zero[] = "zero";
	char seven[] = "seven";
	char *const names[] = {zero, seven};

	cr_assert(writer_open(AT_FDCWD, p->base, version, "n1.example", BEGIN, &w, &err) == 0, "%s",
		err.text);
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++)
		writer_metric(w, &metrics[i]);
	writer_indom(w, BEGIN, INDOM, 2, ids, names);
	return w;
}

static void put(struct writer *w, int64_t time_ns, uint32_t value)
{
	uint64_t wide = htobe64((uint64_t)value << 32);
	struct error err = {0};

	writer_begin(w, time_ns);
	writer_set(w, WORD, 2, false);
	writer_word(w, 0, value);
	writer_word(w, 7, value + 1);
	writer_set(w, TEXT, 1, true);
	writer_block(w, 7, ARCHIVE_TYPE_STRING, "hello", 6);
	writer_set(w, WIDE, 1, true);
	writer_block(w, WRITER_NO_INSTANCE, ARCHIVE_TYPE_U64, &wide, sizeof(wide));
	cr_assert(writer_commit(w, &err) == 0, "%s", err.text);
}

// The records must be those of values first, first + 1, ... one second apart.
static void expect(const struct place *p, int version, uint32_t first, size_t n)
{
	struct archive *x = NULL;
	struct archive_record r;
	struct archive_set s = {0};
	struct error err = {0};
	uint64_t bits = 0;
	size_t n_read = 0;

	cr_assert(archive_open(p->base, &x, &err) == 0, "%s", err.text);
	cr_assert(eq(int, archive_meta(x)->label.version, version));
	cr_assert(eq(str, (char *)archive_meta(x)->label.host, "n1.example"));
	cr_assert(eq(sz, archive_meta(x)->n_metrics, ARRAY_LEN(metrics)));
	archive_rewind(x);
	for (; archive_next(x, &r) > 0; n_read++) {
		uint32_t value = first + (uint32_t)n_read;
		cr_assert(r.time_ns == BEGIN + (int64_t)n_read * SECOND);
		cr_assert(archive_set_next(&r, &s) == 1 && s.pmid == WORD && s.n == 2);
		cr_assert(archive_value_bits(&r, &s, 1, ARCHIVE_TYPE_U32, &bits));
		cr_assert(bits == value + 1 && archive_value_instance(&s, 1) == 7);
		cr_assert(archive_set_next(&r, &s) == 1 && s.pmid == TEXT);
		struct bytes b = archive_value_block(&r, &s, 0, ARCHIVE_TYPE_STRING);
		cr_assert(b.len == 6 && memcmp(b.data, "hello", 6) == 0);
		cr_assert(archive_set_next(&r, &s) == 1 && s.pmid == WIDE);
		cr_assert(archive_value_bits(&r, &s, 0, ARCHIVE_TYPE_U64, &bits));
		cr_assert(bits == (uint64_t)value << 32);
		cr_assert(archive_set_next(&r, &s) == 0);
	}
	cr_assert(eq(sz, n_read, n));
	cr_assert(eq(int, archive_damage(x)->code, 0), "%s", archive_damage(x)->text);
	archive_close(x);
}

static void whole(int version)
{
	struct place p = place_make();
	struct writer *w = begin(&p, version);

	for (uint32_t i = 0; i < 5; i++) {
		put(w, BEGIN + i * SECOND, 100 + i);
		expect(&p, version, 100, i + 1); // a reader beside the writer sees whole records
	}
	writer_close(w);
	expect(&p, version, 100, 5);
	place_remove(&p);
}

Test(writer, version_2)
{
	whole(2);
}

Test(writer, version_3)
{
	whole(3);
}

Test(writer, continued_without_second_metadata)
{
	for (int version = 2; version <= 3; version++) {
		struct place p = place_make();

		for (uint32_t i = 0; i < 4; i++) {
			struct writer *w = begin(&p, i == 0 ? version : 5 - version);
			put(w, BEGIN + i * SECOND, i);
			writer_close(w);
		}
		expect(&p, version, 0, 4); // the version it was begun with
		place_remove(&p);
	}
}

static off_t size_of(const char *path)
{
	struct stat st;

	cr_assert(stat(path, &st) == 0);
	return st.st_size;
}

// Whatever a crash leaves of the last record, the archive goes on after the one before it.
Test(writer, torn_anywhere)
{
	static const char *const suffixes[] = {".0", ".meta", ".index"};

	for (size_t f = 0; f < ARRAY_LEN(suffixes); f++) {
		char path[100];
		off_t whole_size = 0;
		off_t torn_size = 0;
		for (off_t cut = 1; cut == 1 || whole_size + cut < torn_size; cut += 7) {
			struct place p = place_make();
			path_of(&p, suffixes[f], path);
			struct writer *w = begin(&p, 2);
			put(w, BEGIN, 1);
			whole_size = size_of(path);
			writer_close(w);
			w = begin(&p, 2);
			put(w, BEGIN + SECOND, 2);
			torn_size = size_of(path);
			writer_close(w);
			cr_assert(truncate(path, whole_size + cut) == 0);
			w = begin(&p, 2);
			put(w, f == 0 ? BEGIN + SECOND : BEGIN + 2 * SECOND, f == 0 ? 2 : 3);
			writer_close(w);
			expect(&p, 2, 1, f == 0 ? 2 : 3);
			place_remove(&p);
		}
	}
}

Test(writer, one_at_a_time)
{
	struct place p = place_make();
	struct writer *w = begin(&p, 2);
	struct writer *other = NULL;
	struct error err = {0};

	cr_assert(eq(int, writer_open(AT_FDCWD, p.base, 2, "n1", BEGIN, &other, &err), -EBUSY));
	writer_close(w);
	place_remove(&p);
}

Test(writer, time_never_falls)
{
	struct place p = place_make();
	struct writer *w = begin(&p, 3);
	struct archive *x = NULL;
	struct archive_record r;
	struct error err = {0};

	put(w, BEGIN + 10 * SECOND, 1);
	put(w, BEGIN + 5 * SECOND, 2); // the clock was set back
	writer_close(w);
	w = begin(&p, 3);
	put(w, BEGIN, 3);
	writer_close(w);
	cr_assert(archive_open(p.base, &x, &err) == 0);
	archive_rewind(x);
	for (int i = 0; i < 3; i++)
		cr_assert(archive_next(x, &r) > 0 && r.time_ns == BEGIN + 10 * SECOND);
	archive_close(x);
	place_remove(&p);
}

Test(boundary, contexts_of_slurm)
{
	cr_expect(boundary_event_of_context("prolog_slurmd") == BOUNDARY_BEGIN);
	cr_expect(boundary_event_of_context("epilog_slurmd") == BOUNDARY_END);
	cr_expect(boundary_event_of_context("epilog_task") == BOUNDARY_TASK_END);
	cr_expect(boundary_event_of_context("prolog_slurmctld") == BOUNDARY_CONTROLLER_BEGIN);
	cr_expect(boundary_event_of_context("resume") == 0);
	cr_expect(boundary_event_of_context(NULL) == 0);
}

Test(boundary, only_what_is_whole_and_plain)
{
	static const char *const wrong[] = {
		"",
		"jobsight-boundary 1\n",
		"jobsight-boundary 1\nevent begin\njob 1\nrestarts 0\nuid 0\n",
		"jobsight-boundary 1\nevent begin\njob ../1\nrestarts 0\nuid 0\nasked 1\n",
		"jobsight-boundary 1\nevent begin\njob 1\nrestarts 0\nuid 0\nasked 1",
		"jobsight-boundary 1\nevent begin\njob 1\nrestarts 0\nuid 0\nasked 1\nasked 1\n",
		"jobsight-boundary 1\nevent begin\njob 1\nrestarts 0\nuid 4294967296\nasked 1\n",
		"jobsight-boundary 1\nevent dance\njob 1\nrestarts 0\nuid 0\nasked 1\n",
	};
	static const char right[] =
		"jobsight-boundary 1\nevent end\njob 12\nrestarts 3\nuid 5\nasked 77\n";
	struct boundary b;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		cr_expect(boundary_parse(wrong[i], strlen(wrong[i]), &b) < 0, "%zu", i);
	cr_assert(boundary_parse(right, strlen(right), &b) > 0);
	cr_expect(b.event == BOUNDARY_END && b.restarts == 3 && b.uid == 5 && b.asked_ns == 77);
	cr_expect(eq(str, b.job, "12"));
}
