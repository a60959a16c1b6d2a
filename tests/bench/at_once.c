// SPDX-License-Identifier: Apache-2.0
// at_once TOTAL N COMMAND...: runs COMMAND, N at once, until TOTAL have run; prints median, 99th
// percentile and maximum of their times from fork to end, in milliseconds, how many failed, and the
// processor time of one, in milliseconds.
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"

struct child {
	pid_t pid;
	int64_t begun;
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double reap(const struct child *c, size_t n, size_t *failed)
{
	int status = 0;
	pid_t pid = wait(&status);
	int64_t now = clock_monotonic_ns();

	*failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	for (size_t i = 0; i < n; i++)
		if (c[i].pid == pid)
			return (double)(now - c[i].begun) / 1e6;
	return 0;
}

static void start(struct child *c, char **command)
{
	c->begun = clock_monotonic_ns();
	c->pid = fork();
	if (c->pid == 0) {
		execv(command[0], command);
		_exit(127);
	}
}

static double cpu_ms(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
}

int main(int argc, char **argv)
{
	uint64_t total = 0;
	uint64_t n = 0;
	size_t done = 0;
	size_t failed = 0;

	if (argc < 4 || parse_u64(argv[1], &total) < 0 || parse_u64(argv[2], &n) < 0 || n == 0 ||
		total < n)
		return 2;
	AUTO_FREE struct child *c = memory_alloc(n, sizeof(*c));
	AUTO_FREE double *ms = memory_alloc(total, sizeof(*ms));
	while (done + n <= total) {
		for (size_t i = 0; i < n; i++)
			start(&c[i], argv + 3);
		for (size_t i = 0; i < n; i++)
			ms[done++] = reap(c, n, &failed);
		usleep(20000);
	}
	qsort(ms, done, sizeof(*ms), by_value);
	printf("%.2f %.2f %.2f %zu %.2f\n", ms[done / 2], ms[(done - 1) * 99 / 100], ms[done - 1],
		failed, cpu_ms() / (double)done);
	return 0;
}
