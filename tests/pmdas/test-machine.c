// SPDX-License-Identifier: Apache-2.0
// Whole machines made of files: what is read where, what is missing, wraps, resets, CPUs that go.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/msr/msr.h"

#define SECOND INT64_C(1000000000)
#define ALL    UINT64_MAX

struct machine {
	char root[64];
	struct msr *msr;
	int64_t now;
};

static void put(const struct machine *m, const char *text, const char *fmt, ...) PRINTF_LIKE(3, 4);

// Writes a file below the root, making the folders.
static void put(const struct machine *m, const char *text, const char *fmt, ...)
{
	char path[256];
	size_t len = strlen(m->root);
	va_list ap;
	FILE *f;

	memcpy(path, m->root, len);
	path[len] = '/';
	va_start(ap, fmt);
	vsnprintf(path + len + 1, sizeof(path) - len - 1, fmt, ap);
	va_end(ap);
	for (char *s = path + len + 1; (s = strchr(s, '/')) != NULL; *s++ = '/') {
		*s = '\0';
		(void)mkdir(path, 0755);
	}
	f = fopen(path, "w");
	cr_assert(f != NULL, "%s", path);
	fputs(text, f);
	fclose(f);
}

static void set(const struct machine *m, unsigned cpu, unsigned address, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	put(m, text, "dev/cpu/%u/msr.d/0x%x", cpu, address);
}

// Two packages of two cores each, CPUs 0 to 3.
static struct machine make(const char *cpuinfo)
{
	struct machine m = {.root = "/tmp/jobsight-machine.XXXXXX", .now = SECOND};
	const char *const digit[] = {"0", "1", "2", "3"};

	cr_assert(mkdtemp(m.root) != NULL);
	put(&m, cpuinfo, "proc/cpuinfo");
	put(&m, "0-3\n", "sys/devices/system/cpu/present");
	for (unsigned cpu = 0; cpu < 4; cpu++) {
		put(&m, digit[cpu / 2], "sys/devices/system/cpu/cpu%u/topology/physical_package_id",
			cpu);
		put(&m, digit[cpu % 2], "sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
		put(&m, "1", "dev/cpu/%u/msr.d/0x10", cpu);
	}
	return m;
}

#define SKYLAKE "vendor_id: GenuineIntel\ncpu family: 6\nmodel: 85\nstepping: 4\n"
#define ROME    "vendor_id: AuthenticAMD\ncpu family: 23\nmodel: 49\nstepping: 0\n"

static struct machine start(struct machine m)
{
	const struct frame_options options = {.root = m.root, .period_ns = 10 * SECOND};

	cr_assert(eq(int, msr_open_machine(&options, &m.msr), 0));
	return m;
}

static void poll(struct machine *m, int64_t seconds)
{
	m->now += seconds * SECOND;
	for (size_t i = 0; i < m->msr->n_cpus; i++) {
		msr_sample(&m->msr->cpus[i], ALL);
		msr_publish(&m->msr->cpus[i], ALL, m->now);
	}
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void stop(struct machine *m)
{
	msr_close(m->msr);
	nftw(m->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

Test(machine, package_registers_are_read_on_one_cpu_only)
{
	struct machine m = make(SKYLAKE);

	// Only the first CPU of each package has them here: reading elsewhere would find nothing.
	for (unsigned cpu = 0; cpu < 4; cpu += 2) {
		set(&m, cpu, 0x606, 0xa0e03);
		set(&m, cpu, 0x611, (cpu + 5) << 14);
	}
	m = start(m);
	cr_assert(eq(sz, m.msr->n_packages, 2));
	cr_assert(eq(sz, m.msr->n_planes, 2));
	poll(&m, 10);
	cr_assert(m.msr->packages[0].energy.reading.known);
	cr_assert(eq(u64, m.msr->packages[0].energy.reading.value, 5000000));
	cr_assert(eq(u64, m.msr->packages[1].energy.reading.value, 7000000));
	cr_assert(eq(u64, m.msr->node.errors.value, 0));
	stop(&m);
}

Test(machine, what_is_missing_or_zero_is_not_known)
{
	struct machine m = start(make(SKYLAKE));

	set(&m, 0, 0x606, 0xa0e03);
	set(&m, 0, 0x619, 0);
	set(&m, 2, 0x611, 123); // without the register of units
	poll(&m, 10);
	cr_assert(not(m.msr->packages[0].energy.reading.known)); // no register
	cr_assert(not(m.msr->packages[0].dram.reading.known));   // zero
	cr_assert(not(m.msr->packages[1].energy.reading.known)); // no unit
	cr_assert(not(m.msr->planes[0].energy.reading.known));
	cr_assert(not(m.msr->cpus[0].aperf.reading.known));
	cr_assert(not(m.msr->cpus[0].effective.known));
	cr_assert(not(m.msr->packages[0].base.known));
	cr_assert(not(m.msr->packages[0].temperature.known));
	cr_assert(m.msr->cpus[0].tsc.reading.known);
	cr_assert(eq(u64, m.msr->node.errors.value, 0));
	set(&m, 0, 0x619, 1 << 16);
	poll(&m, 10);
	cr_assert(m.msr->packages[0].dram.reading.known);
	cr_assert(eq(u64, m.msr->packages[0].dram.reading.value, 1000000));
	stop(&m);
}

Test(machine, a_wrap_is_folded_and_a_reset_counted)
{
	struct machine m = start(make(SKYLAKE));
	const uint64_t joule = 1 << 14;

	set(&m, 0, 0x606, 0xa0e03);
	set(&m, 0, 0x611, (UINT64_C(1) << 32) - joule);
	poll(&m, 10);
	set(&m, 0, 0x611, 2 * joule);
	poll(&m, 10);
	cr_assert(eq(u64, m.msr->packages[0].energy.reading.value,
		((UINT64_C(1) << 18) + 2) * 1000000)); // 2^32 counts of 2^-14 J, and 2 J
	cr_assert(eq(u64, m.msr->node.resets.value, 0));
	set(&m, 0, 0x611, 1 * joule); // back by one joule: a wrap would have taken 262143 J in 10 s
	poll(&m, 10);
	set(&m, 0, 0x611, 4 * joule);
	poll(&m, 10);
	cr_assert(eq(
		u64, m.msr->packages[0].energy.reading.value, ((UINT64_C(1) << 18) + 5) * 1000000));
	cr_assert(eq(u64, m.msr->node.resets.value, 1));
	stop(&m);
}

Test(machine, several_wraps_between_two_fetches)
{
	struct machine m = make(ROME);
	uint64_t counted = 0;
	uint64_t first;

	set(&m, 0, 0xc0010299, 0xa1003);
	set(&m, 0, 0xc001029b, 1000);
	m = start(m);
	poll(&m, 10);
	first = m.msr->packages[0].energy.sum.total;
	for (int i = 0; i < 360; i++) { // one hour at 400 W: 22 wraps of 65536 J
		counted += 4000 << 16;
		set(&m, 0, 0xc001029b, (1000 + counted) & UINT32_MAX);
		poll(&m, 10);
	}
	cr_assert(eq(u64, m.msr->packages[0].energy.sum.total - first, UINT64_C(1440000) << 16));
	cr_assert(eq(u64, m.msr->node.late.value, 0));
	stop(&m);
}

Test(machine, amd_counts_each_core)
{
	struct machine m = make(ROME);

	for (unsigned cpu = 0; cpu < 4; cpu++) {
		set(&m, cpu, 0xc0010299, 0xa1003);
		set(&m, cpu, 0xc001029a, (cpu + 1) << 16);
	}
	m = start(m);
	poll(&m, 10);
	cr_assert(eq(sz, m.msr->n_planes, 4));
	for (unsigned i = 0; i < 4; i++)
		cr_assert(eq(u64, m.msr->planes[i].energy.reading.value, (i + 1) * 1000000));
	stop(&m);
}

Test(machine, effective_frequency_needs_two_polls_and_a_busy_cpu)
{
	struct machine m = make(SKYLAKE);

	set(&m, 0, 0xce, 20 << 8);
	for (unsigned cpu = 0; cpu < 2; cpu++) {
		set(&m, cpu, 0xe8, 1000);
		set(&m, cpu, 0xe7, 2000);
	}
	m = start(m);
	poll(&m, 10);
	cr_assert(eq(u64, m.msr->packages[0].base.value, 2000000));
	cr_assert(not(m.msr->cpus[0].effective.known));
	set(&m, 0, 0xe8, 1000 + 30000);
	set(&m, 0, 0xe7, 2000 + 20000);
	poll(&m, 1); // too soon after the last
	cr_assert(not(m.msr->cpus[0].effective.known));
	poll(&m, 9);
	cr_assert(m.msr->cpus[0].effective.known);
	cr_assert(eq(u64, m.msr->cpus[0].effective.value, 3000000));
	cr_assert(not(m.msr->cpus[1].effective.known)); // idle
	poll(&m, 10);
	cr_assert(not(m.msr->cpus[0].effective.known)); // idle since
	stop(&m);
}

Test(machine, another_cpu_takes_over_when_the_first_goes)
{
	struct machine m = make(SKYLAKE);
	char path[128];

	for (unsigned cpu = 0; cpu < 2; cpu++) {
		set(&m, cpu, 0x606, 0xa0e03);
		set(&m, cpu, 0x611, 1 << 14);
	}
	m = start(m);
	poll(&m, 10);
	(void)snprintf(path, sizeof(path), "%s/dev/cpu/0/msr.d", m.root);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	set(&m, 1, 0x611, 3 << 14);
	poll(&m, 10); // CPU 0 finds itself gone and hands over
	cr_assert(not(m.msr->cpus[0].tsc.reading.known));
	poll(&m, 10);
	cr_assert(m.msr->packages[0].energy.reading.known);
	cr_assert(eq(u64, m.msr->packages[0].energy.reading.value, 3000000));
	cr_assert(eq(u64, m.msr->node.errors.value, 0));
	put(&m, "5", "dev/cpu/0/msr.d/0x10"); // and back
	poll(&m, 10);
	cr_assert(m.msr->cpus[0].tsc.reading.known);
	stop(&m);
}

Test(machine, garbage_is_an_error_and_no_value)
{
	struct machine m = make(SKYLAKE);

	put(&m, "pudding", "dev/cpu/3/msr.d/0xe8");
	m = start(m);
	poll(&m, 10);
	cr_assert(not(m.msr->cpus[3].aperf.reading.known));
	cr_assert(eq(u64, m.msr->node.errors.value, 1));
	stop(&m);
}

Test(machine, a_lost_device_has_no_values)
{
	struct machine m = make(SKYLAKE);

	set(&m, 0, 0x606, 0xa0e03);
	set(&m, 0, 0x611, 1 << 14);
	m = start(m);
	poll(&m, 10);
	msr_lose(&m.msr->cpus[0]);
	cr_assert(not(m.msr->packages[0].energy.reading.known));
	cr_assert(not(m.msr->cpus[0].tsc.reading.known));
	cr_assert(m.msr->cpus[1].tsc.reading.known);
	poll(&m, 10);
	cr_assert(eq(u64, m.msr->packages[0].energy.reading.value, 1000000));
	stop(&m);
}

Test(machine, nothing_there_is_no_failure)
{
	struct machine m = {.root = "/tmp/jobsight-machine.XXXXXX", .now = SECOND};

	cr_assert(mkdtemp(m.root) != NULL);
	m = start(m);
	poll(&m, 10);
	cr_assert(eq(sz, m.msr->n_cpus, 0));
	cr_assert_str_eq(m.msr->node.model, "unknown");
	stop(&m);
}

Test(machine, an_unknown_vendor_is_left_alone)
{
	struct machine m = start(make("vendor_id: Else\ncpu family: 1\nmodel: 2\nstepping: 3\n"));

	poll(&m, 10);
	cr_assert(eq(sz, m.msr->n_cpus, 4));
	cr_assert(not(m.msr->cpus[0].tsc.reading.known));
	stop(&m);
}

Test(machine, dies_count_on_their_own_on_intel_only)
{
	static const struct {
		const char *cpuinfo;
		size_t packages;
		size_t planes;
	} cases[] = {{SKYLAKE, 4, 4}, {ROME, 2, 4}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct machine m = make(cases[i].cpuinfo);

		for (unsigned cpu = 0; cpu < 4; cpu++) {
			// One core in each die, with the same number: only the die tells them apart.
			put(&m, cpu % 2 ? "1" : "0", "sys/devices/system/cpu/cpu%u/topology/die_id",
				cpu);
			put(&m, "0", "sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
		}
		m = start(m);
		cr_assert(eq(sz, m.msr->n_packages, cases[i].packages));
		cr_assert(eq(sz, m.msr->n_planes, cases[i].planes));
		stop(&m);
	}
}

Test(machine, a_core_is_read_once_for_its_threads)
{
	struct machine m = make(SKYLAKE);

	for (unsigned cpu = 0; cpu < 4; cpu++) // two threads of one core in each package
		put(&m, "0", "sys/devices/system/cpu/cpu%u/topology/core_id", cpu);
	set(&m, 0, 0x3fd, 1000);
	set(&m, 1, 0x3fd, 9999);
	set(&m, 2, 0x3fd, 2000);
	m = start(m);
	cr_assert(eq(sz, m.msr->n_cores, 2));
	poll(&m, 10);
	cr_assert(eq(u64, m.msr->cores[0].c6.reading.value, 1000));
	cr_assert(eq(u64, m.msr->cores[1].c6.reading.value, 2000));
	cr_assert(not(m.msr->cores[0].c1.reading.known)); // not of this model
	stop(&m);
}

static int read_value(frame_reader *reader, size_t field, const void *record, uint64_t *ret)
{
	const struct frame_metric metric = {.field = field};
	pmAtomValue value = {0};
	int rc = reader(&metric, record, &value);

	*ret = value.ull;
	return rc;
}

Test(machine, parts_of_registers)
{
	struct machine m = make(SKYLAKE);
	const struct msr_core *core;
	const struct msr_package *k;
	uint64_t value;

	set(&m, 0, 0x1a2, 100 << 16);
	set(&m, 0, 0x19c, UINT64_C(1) << 31 | 30 << 16 | 0x8001);
	set(&m, 0, 0x64f, 0x80010002);
	set(&m, 0, 0x620, 0x0c18);
	m = start(m);
	poll(&m, 10);
	core = &m.msr->cores[0];
	k = &m.msr->packages[0];
#define READ(reader, record, field) \
	cr_assert(eq(int, read_value(reader, field, record, &value), PMDA_FETCH_STATIC))
	READ(msr_read_core_temperature, core, 0);
	cr_assert(eq(u64, value, 70));
	READ(msr_read_present, core, offsetof(struct msr_core, thermal_status));
	cr_assert(eq(u64, value, 1));
	READ(msr_read_log, core, offsetof(struct msr_core, thermal_status));
	cr_assert(eq(u64, value, 128));
	READ(msr_read_low_half, k, offsetof(struct msr_package, limit_cores));
	cr_assert(eq(u64, value, 2));
	READ(msr_read_high_half, k, offsetof(struct msr_package, limit_cores));
	cr_assert(eq(u64, value, 0x8001));
	READ(msr_read_ratio, k, offsetof(struct msr_package, uncore_limits));
	cr_assert(eq(u64, value, 2400000));
	READ(msr_read_second_ratio, k, offsetof(struct msr_package, uncore_limits));
	cr_assert(eq(u64, value, 1200000));
	set(&m, 0, 0x19c, 30 << 16); // not valid
	poll(&m, 10);
	cr_assert(eq(
		int, read_value(msr_read_core_temperature, 0, core, &value), PMDA_FETCH_NOVALUES));
	stop(&m);
}

Test(machine, time_held_down_wraps_and_needs_its_unit)
{
	struct machine m = make(SKYLAKE);

	set(&m, 0, 0x613, UINT32_MAX - 1023);
	m = start(m);
	poll(&m, 10);
	cr_assert(not(m.msr->packages[0].throttled.reading.known));
	set(&m, 0, 0x606, 0xa0e03);
	poll(&m, 10);
	cr_assert(eq(u64, m.msr->packages[0].throttled.reading.value, 4194303000000));
	set(&m, 0, 0x613, 1024);
	poll(&m, 10);
	cr_assert(eq(u64, m.msr->packages[0].throttled.reading.value, 4194305000000));
	cr_assert(eq(u64, m.msr->node.resets.value, 0));
	stop(&m);
}

Test(machine, meters_of_the_firmware)
{
	struct machine m = make(SKYLAKE);
	struct msr_meter *meter;

	put(&m, "power_meter\n", "sys/class/hwmon/hwmon4/name");
	put(&m, "Total \"Power\" {x}\n", "sys/class/hwmon/hwmon4/power1_label");
	put(&m, "power_meter\n", "sys/class/hwmon/hwmon5/device/name");
	put(&m, "Total Power  x\n", "sys/class/hwmon/hwmon5/device/power1_oem_info");
	put(&m, "700000000\n", "sys/class/hwmon/hwmon4/power1_average");
	m = start(m);
	cr_assert(eq(sz, m.msr->n_meters, 2));
	meter = &m.msr->meters[0];
	cr_assert(eq(str, meter->name, (char *)"total-power-x"));
	cr_assert(eq(str, m.msr->meters[1].name, (char *)"meter5")); // the name is taken
	for (unsigned s = 0; s <= 86400; s += 30) {
		msr_meter_sample(meter, ALL);
		msr_meter_publish(meter, ALL, SECOND + s * SECOND);
	}
	cr_assert(eq(u64, meter->power.value, 700000));
	cr_assert(eq(u64, meter->energy.value, UINT64_C(700) * 86400 * 1000));
	msr_meter_sample(&m.msr->meters[1], ALL); // no file
	msr_meter_publish(&m.msr->meters[1], ALL, SECOND);
	cr_assert(not(m.msr->meters[1].power.known));
	put(&m, "-5\n", "sys/class/hwmon/hwmon4/power1_average");
	msr_meter_sample(meter, ALL);
	msr_meter_publish(meter, ALL, SECOND);
	cr_assert(not(meter->power.known));
	stop(&m);
}

Test(machine, meters_of_a_cray)
{
	struct machine m = make(SKYLAKE);
	struct msr_meter *node;
	struct msr_meter *card;

	put(&m, "345 W 1700000000123456 us\n", "sys/cray/pm_counters/power");
	put(&m, "1000 J 1700000000123456 us\n", "sys/cray/pm_counters/energy");
	put(&m, "500 W 1700000000123456 us\n", "sys/cray/pm_counters/accel3_power");
	m = start(m);
	cr_assert(eq(sz, m.msr->n_meters, 2));
	node = &m.msr->meters[0];
	card = &m.msr->meters[1];
	cr_assert(eq(str, node->name, (char *)"node"));
	cr_assert(eq(str, card->name, (char *)"accel3"));
	msr_meter_sample(node, ALL);
	msr_meter_publish(node, ALL, SECOND);
	cr_assert(eq(u64, node->power.value, 345000));
	put(&m, "4500 J 1700000010123456 us\n", "sys/cray/pm_counters/energy");
	msr_meter_sample(node, ALL);
	msr_meter_publish(node, ALL, 11 * SECOND);
	cr_assert(eq(u64, node->energy.value, 3500000));
	put(&m, "7 J 1700000020123456 us\n", "sys/cray/pm_counters/energy"); // it began anew
	msr_meter_sample(node, ALL);
	msr_meter_publish(node, ALL, 21 * SECOND);
	put(&m, "12 J 1700000030123456 us\n", "sys/cray/pm_counters/energy");
	msr_meter_sample(node, ALL);
	msr_meter_publish(node, ALL, 31 * SECOND);
	cr_assert(eq(u64, node->energy.value, 3505000));
	put(&m, "12 Joule\n", "sys/cray/pm_counters/energy"); // nobody's unit
	msr_meter_sample(node, ALL);
	msr_meter_publish(node, ALL, 41 * SECOND);
	cr_assert(not(node->energy.known));
	msr_meter_sample(card, ALL);
	msr_meter_publish(card, ALL, SECOND);
	cr_assert(card->power.known && !card->energy.known); // it has no file of that
	stop(&m);
}
