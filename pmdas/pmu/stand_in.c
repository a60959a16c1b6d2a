// SPDX-License-Identifier: Apache-2.0
// A kernel of text files, and one of software events; see kernel.h.
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pcp/pmapi.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/pmu/kernel.h"

struct counts {
	uint64_t value, enabled, running;
};

struct event {
	int root;
	char path[400];
	struct counts base; // when it was opened
	struct event *leader;
	struct event *next; // of the group
	unsigned n;         // events of the group, in its leader
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int parse_counts(char *text, struct counts *ret)
{
	struct counts c = {.enabled = now_ns()};
	uint64_t *const to[] = {&c.value, &c.enabled, &c.running};
	unsigned n = 0;
	uint64_t error;

	if (strncmp(text, "error ", 6) == 0)
		return frame_parse_number(text + 6, &error) == 0 && error && error < 4096
		               ? -(int)error
		               : -EIO;
	for (char *s = text; *s != '\0'; s += strspn(s, " \n")) {
		size_t len = strcspn(s, " \n");
		bool last = s[len] == '\0';

		s[len] = '\0';
		if (n == ARRAY_LEN(to) || frame_parse_number(s, to[n++]) < 0)
			return -EIO;
		s += len + !last;
	}
	if (n != 1 && n != ARRAY_LEN(to))
		return -EIO;
	if (n == 1)
		c.running = c.enabled;
	*ret = c;
	return 0;
}

static int read_counts(const struct event *e, struct counts *ret)
{
	char text[128];
	ssize_t n = frame_read_file(e->root, e->path, text, sizeof(text));

	return n < 0 ? (int)n : parse_counts(text, ret);
}

static void name_event(const struct pmu_open *what, char *ret, size_t size)
{
	const struct pmu_encoding *e = &what->encoding;
	const char *cgroup = what->cgroup ? what->cgroup : "";
	char more[40] = "";

	if (e->config[1] != 0)
		pmsprintf(more, sizeof(more), ",%llx", (unsigned long long)e->config[1]);
	pmsprintf(ret, size, "perf%s%s/%u/%llx%s/%u", what->cgroup ? "/cgroup" : "", cgroup,
		e->type, (unsigned long long)e->config[0], more, what->cpu);
}

// The hardware has so many counters and no more.
static bool has_room(int root, const struct event *leader)
{
	uint64_t counters;

	return frame_read_number(root, "perf/counters", &counters) < 0 || leader->n < counters;
}

static int open_event(void *context, const struct pmu_open *what, intptr_t *ret)
{
	struct event *leader = (struct event *)what->leader;
	struct event *e = calloc(1, sizeof(*e));
	int rc;

	if (e == NULL)
		return -ENOMEM;
	e->root = *(const int *)context;
	name_event(what, e->path, sizeof(e->path));
	rc = read_counts(e, &e->base);
	if (rc == 0 && leader != NULL && !has_room(e->root, leader))
		rc = -EINVAL;
	if (rc < 0) {
		free(e);
		return rc;
	}
	e->leader = leader ? leader : e;
	e->leader->n++;
	if (leader != NULL) {
		struct event *last = leader;

		while (last->next != NULL)
			last = last->next;
		last->next = e;
	}
	*ret = (intptr_t)e;
	return 0;
}

static void start_group(intptr_t leader)
{
	(void)leader;
}

static int read_group(intptr_t handle, struct pmu_sample *ret)
{
	const struct event *leader = (const struct event *)handle;
	struct counts c = {0};

	ret->n = 0;
	for (const struct event *e = leader; e != NULL && ret->n < PMU_GROUP_MAX; e = e->next) {
		TRY(read_counts(e, &c));
		if (e == leader) {
			ret->enabled = c.enabled - e->base.enabled;
			ret->running = c.running - e->base.running;
		}
		ret->values[ret->n++] = c.value - e->base.value;
	}
	return 0;
}

static void close_event(intptr_t handle)
{
	struct event *e = (struct event *)handle;

	if (e->leader != e) {
		struct event *before = e->leader;

		while (before->next != e)
			before = before->next;
		before->next = e->next;
		e->leader->n--;
	}
	free(e);
}

const struct pmu_kernel pmu_stand_in = {
	.open = open_event,
	.start = start_group,
	.read = read_group,
	.close = close_event,
};

static int open_software(void *context, const struct pmu_open *what, intptr_t *ret)
{
	struct pmu_open other = *what;

	other.encoding =
		(struct pmu_encoding){.type = PERF_TYPE_SOFTWARE, .config = {PERF_COUNT_SW_DUMMY}};
	other.cpu = (unsigned)sched_getcpu();
	other.cgroup = NULL;
	return pmu_linux.open(context, &other, ret);
}

static void start_software(intptr_t leader)
{
	pmu_linux.start(leader);
}

static int read_software(intptr_t leader, struct pmu_sample *ret)
{
	return pmu_linux.read(leader, ret);
}

static void close_software(intptr_t handle)
{
	pmu_linux.close(handle);
}

const struct pmu_kernel pmu_software = {
	.open = open_software,
	.start = start_software,
	.read = read_software,
	.close = close_software,
};

const struct pmu_kernel *pmu_kernel_of(int root, bool is_stand_in)
{
	if (!is_stand_in)
		return &pmu_linux;
	return faccessat(root, "perf/software", F_OK, 0) == 0 ? &pmu_software : &pmu_stand_in;
}
