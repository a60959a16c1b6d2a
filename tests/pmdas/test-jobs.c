// SPDX-License-Identifier: Apache-2.0
// What the kernel says of control groups, as its parsers take it: what is there, what is missing, and
// what no kernel would say.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/jobs/jobs.h"

static const struct jobs_key abc[] = {{.name = "a"}, {.name = "b"}, {.name = "b_c"}};

Test(jobs_keyed, takes_names_in_any_order)
{
	struct frame_reading r[3] = {0};

	jobs_parse_keyed("x 1\nb_c 3\na 1\nb 18446744073709551615\n", abc, 3, r);
	cr_assert(r[0].known && r[1].known && r[2].known);
	cr_assert(eq(u64, r[0].value, 1));
	cr_assert(eq(u64, r[1].value, UINT64_MAX));
	cr_assert(eq(u64, r[2].value, 3));
}

Test(jobs_keyed, leaves_what_is_no_number)
{
	static const char *const texts[] = {"", "a", "a \n", "a -1\n", "a 1x\n", "a 0x1\n",
		"aa 1\n", "a 18446744073709551616\n", " a 1\n", "\n\n\n", "a:1\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct frame_reading r[3] = {0};

		jobs_parse_keyed(texts[i], abc, 3, r);
		cr_assert(not(r[0].known), "%s", texts[i]);
	}
}

Test(jobs_number, knows_no_limit)
{
	const struct {
		const char *text;
		bool known;
		uint64_t value;
	} cases[] = {{"0\n", true, 0}, {"4096\n", true, 4096}, {"4096", true, 4096},
		{"max\n", false, 0}, {"-1\n", false, 0}, {"", false, 0}, {"\n", false, 0},
		{"9223372036854771712\n", false, 0}, {"12 13\n", true, 12}, {"12x\n", false, 0}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct frame_reading r = {0};

		jobs_parse_number(cases[i].text, NULL, 1, &r);
		cr_assert(eq(int, r.known, cases[i].known), "%s", cases[i].text);
		cr_assert(eq(u64, r.value, cases[i].value), "%s", cases[i].text);
	}
}

Test(jobs_pressure, takes_totals_of_its_own_line)
{
	static const struct jobs_key keys[] = {{.name = "some"}, {.name = "full"}};
	struct frame_reading r[2] = {0};

	jobs_parse_pressure("some avg10=1.00 avg60=0.00 avg300=0.00 total=12\n"
			    "full avg10=0.00 avg60=0.00 avg300=0.00 total=3\n",
		keys, 2, r);
	cr_assert(eq(u64, r[0].value, 12));
	cr_assert(eq(u64, r[1].value, 3));
	memset(r, 0, sizeof(r));
	// A line without a total has not that of the next.
	jobs_parse_pressure("some avg10=1.00\nfull total=3\n", keys, 2, r);
	cr_assert(not(r[0].known));
	cr_assert(r[1].known);
}

Test(jobs_quota, is_in_thousandths)
{
	struct frame_reading r = {0};

	jobs_parse_quota("max 100000\n", NULL, 1, &r);
	cr_assert(not(r.known));
	jobs_parse_quota("150000 0\n", NULL, 1, &r);
	cr_assert(not(r.known));
	jobs_parse_quota("150000 100000\n", NULL, 1, &r);
	cr_assert(eq(u64, r.value, 1500));
}

Test(jobs_io, takes_each_device)
{
	struct jobs_io io[2];

	cr_assert(eq(int,
		(int)jobs_parse_io(
			"8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=7\n"
			"8:16 \nx\n253:0 wbytes=9\n",
			io, 2),
		2));
	for (unsigned i = 0; i < JOBS_IO_VALUES; i++)
		cr_assert(io[0].v[i].known);
	cr_assert(eq(u64, io[0].v[JOBS_WRITE].value, 2));
	cr_assert(eq(u64, io[0].v[JOBS_IO_KINDS + JOBS_READ].value, 3));
	cr_assert(eq(int, (int)io[1].minor, 16));
	cr_assert(not(io[1].v[0].known));
}

Test(jobs_blkio, takes_kinds_and_leaves_sums)
{
	struct jobs_io io[2];
	unsigned n = 0;

	jobs_parse_blkio(
		"8:0 Read 10\n8:0 Write 20\n8:0 Sync 5\n8:0 Total 30\nTotal 30\n", 0, io, &n, 2);
	jobs_parse_blkio("8:0 Read 1\n9:0 Read 2\n10:0 Read 3\n", JOBS_IO_KINDS, io, &n, 2);
	cr_assert(eq(int, (int)n, 2));
	cr_assert(eq(u64, io[0].v[JOBS_READ].value, 10));
	cr_assert(eq(u64, io[0].v[JOBS_WRITE].value, 20));
	cr_assert(not(io[0].v[JOBS_DISCARD].known));
	cr_assert(eq(u64, io[0].v[JOBS_IO_KINDS].value, 1));
	cr_assert(eq(u64, io[1].v[JOBS_IO_KINDS].value, 2));
}

Test(jobs_devices, tells_everything_from_nothing)
{
	struct jobs_device d[2];

	cr_assert(eq(int, jobs_parse_devices("a *:* rwm\n", d, 2), -1));
	cr_assert(eq(int, jobs_parse_devices("", d, 2), 0));
	cr_assert(eq(int,
		jobs_parse_devices(
			"c *:1 r\nb 8:0 r\nc 1:* r\nc 195:3 rwm\nc 226:128 r\nc 1:3 m\n", d, 2),
		2));
	cr_assert(eq(int, (int)d[0].major, 195));
	cr_assert(eq(int, (int)d[0].minor, 3));
}

Test(jobs_each_cpu, stops_at_what_is_no_number)
{
	uint64_t v[4];

	cr_assert(eq(int, (int)jobs_parse_each_cpu("1 2 3 \n", v, 4), 3));
	cr_assert(eq(int, (int)jobs_parse_each_cpu("1 2 3 4 5 6", v, 4), 4));
	cr_assert(eq(int, (int)jobs_parse_each_cpu("1 x 3", v, 4), 1));
}

Test(jobs_stat, trusts_no_name)
{
	struct jobs_stat s;

	cr_assert(eq(int,
		jobs_parse_stat("7 (a) S 9 (b)) R 1 1 1 0 -1 0 0 0 0 0 11 22 0 0 20 0 4 0 555 "
				"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17 3 0 0\n",
			&s),
		0));
	cr_assert(eq(u64, s.ticks, 33));
	cr_assert(eq(int, (int)s.threads, 4));
	cr_assert(eq(u64, s.start, 555));
	cr_assert(eq(int, (int)s.cpu, 3));
	cr_assert(eq(int, jobs_parse_stat("", &s), -EINVAL));
	cr_assert(eq(int, jobs_parse_stat("7 (a)", &s), -EINVAL));
	cr_assert(eq(int, jobs_parse_stat("7 (a) R 1 2 3", &s), -EINVAL));
}

Test(jobs_pids, are_numbers)
{
	unsigned pids[3];

	cr_assert(eq(int, (int)jobs_parse_pids("1\n0\nx\n22\n-3\n99999999999\n4", pids, 3), 3));
	cr_assert(eq(int, (int)pids[1], 22));
	cr_assert(eq(int, (int)pids[2], 4));
}

Test(jobs_word, has_no_character_that_harms)
{
	char word[8];

	cr_assert(
		jobs_parse_word("user x\naccount p\"h\\ys more\n", "account", word, sizeof(word)));
	cr_assert(eq(str, word, (char *)"p_h_ys"));
	cr_assert(not(jobs_parse_word("accounts x\naccount\n", "account", word, sizeof(word))));
}

Test(jobs_gpus, are_what_the_prolog_left)
{
	unsigned n[4];

	cr_assert(eq(int, jobs_parse_gpus("account x\ngpus 0,2-3\n", n, 4), 3));
	cr_assert(eq(int, (int)n[0], 0));
	cr_assert(eq(int, (int)n[2], 3));
	cr_assert(eq(int, jobs_parse_gpus("gpus none\n", n, 4), 0));
	cr_assert(lt(int, jobs_parse_gpus("account x\n", n, 4), 0), "does not say");
	cr_assert(lt(int, jobs_parse_gpus("gpus\n", n, 4), 0));
	cr_assert(lt(int, jobs_parse_gpus("gpus 0-9\n", n, 4), 0), "more than there is room for");
	cr_assert(lt(int, jobs_parse_gpus("gpus 3,1\n", n, 4), 0));
}

// NVIDIA's by address, where Slurm's numbers are theirs.
Test(jobs_gpus, have_names)
{
	static const unsigned numbers[] = {0, 2};
	char root[] = "/tmp/jobsight-gpus.XXXXXX";
	char command[600];
	char names[64];
	int fd;

	cr_assert_not_null(mkdtemp(root));
	fd = open(root, O_RDONLY | O_DIRECTORY);
	jobs_numbered_gpus(fd, numbers, 2, names, sizeof(names));
	cr_expect(eq(str, names, (char *)"gpu0 gpu2"), "another maker's");
	snprintf(command, sizeof(command),
		"cd %s; mkdir -p proc/driver/nvidia/gpus/0000:3b:00.0 proc/driver/nvidia/capabilities/gpu1/mig; "
		"echo 'Device Minor: 2' > proc/driver/nvidia/gpus/0000:3b:00.0/information",
		root);
	cr_assert_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own
	jobs_numbered_gpus(fd, numbers, 2, names, sizeof(names));
	cr_expect(eq(str, names, (char *)"nvidia0 0000:3b:00.0"));
	jobs_numbered_gpus(fd, numbers, 2, names, 12);
	cr_expect(eq(str, names, (char *)"nvidia0"), "cut where there is no room");
	snprintf(command, sizeof(command), "mkdir %s/proc/driver/nvidia/capabilities/gpu1/mig/gi3",
		root);
	cr_assert_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own
	jobs_numbered_gpus(fd, numbers, 2, names, sizeof(names));
	cr_expect(eq(str, names, (char *)"gpu0 gpu2"), "in parts");
	close(fd);
	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0); // NOLINT(cert-env33-c): a test's own
}

Test(jobs_fold, never_goes_back)
{
	static const uint64_t raw[] = {100, 250, 7, 7, 0, 5};
	static const uint64_t total[] = {100, 250, 250, 250, 250, 255};
	struct jobs_fold f = {0};

	for (size_t i = 0; i < ARRAY_LEN(raw); i++)
		cr_assert(eq(u64, jobs_fold(&f, raw[i]), total[i]), "%zu", i);
}

Test(jobs_files, each_row_can_be_read)
{
	for (unsigned i = 0; i < jobs_n_files; i++) {
		const struct jobs_file *f = &jobs_files[i];

		cr_assert(f->version == 1 || f->version == 2);
		cr_assert(eq(int, *f->controller != '\0', f->version == 1), "%s", f->name);
		cr_assert(eq(int, f->parse != NULL, f->take == NULL), "%s", f->name);
		cr_assert(f->n_keys <= JOBS_KEYS_MAX, "%s", f->name);
		if (f->instead)
			cr_assert(i > 0 && jobs_files[i - 1].take == f->take, "%s", f->name);
	}
}
