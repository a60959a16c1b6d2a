// SPDX-License-Identifier: Apache-2.0
// Which files of control groups are read, and where their values go; one row each.
#include "pmdas/jobs/files.h"

#include "common/macro.h"
#include "pmdas/jobs/jobs.h"

#define FIELD(name) offsetof(struct jobs_group, name)

#define TICK 10000 // microseconds: what the kernel shows to users is in hundredths of a second

// Rows: name in the file, field, kind.
static const struct jobs_key cpu_stat_2[] = {
	{"usage_usec", FIELD(cpu_usage), JOBS_COUNTER},
	{"user_usec", FIELD(cpu_user), JOBS_COUNTER},
	{"system_usec", FIELD(cpu_system), JOBS_COUNTER},
	{"nr_periods", FIELD(periods), JOBS_COUNTER},
	{"nr_throttled", FIELD(throttled_periods), JOBS_COUNTER},
	{"throttled_usec", FIELD(throttled), JOBS_COUNTER},
};
static const struct jobs_key cpu_stat_1[] = {
	{"nr_periods", FIELD(periods), JOBS_COUNTER},
	{"nr_throttled", FIELD(throttled_periods), JOBS_COUNTER},
	{"throttled_time", FIELD(throttled), JOBS_COUNTER, .divide = 1000},
};
static const struct jobs_key cpuacct_usage[] = {
	{"", FIELD(cpu_usage), JOBS_COUNTER, .divide = 1000}};
static const struct jobs_key cpuacct_stat[] = {
	{"user", FIELD(cpu_user), JOBS_COUNTER, .multiply = TICK},
	{"system", FIELD(cpu_system), JOBS_COUNTER, .multiply = TICK},
};
static const struct jobs_key cpu_limit[] = {{"", FIELD(cpu_limit), JOBS_STAYS}};
static const struct jobs_key quota[] = {{"", FIELD(quota), JOBS_STAYS}};
static const struct jobs_key period[] = {{"", FIELD(period), JOBS_STAYS}};

static const struct jobs_key current[] = {{"", FIELD(memory_current), JOBS_NOW}};
static const struct jobs_key peak[] = {{"", FIELD(memory_peak), JOBS_STAYS}};
static const struct jobs_key limit[] = {{"", FIELD(memory_limit), JOBS_STAYS}};
static const struct jobs_key events_2[] = {
	{"high", FIELD(memory_high), JOBS_COUNTER},
	{"max", FIELD(memory_max), JOBS_COUNTER},
	{"oom", FIELD(oom), JOBS_COUNTER},
	{"oom_kill", FIELD(oom_kills), JOBS_COUNTER},
};
static const struct jobs_key failcnt[] = {{"", FIELD(memory_max), JOBS_COUNTER}};
static const struct jobs_key oom_control[] = {
	{"oom_kill", FIELD(oom_kills), JOBS_COUNTER},
};
static const struct jobs_key stat_2[] = {
	{"anon", FIELD(anon), JOBS_NOW},
	{"file", FIELD(file), JOBS_NOW},
	{"kernel", FIELD(kernel), JOBS_NOW},
	{"shmem", FIELD(shmem), JOBS_NOW},
	{"file_mapped", FIELD(mapped), JOBS_NOW},
	{"pgfault", FIELD(faults), JOBS_COUNTER},
	{"pgmajfault", FIELD(major_faults), JOBS_COUNTER},
};
static const struct jobs_key stat_1[] = {
	{"total_cache", FIELD(file), JOBS_NOW},
	{"total_rss", FIELD(anon), JOBS_NOW},
	{"total_shmem", FIELD(shmem), JOBS_NOW},
	{"total_mapped_file", FIELD(mapped), JOBS_NOW},
	{"total_pgfault", FIELD(faults), JOBS_COUNTER},
	{"total_pgmajfault", FIELD(major_faults), JOBS_COUNTER},
	{"total_swap", FIELD(swap_current), JOBS_NOW},
};
static const struct jobs_key swap[] = {{"", FIELD(swap_current), JOBS_NOW}};
static const struct jobs_key swap_peak[] = {{"", FIELD(swap_peak), JOBS_STAYS}};
static const struct jobs_key swap_limit[] = {{"", FIELD(swap_limit), JOBS_STAYS}};
static const struct jobs_key huge_2m[] = {{"", FIELD(huge_2m), JOBS_NOW}};
static const struct jobs_key huge_1g[] = {{"", FIELD(huge_1g), JOBS_NOW}};

static const struct jobs_key pids[] = {{"", FIELD(pids_current), JOBS_NOW}};
static const struct jobs_key pids_peak[] = {{"", FIELD(pids_peak), JOBS_STAYS}};
static const struct jobs_key pids_limit[] = {{"", FIELD(pids_limit), JOBS_STAYS}};
static const struct jobs_key pids_events[] = {{"max", FIELD(pids_refused), JOBS_COUNTER}};

#define PRESSURE(what)                                                 \
	static const struct jobs_key pressure_##what[] = {             \
		{"some", FIELD(pressure_##what##_some), JOBS_COUNTER}, \
		{"full", FIELD(pressure_##what##_full), JOBS_COUNTER}, \
	}
PRESSURE(cpu);
PRESSURE(memory);
PRESSURE(io);
PRESSURE(irq);

#define ROW(version_, controller_, name_, cluster, pace_)                    \
	.version = (version_), .controller = (controller_), .name = (name_), \
	.clusters = JOBS_BIT(cluster), .pace = JOBS_##pace_

#define FILE(version, controller, name, cluster, pace, parser, keys_)                             \
	{                                                                                         \
		ROW(version, controller, name, cluster, pace),                                    \
			.parse = jobs_parse_##parser, .keys = (keys_), .n_keys = ARRAY_LEN(keys_) \
	}

#define WHOLE(version, controller, name, cluster, pace, what)                           \
	{                                                                               \
		ROW(version, controller, name, cluster, pace), .take = jobs_take_##what \
	}

#define INSTEAD(version, controller, name, cluster, pace, what)                         \
	{                                                                               \
		ROW(version, controller, name, cluster, pace), .instead = true,         \
							       .take = jobs_take_##what \
	}

const struct jobs_file jobs_files[] = {
	FILE(2, "", "cpu.stat", CPU, OFTEN, keyed, cpu_stat_2),
	FILE(2, "", "cpu.max", LIMIT, SELDOM, quota, cpu_limit),
	FILE(2, "", "memory.current", MEMORY, OFTEN, number, current),
	FILE(2, "", "memory.peak", PEAK, OFTEN, number, peak),
	FILE(2, "", "memory.max", LIMIT, SELDOM, number, limit),
	FILE(2, "", "memory.events", EVENTS, OFTEN, keyed, events_2),
	FILE(2, "", "memory.stat", STAT, OFTEN, keyed, stat_2),
	FILE(2, "", "memory.swap.current", SWAP, OFTEN, number, swap),
	FILE(2, "", "memory.swap.peak", SWAP, OFTEN, number, swap_peak),
	FILE(2, "", "memory.swap.max", LIMIT, SELDOM, number, swap_limit),
	FILE(2, "", "hugetlb.2MB.current", HUGE, OFTEN, number, huge_2m),
	FILE(2, "", "hugetlb.1GB.current", HUGE, OFTEN, number, huge_1g),
	WHOLE(2, "", "io.stat", IO, OFTEN, io),
	FILE(2, "", "pids.current", PIDS, OFTEN, number, pids),
	FILE(2, "", "pids.peak", PIDS, OFTEN, number, pids_peak),
	FILE(2, "", "pids.max", LIMIT, SELDOM, number, pids_limit),
	FILE(2, "", "pids.events", PIDS, OFTEN, keyed, pids_events),
	FILE(2, "", "cpu.pressure", PRESSURE, OFTEN, pressure, pressure_cpu),
	FILE(2, "", "memory.pressure", PRESSURE, OFTEN, pressure, pressure_memory),
	FILE(2, "", "io.pressure", PRESSURE, OFTEN, pressure, pressure_io),
	FILE(2, "", "irq.pressure", IRQ, OFTEN, pressure, pressure_irq),
	WHOLE(2, "", "cpuset.cpus.effective", FACTS, SELDOM, cpus),
	FILE(1, "cpuacct", "cpuacct.usage", CPU, OFTEN, number, cpuacct_usage),
	FILE(1, "cpuacct", "cpuacct.stat", CPU, OFTEN, keyed, cpuacct_stat),
	FILE(1, "cpu", "cpu.stat", CPU, OFTEN, keyed, cpu_stat_1),
	FILE(1, "cpu", "cpu.cfs_quota_us", LIMIT, SELDOM, number, quota),
	FILE(1, "cpu", "cpu.cfs_period_us", LIMIT, SELDOM, number, period),
	FILE(1, "memory", "memory.usage_in_bytes", MEMORY, OFTEN, number, current),
	FILE(1, "memory", "memory.max_usage_in_bytes", PEAK, OFTEN, number, peak),
	FILE(1, "memory", "memory.limit_in_bytes", LIMIT, SELDOM, number, limit),
	FILE(1, "memory", "memory.failcnt", EVENTS, OFTEN, number, failcnt),
	FILE(1, "memory", "memory.oom_control", EVENTS, OFTEN, keyed, oom_control),
	FILE(1, "memory", "memory.stat", STAT, OFTEN, keyed, stat_1),
	FILE(1, "hugetlb", "hugetlb.2MB.usage_in_bytes", HUGE, OFTEN, number, huge_2m),
	FILE(1, "hugetlb", "hugetlb.1GB.usage_in_bytes", HUGE, OFTEN, number, huge_1g),
	WHOLE(1, "blkio", "blkio.throttle.io_service_bytes_recursive", IO, OFTEN, bytes),
	INSTEAD(1, "blkio", "blkio.throttle.io_service_bytes", IO, OFTEN, bytes),
	WHOLE(1, "blkio", "blkio.throttle.io_serviced_recursive", IO, OFTEN, calls),
	INSTEAD(1, "blkio", "blkio.throttle.io_serviced", IO, OFTEN, calls),
	FILE(1, "pids", "pids.current", PIDS, OFTEN, number, pids),
	FILE(1, "pids", "pids.peak", PIDS, OFTEN, number, pids_peak),
	FILE(1, "pids", "pids.max", LIMIT, SELDOM, number, pids_limit),
	FILE(1, "pids", "pids.events", PIDS, OFTEN, keyed, pids_events),
	WHOLE(1, "cpuset", "cpuset.effective_cpus", FACTS, SELDOM, cpus),
	INSTEAD(1, "cpuset", "cpuset.cpus", FACTS, SELDOM, cpus),
	WHOLE(1, "cpuacct", "cpuacct.usage_percpu", CORE, OFTEN, each_cpu),
	WHOLE(1, "devices", "devices.list", FACTS, SELDOM, devices),
};

const unsigned jobs_n_files = ARRAY_LEN(jobs_files);

_Static_assert(ARRAY_LEN(jobs_files) <= JOBS_FILES_MAX, "a group has too few descriptors");
