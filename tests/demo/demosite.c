// SPDX-License-Identifier: Apache-2.0
// demosite writes the record of a believable small cluster: archives of its nodes as a real
// pmlogger would have written them, the dump of its accounting, and the truth about both. The same
// seed and end give the same bytes, whatever the number of workers.
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/str.h"
#include "tests/demo/node.h"
#include "tests/demo/truth.h"

#define MAX_WORKERS NODES

static const char help[] =
	"Usage: demosite [OPTION]... DIR\n"
	"Writes DIR/archives/<host>/<yyyy>/<mm>/<dd>/, DIR/sacct.txt and DIR/truth.tsv: 12 CPU nodes,\n"
	"4 GPU nodes, 40 users in 8 accounts.\n"
	"\n"
	"  --end TIME           when the record ends (UTC); default: the last midnight\n"
	"  --days N             days of accounting (60)\n"
	"  --archive-days N     of them the last N with archives (7)\n"
	"  --scale PERCENT      of the usual number of jobs (100: about 5,000 in 60 days)\n"
	"  --seed N             another seed gives another record (1)\n"
	"  --workers N          processes that write archives (2)\n"
	"  --help               this text\n";

struct arguments {
	const char *directory;
	int64_t end_s;
	uint64_t days, archive_days, seed, workers, scale;
};

static bool parse_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"end", required_argument, NULL, 'e'},
		{"days", required_argument, NULL, 'd'},
		{"archive-days", required_argument, NULL, 'a'},
		{"seed", required_argument, NULL, 's'}, {"workers", required_argument, NULL, 'w'},
		{"scale", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct arguments a = {.days = 60, .archive_days = 7, .seed = 1, .workers = 2, .scale = 100};
	int bad = 0;
	int c;

	a.end_s = (int64_t)time(NULL) / DAY * DAY;
	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		uint64_t *number = c == 'd'   ? &a.days
		                   : c == 'a' ? &a.archive_days
		                   : c == 's' ? &a.seed
		                   : c == 'w' ? &a.workers
		                   : c == 'c' ? &a.scale
		                              : NULL;
		if (c == 'h') {
			fputs(help, stdout);
			exit(0);
		}
		if (c == 'e')
			bad |= parse_time(optarg, NULL, &a.end_s) < 0;
		else
			bad |= !number || parse_u64(optarg, number) < 0;
	}
	if (a.days == 0 || a.days > 3650 || a.archive_days > a.days || a.workers == 0 ||
		a.workers > MAX_WORKERS || a.scale == 0 || a.scale > 300 || optind != argc - 1)
		bad = 1;
	if (!bad)
		a.directory = argv[optind];
	*ret = a;
	return !bad;
}

static bool fail(const char *what)
{
	fprintf(stderr, "demosite: %s: %s\n", what, strerror(errno));
	return false;
}

// Each worker takes every n-th node; nodes do not depend on each other.
static int work(
	const struct site *s, int worker, int workers, const char *root, struct truth *truth)
{
	for (int node = worker; node < NODES; node += workers) {
		char why[256];

		if (!node_write(s, node, root, truth, why)) {
			fprintf(stderr, "demosite: %s: %s\n", node_name(node), why);
			return 1;
		}
	}
	return 0;
}

static bool write_archives(const struct site *s, int workers, const char *root, struct truth *truth)
{
	pid_t pids[MAX_WORKERS];
	int started = 0;
	bool done = true;

	for (; started < workers; started++) {
		pids[started] = fork();
		if (pids[started] == 0)
			_exit(work(s, started, workers, root, truth));
		if (pids[started] < 0) {
			done = fail("fork");
			break;
		}
	}
	for (int i = 0; i < started; i++) {
		int status = 0;

		if (waitpid(pids[i], &status, 0) < 0 || status != 0)
			done = false;
	}
	return done;
}

static bool write_site(const struct site *s, const struct arguments *a)
{
	size_t size = (s->n_jobs * NODES + 1) * sizeof(struct truth);
	struct truth *truth =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[512];
	bool done = false;

	if (truth == MAP_FAILED)
		return fail("memory");
	if (!str_format(path, sizeof(path), "%s/archives", a->directory) ||
		(mkdir(a->directory, 0755) < 0 && errno != EEXIST) ||
		(mkdir(path, 0755) < 0 && errno != EEXIST))
		done = fail(a->directory);
	else
		done = a->archive_days == 0 || write_archives(s, (int)a->workers, path, truth);
	if (done) {
		done = str_format(path, sizeof(path), "%s/sacct.txt", a->directory) &&
		       sacct_write(s, path);
		done = done && str_format(path, sizeof(path), "%s/truth.tsv", a->directory) &&
		       truth_write(s, truth, path);
		if (!done)
			fail(path);
		if (done && !surroundings_write(s, a->directory))
			done = fail(a->directory);
	}
	munmap(truth, size);
	return done;
}

int main(int argc, char **argv)
{
	struct arguments a;
	struct site s = {0};
	bool done;

	if (!parse_arguments(argc, argv, &a)) {
		fputs(help, stderr);
		return 2;
	}
	s.seed = a.seed;
	s.end_s = a.end_s;
	s.begin_s = a.end_s - (int64_t)a.days * DAY;
	s.archives_begin_s = a.end_s - (int64_t)a.archive_days * DAY;
	s.scale = (double)a.scale / 100 * (double)a.days / 60;
	if (!site_populate(&s)) {
		site_release(&s);
		fail("jobs");
		return 1;
	}
	done = write_site(&s, &a);
	if (done)
		printf("%zu jobs, %zu node failures\n", s.n_jobs, s.n_outages);
	site_release(&s);
	return done ? 0 : 1;
}
