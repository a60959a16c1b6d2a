// SPDX-License-Identifier: Apache-2.0
// What clients of file systems write: lines that say their own meaning, and lines that do not; statistics that
// are cleared; a child that hangs.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/macro.h"
#include "pmdas/filesystems/beegfs.h"
#include "pmdas/filesystems/gpfs.h"
#include "pmdas/filesystems/lustre.h"
#include "pmdas/filesystems/mmpmon.h"
#include "pmdas/filesystems/nfs.h"

Test(filesystems_count, carries_on_when_cleared)
{
	struct filesystems_lustre r = {0};
	struct filesystems_fold folds[FILESYSTEMS_READINGS(r)] = {0};
	static const uint64_t raw[] = {100, 250, 7, 7, 0, UINT64_MAX};
	static const uint64_t total[] = {100, 250, 257, 257, 257, 256};

	// The last one wraps with the sum: its increase is right.
	for (size_t i = 0; i < ARRAY_LEN(raw); i++) {
		filesystems_count(&r, folds, &r.opens, raw[i]);
		cr_assert(eq(u64, r.opens.value, total[i]), "%zu", i);
	}
	cr_assert(not(r.closes.known));
}

Test(filesystems_name, is_safe_and_short)
{
	char name[24];

	filesystems_name(name, sizeof(name), "/mnt/a b\"\\\n");
	cr_assert(eq(str, name, (char *)"/mnt/a_b___"));
	filesystems_name(name, sizeof(name), "/a/very/long/mount/point/indeed");
	cr_assert(eq(sz, strlen(name), 23));
	cr_assert(eq(chr, name[14], '+'));
}

Test(lustre, lines)
{
	static const struct {
		const char *text;
		int rc;
		unsigned n;
	} cases[] = {
		{"read_bytes 100 samples [bytes] 4096 1048576 1000000 5000000000", 1, 4},
		{"open                      31 samples [usecs] 10 20 300 4000", 1, 4},
		{"brand_new 3 samples [furlongs] 1 2 5", 1, 3},
		{"dirty_pages_hits          64 samples [regs]", 1, 0},
		{"snapshot_time             1700000000.123456789 secs.nsecs", 0, 0},
		{"elapsed_time 3 secs", 0, 0},
		{"a 1 samples [x] 1 2 3 4 5", -EINVAL, 0},
		{"a 1 samples [x] 1 b", -EINVAL, 0},
		{"a -1 samples [x]", -EINVAL, 0},
		{"a 1 samples x", -EINVAL, 0},
		{"a 18446744073709551616 samples [x]", -EINVAL, 0},
		{"something else entirely", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct lustre_line l = {0};

		cr_assert(eq(int, lustre_parse_line(cases[i].text, &l), cases[i].rc), "%s",
			cases[i].text);
		cr_assert(eq(uint, l.n, cases[i].n), "%s", cases[i].text);
	}
}

Test(lustre, names)
{
	static const char *const cases[][2] = {
		{"scratch-ffff8c0123456000", "scratch"},
		{"scratch-OST0000-osc-ffff8c0123456000", "scratch-OST0000"},
		{"scratch-MDT0001-mdc-ffff8c0123456000", "scratch-MDT0001"},
		{"plain", "plain"},
		{"my-fs", "my-fs"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char name[128];

		lustre_short_name(name, sizeof(name), cases[i][0]);
		cr_assert(eq(str, name, (char *)cases[i][1]));
	}
}

Test(lustre, lnet)
{
	uint64_t v[11] = {0};

	cr_assert(eq(int, lustre_parse_lnet("3 40 1 1000 2000 0 5 1000000 2000000 0 640\n", v), 0));
	cr_assert(eq(u64, v[3], 1000));
	cr_assert(eq(u64, v[10], 640));
	cr_assert(eq(int, lustre_parse_lnet("1 2 3\n", v), -EINVAL));
}

static unsigned parse_nfs(struct filesystems *f, const char *text, uint64_t *unknown)
{
	char *copy = strdup(text);
	unsigned n;

	if (f->nfs == NULL)
		f->nfs = nfs_new(f);
	n = nfs_parse(f->nfs, copy, unknown);
	free(copy);
	return n;
}

Test(nfs, understands_and_counts_what_it_does_not)
{
	struct filesystems f = {0};
	uint64_t unknown = 0;

	cr_assert(eq(uint,
		parse_nfs(&f,
			"device a:/b mounted on /c with fstype nfs statvers=1.1\n"
			"\tbytes:\t1 2 3 4 5 6 7 8\n"
			"\tREAD: 1 1 0 1 1 1 1 1\n"
			"\tevents:\n\tREAD: x\n\tnonsense\n"
			"device none mounted on /d with fstype tmpfs\nnonsense of others\n",
			&unknown),
		1));
	cr_assert(eq(u64, unknown, 3));
	// Not an NFS mount: no statistics.
	cr_assert(eq(
		uint, parse_nfs(&f, "device a:/b mounted on /e with fstype nfsd\n", &unknown), 0));
	nfs_free(f.nfs);
}

Test(gpfs, lines)
{
	struct gpfs_reply r;
	static const char answer[] =
		"_fs_io_s_ _n_ 1.2.3.4 _nn_ n1 _rc_ 0 _t_ 1 _tu_ 2 _cl_ c.l _fs_ g1 "
		"_d_ 2 _br_ 3 _bw_ 4 _oc_ 5 _cc_ 6 _rdc_ 7 _wc_ 8 _dir_ 9 _iu_ 10";

	cr_assert(eq(int, gpfs_parse_line(answer, &r), 1));
	cr_assert(eq(str, r.filesystem, (char *)"g1"));
	cr_assert(eq(u64, r.values.read_bytes.value, 3));
	cr_assert(eq(u64, r.values.inode_updates.value, 10));
	cr_assert(eq(int, gpfs_parse_line("_ver_ _n_ 1.2.3.4", &r), 2));
	cr_assert(eq(int, gpfs_parse_line("_response_ begin mmpmon fs_io_s", &r), 0));
	cr_assert(eq(int, gpfs_parse_line("_fs_io_s_ _rc_ 1 _fs_ -", &r), 0));
	cr_assert(eq(int, gpfs_parse_line("_fs_io_s_ _rc_ 0 _fs_ g1 _br_ x _bw_ 1", &r), -EINVAL));
	cr_assert(eq(int, gpfs_parse_line("_fs_io_s_ _rc_ 0 _fs_ g1 _br_ 1", &r), -EINVAL));
	cr_assert(eq(int, gpfs_parse_line("mmpmon: cannot connect", &r), -EINVAL));
}

static int64_t in_ms(int64_t ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec + ms * 1000000;
}

Test(mmpmon, lines_of_a_child)
{
	struct mmpmon m = {.path = "/bin/cat"};
	const char *line = NULL;

	// cat does not know -p and ends: the end of its answer is seen, whatever we ask.
	cr_assert(eq(int, mmpmon_start(&m), 0));
	(void)mmpmon_ask(&m, "hello\n");
	cr_assert(eq(int, mmpmon_line(&m, in_ms(60000), &line), 0));
	mmpmon_stop(&m);
	cr_assert(eq(int, m.pid, 0));
	memcpy(m.path, "/nowhere", sizeof("/nowhere"));
	cr_assert(eq(int, mmpmon_start(&m), -ENOENT));
}

Test(beegfs, status_and_servers)
{
	struct filesystems_beegfs r = {0};
	char status[] =
		"numAvailableMsgBufs: 65\nnumDelayedClose: 1\nnumOther: 5\nnumEnqueuedAcks: x\n";
	char nodes[] =
		"a [ID: 1]\n   Connections: RDMA: 4 (10.0.0.2:8003); TCP: 1 (10.1.0.2:8003);\n"
		"b [ID: 2]\n   Connections: <none>\n";

	cr_assert(eq(u64, beegfs_parse_status(status, &r), 2));
	cr_assert(eq(u64, r.buffers.value, 65));
	cr_assert(not(r.acks.known));
	cr_assert(eq(uint, beegfs_parse_nodes(nodes, &r), 2));
	cr_assert(eq(u64, r.rdma.value, 4));
	cr_assert(eq(u64, r.tcp.value, 1));
}
