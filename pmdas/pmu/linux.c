// SPDX-License-Identifier: Apache-2.0
// Linux' perf_event_open(2). Events only count: nothing is sampled, no interrupt asked for.
#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pmdas/pmu/kernel.h"

// A handle is the descriptor and one.
static int fd_of(intptr_t handle)
{
	return (int)handle - 1;
}

static int open_event(void *context, const struct pmu_open *what, intptr_t *ret)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = what->encoding.type,
		.config = what->encoding.config[0],
		.config1 = what->encoding.config[1],
		.config2 = what->encoding.config[2],
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
	                       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = what->leader == 0,
	};
	unsigned long flags = PERF_FLAG_FD_CLOEXEC;
	long fd;

	(void)context;
	if (what->cgroup != NULL)
		flags |= PERF_FLAG_PID_CGROUP;
	fd = syscall(SYS_perf_event_open, &attr, what->cgroup ? what->cgroup_fd : -1,
		(int)what->cpu, fd_of(what->leader), flags);
	if (fd < 0)
		return -errno;
	*ret = fd + 1;
	return 0;
}

static void start_group(intptr_t leader)
{
	(void)ioctl(fd_of(leader), PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
}

static int read_group(intptr_t leader, struct pmu_sample *ret)
{
	uint64_t words[3 + PMU_GROUP_MAX];
	ssize_t n = read(fd_of(leader), words, sizeof(words));

	if (n < 0)
		return -errno;
	if (n < (ssize_t)(3 * sizeof(*words)) || words[0] > PMU_GROUP_MAX ||
		n < (ssize_t)((3 + words[0]) * sizeof(*words)))
		return -EIO; // the group is in error and will not count again
	ret->n = (unsigned)words[0];
	ret->enabled = words[1];
	ret->running = words[2];
	memcpy(ret->values, words + 3, ret->n * sizeof(*words));
	return 0;
}

static void close_event(intptr_t handle)
{
	close(fd_of(handle));
}

const struct pmu_kernel pmu_linux = {
	.open = open_event,
	.start = start_group,
	.read = read_group,
	.close = close_event,
};
